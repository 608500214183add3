"""Stop the worker for a while (SIGSTOP), as sleep does to a machine, and count what it does when it goes on.

python -m tests.chaos.nap [--minutes 10]
"""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.ledger import early_asks
from tests.chaos.publisher import Ask, Publisher
from tests.chaos.running import broadsheet, n_unchecked, now, open_with_feeds, running, write_config

N_FEEDS = 50
INTERVAL_S = 60.0
"""Every feed is checked as often as this, at least: it misses many checks, and makes up for one."""


def nap(folder: Path, *, seconds: float) -> list[Ask]:
    """Return what was asked once the worker went on, until each feed had its turn."""
    config, pause = write_config(folder, min_interval_s=INTERVAL_S), threading.Event()
    with Publisher(N_FEEDS, seed=1, faulty=0.0) as publisher:
        engine = open_with_feeds(folder, publisher)
        with running(broadsheet(config, "worker"), folder / "log") as worker:
            while n_unchecked(engine):
                pause.wait(0.2)
            worker.send_signal(signal.SIGSTOP)
            n_before, stopped_at = len(publisher.asks), now()
            pause.wait(seconds)
            worker.send_signal(signal.SIGCONT)
            while n_unchecked(engine, since=stopped_at):
                pause.wait(0.2)
            pause.wait(INTERVAL_S / 2)
            asked = publisher.asks[n_before:]
        engine.dispose()
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    """Nap as long as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="broadsheet-nap-") as folder:
        asked = nap(Path(folder), seconds=given.minutes * 60)
    n_feeds, again = len({ask.feed for ask in asked}), early_asks(asked, INTERVAL_S)
    print(f"After {given.minutes:g} minutes: {n_feeds} of {N_FEEDS} feeds asked, {len(again)} of them again too soon.")
    return 0 if n_feeds == N_FEEDS and not again else 1


if __name__ == "__main__":
    sys.exit(main())
