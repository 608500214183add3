"""A real worker beside the web, at work without a pause. For `bench/pages.py`.

    python -m bench.busy DATABASE

A publisher on loopback brings five articles a second in twenty feeds, each asked every three seconds, and
`broadsheet worker` polls, keeps, encodes, groups and digests them with the bundled model. The archive's vectors pass
for that model's: to make its own for the whole window, the worker would be away for many minutes first. The database is
changed by that, so give it a copy.
"""

import signal
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from sqlalchemy import update

from aggregator.config import EncodeSettings
from aggregator.encode import load_encoder
from aggregator.models.subscribing import Subscription
from aggregator.store import feeds
from aggregator.store import settings as memory
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.schema import encoders
from bench.archives import common_word
from tests.server import Ask, Page, Site

ROOT = Path(__file__).parents[1]
HOSTS = tuple(f"127.0.4.{n}" for n in range(1, 21))
PER_SECOND = 5
"""Articles: three hundred times as many as four hundred feeds bring."""
N_ENTRIES = 30
END_WITHIN_S = 10.0
IMPATIENT = """\
[database]
url = "{database}"

[fetch]
allowed_hosts = ["127.0.0.0/8"]

[poll]
min_interval_s = 3.0
max_interval_s = 3.0
default_interval_s = 3.0
"""
"""Settings of a worker that asks its feeds without a pause."""


def main() -> None:
    """Work until terminated."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = sqlite_url(Path(sys.argv[1]))
    began = datetime.now(UTC)
    common_word()  # its language is invented once, here: each of twenty hosts would do so by itself for a minute
    pages = {f"/{n}.xml": lambda ask, n=n: _feed(n, ask, began) for n in range(len(HOSTS))}
    with Site(pages, hosts=HOSTS) as site, tempfile.TemporaryDirectory() as scratch:
        _adopt(database, [site.at(f"/{n}.xml", host) for n, host in enumerate(HOSTS)])
        config = Path(scratch) / "config.toml"
        config.write_text(IMPATIENT.format(database=database), encoding="utf-8")
        command = [sys.executable, "-m", "aggregator.cli.main", "--config", str(config), "worker"]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True) as worker:
            stop.wait()
            worker.terminate()
            try:
                worker.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                worker.kill()  # amid a regroup; its database is a copy


def _adopt(database: str, urls: list[str]) -> None:
    """Subscribe to the feeds, and let the archive's vectors be those of the model that the worker runs."""
    name = load_encoder(EncodeSettings()).name
    engine = open_database(database)
    with transaction(engine) as db:
        db.execute(update(encoders).values(model=name.model, version=name.version, dim=name.dim))
        memory.remember_encoder(db, name)
        for url in urls:
            feeds.subscribe(db, Subscription(feed_url=url), now=datetime.now(UTC))
    engine.dispose()


def _feed(number: int, _: Ask, began: datetime) -> Page:
    """Return the feed with the newest of all that its publisher brought until now."""
    now = datetime.now(UTC)
    last = int((now - began).total_seconds() * PER_SECOND / len(HOSTS))
    items = "".join(_item(number, n, began) for n in range(max(0, last - N_ENTRIES), last))
    body = f'<rss version="2.0"><channel><title>The Courier {number}</title>{items}</channel></rss>'
    return Page(body.encode(), headers={"Content-Type": "application/rss+xml"})


def _item(number: int, n: int, began: datetime) -> str:
    """Return an entry; every fourth feed tells the same, so that there are stories."""
    words = [common_word(200 + (n * 131 + number % 5 * 17 + place * 7) % 9_000) for place in range(120)]
    at = format_datetime(began + timedelta(seconds=n * len(HOSTS) / PER_SECOND))
    url = f"http://courier{number}.example/{began:%H%M%S}-{n}"
    title, text = " ".join(words[:9]), ". ".join(" ".join(words[at_ : at_ + 14]) for at_ in range(9, 120, 14))
    return (
        f"<item><title>{title}</title><link>{url}</link><pubDate>{at}</pubDate><description>{text}</description></item>"
    )


if __name__ == "__main__":
    main()
