"""Kill Broadsheet at random moments of polling, grouping and migrating, and hold what is left against what was served.

    python -m tests.chaos.kills [--kills 200] [--seed 1] [--out FILE]

A third of the kills each hit the worker while it polls, a regroup with a clean desk, and the migration of a database
of some older version. Between two kills the owner marks articles read. At the end every feed is asked once, and
everything that was ever in a good answer has to be there, once, with every mark. Exit status 1 where that is not so.
"""

import argparse
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection, Engine, NullPool, create_engine, select, update

from aggregator.config import Settings
from aggregator.models.pages import Progress
from aggregator.pipeline import window_start
from aggregator.store import reading as marks
from aggregator.store import settings as memory
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.store.migrate import VERSION_TABLE
from aggregator.store.schema import article_status, articles, feeds, polls
from tests.chaos.ledger import Verdict, judge
from tests.chaos.publisher import Publisher
from tests.chaos.running import ROOT, broadsheet, check_every_feed, now, open_with_feeds, running, write_config
from tests.old_databases import lost, make_old, released, rows, tables

MOMENTS = ("poll", "regroup", "migration")
POLL_FOR = 2.0
"""A worker is killed within so many times what its start took, counted from its first request: by then it reads, keeps
and groups, however busy the machine is."""
N_FEEDS = 60
GAPS_S = (20.0, 40.0)
N_SHOWN = 40
"""Often enough that there is news at each kill; what is under way then is still in its feed at the next check."""


@dataclass
class Toll:
    """What the kills came to."""

    n_kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    n_after: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MOMENTS, 0))
    """Of these, how many came when all was done already."""
    restarts_s: list[float] = field(default_factory=list)
    """From the start of a worker, after one was killed, to its first request."""
    broken: list[str] = field(default_factory=list)
    """What was found wrong right after a kill."""
    n_old: int = 0
    """Databases that a killed migration left as they were; the others it had brought up to date."""
    marked: set[int] = field(default_factory=set)
    n_lost_marks: int = 0
    progress: Progress | None = None
    verdict: Verdict | None = None

    def problems(self) -> list[str]:
        """Return what is not as it has to be, in words; nothing where all is well."""
        assert self.verdict
        assert self.progress
        checks = {
            f"lost {self.verdict.lost[:9]}, doubled {self.verdict.doubled[:9]}": self.verdict.is_good,
            f"broken after a kill: {self.broken[:3]}": not self.broken,
            f"{self.n_lost_marks} marks are lost": not self.n_lost_marks,
            f"{self.progress.n_ungrouped} articles are in no story": not self.progress.n_ungrouped,
        }
        return [what for what, is_well in checks.items() if not is_well]


def kill_often(folder: Path, *, n_kills: int, seed: int) -> Toll:
    """Kill so many times, then look at what is left."""
    toll, chance = Toll(), random.Random(seed)
    config = write_config(folder, min_interval_s=2.0)
    with Publisher(N_FEEDS, seed=seed, faulty=0.15, gaps_s=GAPS_S, n_shown=N_SHOWN) as publisher:
        engine = open_with_feeds(folder, publisher)
        killer = _Killer(folder, config, engine, publisher, chance, toll)
        for n in range(n_kills):
            killer.kill(MOMENTS[n % len(MOMENTS)])
            killer.mark_some()
        publisher.calm()
        check_every_feed(config, engine)
        subprocess.run(broadsheet(config, "regroup"), check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        toll.verdict = judge(engine, publisher.tokens_served())
    with reading(engine) as db:
        toll.progress = memory.progress(db, since=window_start(Settings().stories, now=now()))
        toll.n_lost_marks = len(toll.marked - _read(db))
    engine.dispose()
    return toll


class _Killer:
    def __init__(
        self, folder: Path, config: Path, engine: Engine, publisher: Publisher, chance: random.Random, toll: Toll
    ) -> None:
        self._folder = folder
        self._config = config
        self._engine = engine
        self._publisher = publisher
        self._chance = chance
        self._toll = toll
        self._took_s = {"regroup": 1.0, "migration": 0.3}

    def kill(self, moment: str) -> None:
        """Kill at such a moment, and see that the database is whole."""
        self._toll.n_kills[moment] += 1
        {"poll": self._kill_worker, "regroup": self._kill_regroup, "migration": self._kill_migration}[moment]()
        with reading(self._engine) as db:
            self._see(db, moment)

    def mark_some(self) -> None:
        """Mark some articles read, as their owner would."""
        with transaction(self._engine) as db:
            there = list(db.execute(select(articles.c.id)).scalars())
            some = self._chance.sample(there, min(5, len(there)))
            marks.mark_articles(db, some, is_read=True, now=now())
        self._toll.marked.update(some)

    def _kill_worker(self) -> None:
        self._let_time_pass()
        n_before, began_s = len(self._publisher.asks), monotonic()
        with running(broadsheet(self._config, "worker"), self._folder / "log") as worker:
            while len(self._publisher.asks) == n_before and worker.poll() is None:
                threading.Event().wait(0.01)
            self._toll.restarts_s.append(monotonic() - began_s)
            threading.Event().wait(self._chance.uniform(0, POLL_FOR * self._toll.restarts_s[-1]))
            worker.kill()

    def _let_time_pass(self) -> None:
        """Make every feed due, and half of them for a whole answer, as hours would; claims of the dead are over.

        The owner revives feeds that said they were gone: else what was under way at a kill would have left them before
        they are asked again, at the end.
        """
        with transaction(self._engine) as db:
            db.execute(update(feeds).values(is_paused=False))
            db.execute(update(polls).values(next_check_at=now(), claimed_until=None))
            half = update(polls).where(polls.c.feed_id % 2 == self._chance.randrange(2))
            db.execute(half.values(etag=None, last_modified=None, body_hash=None, items=None))

    def _kill_regroup(self) -> None:
        self._kill_victim("regroup", "regroup", sqlite_url(self._folder / "news.db"))

    def _kill_migration(self) -> None:
        revision = self._chance.choice(released()[:-1])
        path = self._folder / "old.db"
        before = self._old_database(revision, path)
        self._kill_victim("migration", "migrate", sqlite_url(path))
        with closing(sqlite3.connect(path)) as left:
            found = left.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0]
        if found not in (revision, released()[-1]):
            self._toll.broken.append(f"migration from {revision}: half-way, at {found}")
        self._toll.n_old += found == revision
        open_database(sqlite_url(path)).dispose()
        engine = create_engine(sqlite_url(path), poolclass=NullPool)
        with engine.connect() as db:
            gone = lost(before, rows(db, tables(db)))
            self._see(db, f"migration from {revision}")
        if gone:
            self._toll.broken.append(f"migration from {revision}: {gone[:3]}")

    def _old_database(self, revision: str, path: Path) -> dict[str, list[dict[str, object]]]:
        """Write a database of an older version, as its Broadsheet left it."""
        for old in path.parent.glob("old.db*"):
            old.unlink()
        engine = create_engine(sqlite_url(path), poolclass=NullPool)
        with engine.begin() as db:
            before = make_old(db, revision)
        with engine.connect() as db:
            db.exec_driver_sql("PRAGMA journal_mode = WAL")
        return before

    def _kill_victim(self, moment: str, work: str, url: str) -> None:
        command = [sys.executable, "-m", "tests.chaos.victim", work, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as victim:
            assert victim.stdout
            assert victim.stdout.readline() == "begun\n"
            began_s = monotonic()
            timer = threading.Timer(self._chance.uniform(0, self._took_s[moment]), victim.kill)
            timer.start()
            is_done = victim.stdout.readline() == "done\n"
            took_s = monotonic() - began_s
            timer.cancel()
        self._toll.n_after[moment] += is_done
        # the next one is aimed at what this one took, or a little further where it was cut short
        self._took_s[moment] = took_s if is_done else self._took_s[moment] * 1.5

    def _see(self, db: Connection, moment: str) -> None:
        found = db.exec_driver_sql("PRAGMA integrity_check").scalar()
        n_loose = len(db.exec_driver_sql("PRAGMA foreign_key_check").all())
        if found != "ok" or n_loose:
            self._toll.broken.append(f"{moment}: {found}, {n_loose} rows refer to nothing")


def _read(db: Connection) -> set[int]:
    return set(db.execute(select(article_status.c.article_id).where(article_status.c.read_at.is_not(None))).scalars())


def table(toll: Toll, seed: int) -> str:
    """Return the figures as a table."""
    assert toll.verdict
    kills = ", ".join(f"{n} during {moment}" for moment, n in toll.n_kills.items())
    late = ", ".join(f"{toll.n_after[moment]} of {moment}" for moment in MOMENTS[1:])
    restarts = sorted(toll.restarts_s)
    rows = {
        f"kills (seed {seed})": f"{sum(toll.n_kills.values())}: {kills}",
        "of these, came when all was done": late,
        "pieces in good answers": f"{toll.verdict.n_served:,}",
        "lost / doubled": f"{len(toll.verdict.lost)} / {len(toll.verdict.doubled)}",
        "databases found damaged after a kill": str(len(toll.broken)),
        "migrations undone / done after the kill": f"{toll.n_old} / {toll.n_kills['migration'] - toll.n_old}",
        "marks that the owner made / lost": f"{len(toll.marked)} / {toll.n_lost_marks}",
        "integrity at the end": toll.verdict.integrity,
        "from the start of a worker to its first request, median / slowest": (
            f"{statistics.median(restarts):.1f} / {restarts[-1]:.1f} s"
        ),
    }
    lines = [f"| {what} | {figure} |" for what, figure in rows.items()]
    return "\n".join(["| what | figure |", "|---|---|", *lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill as often as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="also write the figures to this file")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="broadsheet-kills-") as folder:
        toll = kill_often(Path(folder), n_kills=given.kills, seed=given.seed)
    print(table(toll, given.seed))
    if given.out:
        given.out.write_text(_PAGE.format(table=table(toll, given.seed)), encoding="utf-8")
    for problem in toll.problems():
        print(problem, file=sys.stderr)
    return 1 if toll.problems() else 0


_PAGE = """# Kills

`make kills` (`python -m tests.chaos.kills --out bench/kills.md`): SIGKILL at random moments, against the chaos
publisher with 15 % of its feeds faulty. Two cores, shared with the publisher.

{table}"""

if __name__ == "__main__":
    sys.exit(main())
