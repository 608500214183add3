"""Measure a great subscription list on its whole way in and out, by command and by page, and count 160 others.

    python -m bench.opml [--lists ../shared/data/opml] [--out bench/opml.md]

Each step runs on its own; wall and CPU seconds are of this process. The page is asked through the application itself.
"""

import argparse
import io
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.errors import OpmlError
from aggregator.models.subscribing import ImportResult
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.store import feeds
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.subscribing import subscribe_all
from web import create_app

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Figures:
    """What was measured, in the order in which it was."""

    rows: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure what happens in the block."""
        wall, cpu = perf_counter(), process_time()
        yield
        self.rows.append((name, f"{perf_counter() - wall:.2f} s, CPU {process_time() - cpu:.2f} s"))

    def say(self, name: str, figure: object) -> None:
        """Note a count."""
        self.rows.append((name, f"{figure:,}" if isinstance(figure, int) else str(figure)))

    def as_markdown(self) -> str:
        """Return the figures as a table."""
        return "\n".join(["| what | figure |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in self.rows)])


def by_command(figures: Figures, document: bytes, engine: Engine) -> bytes:
    """Import, import again and export, as the command line does; return the export."""
    with figures.timed("read"):
        wanted = parse_opml(document)
    with figures.timed("subscribe"), transaction(engine) as db:
        outcomes = list(subscribe_all(db, wanted, now=NOW))
    for result in ImportResult:
        figures.say(f"outcomes: {result}", sum(each.result is result for each in outcomes))
    with figures.timed("export"), reading(engine) as db:
        exported = write_opml(feeds.subscriptions(db), title="Broadsheet")
    with figures.timed("import again"), transaction(engine) as db:
        again = list(subscribe_all(db, parse_opml(document), now=NOW))
    figures.say("outcomes of that: added", sum(each.result is ImportResult.ADDED for each in again))
    with reading(engine) as db:
        is_same = write_opml(feeds.subscriptions(db), title="Broadsheet") == exported
    figures.say("the export after it", "the same bytes" if is_same else "DIFFERS")
    return exported


def by_page(figures: Figures, document: bytes, client: FlaskClient) -> bytes:
    """Upload, look at and import the list, as a browser does; return the export."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/keys").get_data(as_text=True))
    token = found[1] if found else ""
    with figures.timed("upload"):
        upload = {"csrf_token": token, "opml": (io.BytesIO(document), "list.opml")}
        place = client.post("/import", data=upload).location
    with figures.timed("show"):
        shown = client.get(place)
    figures.say("bytes of the page that shows it", len(shown.data))
    with figures.timed("import"):
        client.post(f"{place}/feeds", data={"csrf_token": token})
    figures.say("feeds done", client.get(f"{place}.json").get_json()["n_done"])
    with figures.timed("list of feeds"):
        listed = client.get("/feeds")
    figures.say("bytes of the list of feeds", len(listed.data))
    with figures.timed("list of feeds, by trouble"):
        client.get("/feeds?sort=problem")
    with figures.timed("export"):
        return client.get("/export.opml").data


def others(figures: Figures, lists: Path) -> None:
    """Read every list, and count feeds and refusals."""
    n_lists = n_feeds = 0
    refused: list[str] = []
    with figures.timed("read every list"):
        for path in sorted(lists.glob("*.opml")):
            n_lists += 1
            try:
                n_feeds += len(parse_opml(path.read_bytes()))
            except OpmlError as error:
                refused.append(str(error))
    figures.say("lists", n_lists)
    figures.say("feeds in them", n_feeds)
    figures.say("refused, in words", "; ".join(sorted(set(refused))) or "none")


def main(lists: Path) -> str:
    """Return the figures of all of it."""
    document = (lists / "kite_all.opml").read_bytes()
    parts: list[tuple[str, Figures]] = []
    with tempfile.TemporaryDirectory() as scratch:

        def fresh(name: str) -> Engine:
            return open_database(sqlite_url(Path(scratch) / f"{name}.db"))

        def add(title: str, measure: Callable[[Figures], object]) -> object:
            parts.append((title, Figures()))
            return measure(parts[-1][1])

        one, two, three = fresh("one"), fresh("two"), fresh("three")
        exported = add("By command", lambda figures: by_command(figures, document, one))
        app = create_app(two, Settings(), clock=lambda: NOW)
        paged = add("By page", lambda figures: by_page(figures, document, app.test_client()))
        with transaction(three) as db:
            list(subscribe_all(db, parse_opml(bytes(exported)), now=NOW))  # type: ignore[call-overload]
            returned = write_opml(feeds.subscriptions(db), title="Broadsheet")
        is_same = exported == paged == returned
        parts[-1][1].say("export of both, and export → import → export", "the same bytes" if is_same else "DIFFERS")
        add("Every collected list", lambda figures: others(figures, lists))
        for engine in (one, two, three):
            engine.dispose()
    return "\n\n".join(f"## {title}\n\n{figures.as_markdown()}" for title, figures in parts) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=Path, default=Path("../shared/data/opml"))
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if not arguments.lists.exists():
        sys.exit(f"{arguments.lists} is not here.")
    told = main(arguments.lists)
    sys.stdout.write(told)
    if arguments.out:
        arguments.out.write_text(
            f"# A list of 10,104 feeds in and out\n\n`python -m bench.opml --out bench/opml.md`\n\n{told}"
        )
