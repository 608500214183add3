"""Serve every feed document of a folder over loopback, subscribe by OPML, poll it three times, and count.

    python -m bench.feeds [--feeds ../shared/data/feeds] [--out bench/feeds.md]

Counts what feedparser finds in each document against what is kept; entries that a document repeats word for word
are one entry. The second poll gets every document with a blank line added, so that all of it is parsed again, and
has to change nothing; the third gets the very same bytes.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

from sqlalchemy import Engine, text

from aggregator import refreshing
from aggregator.arrivals import distinct
from aggregator.config import FetchSettings, Settings
from aggregator.errors import ParseError
from aggregator.fetch.http import fetch_all
from aggregator.models.feeds import DueFeed
from aggregator.models.subscribing import Subscription
from aggregator.parse.feed import parse_feed
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.parse.sandbox import Parsers
from aggregator.refreshing import Refreshed, Tools
from aggregator.store import feeds, polling
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.subscribing import subscribe_all
from tests.server import Site
from web import create_app

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOSTS = tuple(f"127.0.1.{n}" for n in range(1, 26))
SETTINGS = Settings(fetch=FetchSettings(allowed_hosts=("127.0.0.0/8",), per_host=8, per_host_gap_s=0.0))
KEPT_TABLES = ("articles", "entries", "publishers", "feeds")


@dataclass(frozen=True)
class Outcome:
    """What polling the folder came to."""

    n_documents: int
    n_read: int
    """Documents that were understood."""
    n_found: int
    """Distinct entries that the documents hold."""
    n_kept: int
    n_articles: int
    failures: tuple[str, ...]
    changed_by_second: tuple[str, ...]
    """Tables that the second poll changed."""
    changed_by_third: tuple[str, ...]
    front_page_status: int
    seconds: tuple[float, ...]
    """Of each poll."""

    def as_markdown(self) -> str:
        """Return the figures as a table."""
        rows = [
            ("documents served", self.n_documents),
            ("understood", self.n_read),
            ("distinct entries in them", self.n_found),
            ("entries kept", self.n_kept),
            ("articles (entries that lead to one address are one)", self.n_articles),
            ("tables changed by a second poll of the same entries", ", ".join(self.changed_by_second) or "none"),
            ("tables changed by a third poll of the same bytes", ", ".join(self.changed_by_third) or "none"),
            ("front page answers", self.front_page_status),
            ("seconds of each poll", " / ".join(f"{seconds:.1f}" for seconds in self.seconds)),
        ]
        lines = ["| what | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
        told = [f"- {failure}" for failure in self.failures]
        return "\n".join([*lines, "", *(["Not understood:", "", *told] if told else [])]).rstrip() + "\n"


def poll_folder(documents: Sequence[Path], database: Path) -> Outcome:
    """Serve these documents, subscribe to them by OPML, poll them three times into the database, and count."""
    engine = open_database(sqlite_url(database))
    bodies = {f"/{quote(file.name)}": file.read_bytes() for file in documents}
    with ExitStack() as stack:
        site = stack.enter_context(Site(dict(bodies), hosts=HOSTS))
        parsers = stack.enter_context(Parsers(SETTINGS.parse))
        tools = Tools(fetch=partial(fetch_all, settings=SETTINGS.fetch), parse=parsers.parse)
        urls = {site.at(path, HOSTS[n % len(HOSTS)]): body for n, (path, body) in enumerate(bodies.items())}
        _subscribe(engine, list(urls))
        first, first_s = _poll(engine, tools, START)
        state = _state(engine)
        site.pages.update({path: body + b"\n" for path, body in bodies.items()})
        _, second_s = _poll(engine, tools, START + timedelta(hours=1))
        second_state = _state(engine)
        _, third_s = _poll(engine, tools, START + timedelta(hours=2))
        outcome = Outcome(
            n_documents=len(documents),
            n_read=sum(done.why is None for done in first),
            n_found=_count_distinct(engine, urls),
            n_kept=_count(engine, "entries"),
            n_articles=_count(engine, "articles"),
            failures=tuple(sorted(f"{Path(done.feed.feed_url).name}: {done.why}" for done in first if done.why)),
            changed_by_second=_differences(state, second_state),
            changed_by_third=_differences(second_state, _state(engine)),
            front_page_status=_front_page_status(engine),
            seconds=(first_s, second_s, third_s),
        )
    engine.dispose()
    return outcome


def _subscribe(engine: Engine, urls: Sequence[str]) -> None:
    document = write_opml([Subscription(feed_url=url) for url in urls], title="Real feeds")
    with transaction(engine) as db:
        list(subscribe_all(db, parse_opml(document), now=START))


def _poll(engine: Engine, tools: Tools, now: datetime) -> tuple[list[Refreshed], float]:
    started = perf_counter()
    with transaction(engine) as db:
        polling.check_now(db, None, now=now)
        due = polling.claim_due(db, now=now, limit=sys.maxsize, lease_s=300)
    done = list(refreshing.refresh(engine, due, tools, SETTINGS.poll, now=now))
    return done, perf_counter() - started


def _count_distinct(engine: Engine, bodies: dict[str, bytes]) -> int:
    with reading(engine) as db:
        lines = feeds.feed_lines(db)
    n_found = 0
    for line in lines:
        due = DueFeed(line.feed, line.poll)
        try:
            parsed = parse_feed(bodies[due.feed.feed_url], url=due.feed.feed_url, content_type=None)
        except ParseError:
            continue
        n_found += len(distinct(parsed.entries, due.feed))
    return n_found


def _count(engine: Engine, table: str) -> int:
    with reading(engine) as db:
        return int(db.execute(text(f"select count(*) from {table}")).scalar_one())


def _state(engine: Engine) -> dict[str, str]:
    with reading(engine) as db:
        rows = {table: db.execute(text(f"select * from {table} order by 1, 2")).all() for table in KEPT_TABLES}
    return {table: hashlib.sha256(repr(kept).encode()).hexdigest() for table, kept in rows.items()}


def _differences(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    return tuple(table for table in before if before[table] != after[table])


def _front_page_status(engine: Engine) -> int:
    app = create_app(engine, SETTINGS, clock=lambda: START + timedelta(hours=3))
    return app.test_client().get("/").status_code


def main() -> None:
    """Poll the folder and print or write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=Path, default=Path(__file__).parents[2] / "shared/data/feeds")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if not args.feeds.is_dir():
        sys.exit(f"{args.feeds} is not there; name a folder of feed documents with --feeds.")
    documents = sorted(file for file in args.feeds.iterdir() if file.name != "MANIFEST.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        table = poll_folder(documents, Path(folder) / "feeds.db").as_markdown()
    print(table)
    if args.out:
        args.out.write_text(
            f"# Real feeds through the whole ingest\n\n`python -m bench.feeds --out bench/feeds.md`\n\n{table}",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
