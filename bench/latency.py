"""Measure how long a new article takes from its publisher's answer to its story's page.

    python -m bench.latency [--sets ../shared/data/stories] [--articles 2000] [--rounds 5] [--out bench/latency.md]

A loopback publisher serves real articles on forty hosts, a real `broadsheet run` with a temporary database polls and
groups them. Then, round after round, a new publisher's entry about a known story appears in its feed; the time runs
from the answer that carries it until the story's page shows it. How often a feed is asked is left out: that is the
publisher's rhythm, fifteen minutes at the least.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import quote

from sqlalchemy import Engine

from aggregator.models.subscribing import Subscription
from aggregator.store import articles, feeds, settings, showing
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from bench.busy import IMPATIENT
from tests.server import Ask, Page, Site

HOSTS = tuple(f"127.0.2.{n}" for n in range(1, 41))
LATE_HOST = "127.0.3.1"
WAIT_S = 1_200.0
"""For the window to be grouped, and for one article, before giving up."""

CONFIG = f"{IMPATIENT}\n[web]\nport = {{port}}\n"


@dataclass(frozen=True)
class Piece:
    """An article as its feed gives it."""

    title: str
    text: str
    path: str


class Press:
    """Feeds of these pieces on many hosts, and one more that begins empty; notes when that one's news went out."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.late: list[Piece] = []
        self.sent_at: dict[str, float] = {}
        shares = {f"/{n}.xml": list(pieces[n :: len(HOSTS)]) for n in range(len(HOSTS))}
        self.site = Site(
            {
                **{path: _rss(f"paper-{n}", share) for n, (path, share) in enumerate(shares.items())},
                "/late.xml": self._late,
            },
            hosts=(*HOSTS, LATE_HOST),
        )

    @property
    def urls(self) -> list[str]:
        """The feeds' addresses."""
        return [self.site.at(f"/{n}.xml", host) for n, host in enumerate(HOSTS)] + [
            self.site.at("/late.xml", LATE_HOST)
        ]

    def _late(self, _: Ask) -> Page:
        for piece in self.late:
            self.sent_at.setdefault(piece.title, time.monotonic())
        return _rss("late", self.late)


def main() -> None:
    """Read the arguments, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=Path, default=Path(__file__).parents[2] / "shared/data/stories")
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not asked.sets.is_dir():
        sys.exit(f"{asked.sets} is not there; name a folder of labelled sets with --sets.")
    pieces = read_pieces(asked.sets)[: asked.articles]
    with tempfile.TemporaryDirectory() as folder:
        first_s, seconds = measure(pieces, asked.rounds, Path(folder))
    table = as_markdown(len(pieces), first_s, seconds)
    print(table)
    if asked.out:
        asked.out.write_text(f"# From fetched to its story's page\n\n`python -m bench.latency`\n\n{table}", "utf-8")


def read_pieces(sets: Path) -> list[Piece]:
    """Return real articles with a title and a text, each title once."""
    found: dict[str, Piece] = {}
    for file in sorted(sets.glob("*/articles.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            title, text = row.get("title") or "", row.get("text") or ""
            if title and text:
                found.setdefault(title, Piece(title, text, f"/{quote(row['id'])}"))
    return list(found.values())


def measure(pieces: Sequence[Piece], rounds: int, folder: Path) -> tuple[float, list[float]]:
    """Return the seconds until the whole window was grouped, and those of each late article."""
    press = Press(pieces)
    engine = open_database(sqlite_url(folder / "news.db"))
    with press.site, running(folder) as port:
        started = time.monotonic()
        with transaction(engine) as db:
            for url in press.urls:
                feeds.subscribe(db, Subscription(feed_url=url), now=datetime.now(UTC))
        _until(lambda: _is_settled(engine, len(pieces)))
        first_s = time.monotonic() - started
        seconds = [_one(engine, press, port, number) for number in range(rounds)]
    engine.dispose()
    return first_s, seconds


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """Run Broadsheet on a database in this folder until the block ends; give its port."""
    with Site() as probe:
        port = probe.port
    config = folder / "config.toml"
    config.write_text(CONFIG.format(database=sqlite_url(folder / "news.db"), port=port), encoding="utf-8")
    command = [sys.executable, "-m", "aggregator.cli.main", "--config", str(config), "run"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def as_markdown(n_articles: int, first_s: float, seconds: Sequence[float]) -> str:
    """Return the figures as a table."""
    rows = [
        ("articles in the window", f"{n_articles:,}"),
        ("seconds until all of them were fetched, encoded and grouped, from an empty start", f"{first_s:.0f}"),
        ("seconds from a publisher's answer to the story's page, each", " / ".join(f"{s:.1f}" for s in seconds)),
        ("their median", f"{median(seconds):.1f}"),
        ("processes waiting for the two cores meanwhile (load average)", f"{os.getloadavg()[1]:.1f}"),
    ]
    return "\n".join(["| what | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]) + "\n"


def _one(engine: Engine, press: Press, port: int, number: int) -> float:
    """Publish a piece about one of the top stories; return the seconds until its page shows it."""
    now = datetime.now(UTC)
    with reading(engine) as db:
        cards = showing.front_page(db, since=now - timedelta(days=7), limit=20, now=now)
    card = cards[number % len(cards)]
    with reading(engine) as db:
        lead = articles.find_article(db, card.lead.id)
    title = f"{lead.title}: what is known, {number + 1}"
    press.late.append(Piece(title, f"{lead.text[:600]} Our own reporter was there.", f"/late/{number}"))
    _until(
        lambda: escape(title) in _page(port, f"/story/{card.id}").replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    )
    return time.monotonic() - press.sent_at[title]


def _is_settled(engine: Engine, n_articles: int) -> bool:
    with reading(engine) as db:
        progress = settings.progress(db, since=datetime.now(UTC) - timedelta(days=7))
    return progress.n_articles >= n_articles and progress.n_unencoded == progress.n_ungrouped == 0


def _page(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def _until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > give_up:
            sys.exit("It did not come within twenty minutes.")
        time.sleep(0.2)


def _rss(name: str, pieces: Sequence[Piece]) -> Page:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{escape(piece.title)}</title><link>http://{name}.example{piece.path}</link>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=place))}</pubDate>"
        f"<description>{escape(piece.text[:3000])}</description></item>"
        for place, piece in enumerate(pieces)
    )
    body = f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'
    return Page(body.encode(), headers={"Content-Type": "application/rss+xml"})


if __name__ == "__main__":
    main()
