"""Broadsheet as processes of its own, against the chaos publisher."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, func, select

from aggregator.models.subscribing import Subscription
from aggregator.store import feeds
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.store.schema import feeds as feed_rows
from aggregator.store.schema import polls
from tests.chaos.publisher import Publisher
from tests.server import free_port

ROOT = Path(__file__).parents[2]


def now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


def broadsheet(config: Path, *arguments: str) -> list[str]:
    """Return the command line of a command of Broadsheet's."""
    return [sys.executable, "-m", "aggregator.cli.main", "--config", str(config), *arguments]


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, what it says going to the end of a file; it is asked to end where it did not."""
    with log.open("ab") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.terminate()


def write_config(folder: Path, *, min_interval_s: float, model: str = "none", port: int = 0) -> Path:
    """Write a config.toml under which feeds are asked every few seconds; return where it is."""
    config = folder / "config.toml"
    config.write_text(
        f'[database]\nurl = "{sqlite_url(folder / "news.db")}"\n'
        '[fetch]\nallowed_hosts = ["127.0.0.0/8"]\n'
        f"[poll]\nmin_interval_s = {min_interval_s}\ndefault_interval_s = {2 * min_interval_s}\n"
        f"max_interval_s = {4 * min_interval_s}\n"
        f'[parse]\ntimeout_s = 3.0\n[encode]\nmodel = "{model}"\n[web]\nport = {port or free_port()}\n'
    )
    return config


def open_with_feeds(folder: Path, publisher: Publisher) -> Engine:
    """Return a database that is subscribed to all feeds of the publisher."""
    engine = open_database(sqlite_url(folder / "news.db"))
    with transaction(engine) as db:
        for url in publisher.urls():
            feeds.subscribe(db, Subscription(feed_url=url), now=now())
    return engine


def check_every_feed(config: Path, engine: Engine) -> None:
    """Ask each feed once, whatever it is waiting for."""
    with reading(engine) as db:
        ids = [str(line.feed.id) for line in feeds.feed_lines(db)]
    subprocess.run(broadsheet(config, "refresh", *ids), check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def n_unchecked(engine: Engine, *, since: datetime | None = None) -> int:
    """Return how many feeds that are not paused were not checked, or not since then."""
    unchecked = polls.c.checked_at.is_(None) if since is None else polls.c.checked_at < since
    question = select(func.count()).select_from(polls.join(feed_rows, feed_rows.c.id == polls.c.feed_id))
    with reading(engine) as db:
        return int(db.execute(question.where(unchecked, feed_rows.c.is_paused.is_(False))).scalar_one())
