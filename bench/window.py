"""Build windows of 10,000 and 50,000 articles, and measure what regrouping them costs.

    python -m bench.window [--sizes 10000 50000] [--archive 0] [--cache FOLDER] [--out bench/window.md]

The articles are those of bench/worlds.py, in a real database on disk; what is real of them was encoded by the bundled
model, and is remembered in the cache. Each case runs in a process of its own: from nothing (a restart), then again
with nothing new, then after 500 articles more that came within the window's pace; the model, where it is loaded, has
encoded their texts before. Its environment is what the supervisor gives a worker. CPU counts all threads; peaks are of
resident memory. --archive puts so many older articles, with vectors and stories, behind the window.
"""

import argparse
import multiprocessing
import os
import pickle
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection, Engine, event, text

from aggregator import heap, pipeline
from aggregator.config import EncodeSettings, Settings
from aggregator.encode import Encoder, load_encoder, text_to_encode
from aggregator.models.encoders import EncoderName
from aggregator.models.values import Vectors
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.stories.desk import Desk
from aggregator.supervise import FEW_SHAPES, ONE_HEAP
from bench.labelled import Piece
from bench.remembered import Remembered
from bench.stories import keep
from bench.worlds import Invented, InWorlds, Told, invent, read_real

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared/data"
NEW = 500
"""Articles of the regroup that counts: they come last, as the window's own pace brings them."""

SETTINGS = Settings(encode=EncodeSettings(threads=1))
KEPT_AT_ONCE = 1000
DATABASE, LATE = "window.db", "late.pickle"
"""What lies in a case's folder: the window, and the NEW articles that are not in it yet."""

ARCHIVE_TEXT_CHARS = 300

ARCHIVE = """
INSERT INTO articles (key, feed_id, publisher_id, published_at, first_seen_at, language, url, canonical_url, image_url,
    author, origin_name, origin_url, digest, title, text, content_html)
SELECT randomblob(32), feed_id, publisher_id, published_at - :older, first_seen_at - :older, language, url, NULL,
    image_url, author, origin_name, origin_url, digest, title, substr(text, 1, :chars), ''
FROM articles WHERE id <= :last ORDER BY id LIMIT :count;
INSERT INTO vectors (article_id, encoder_id, made_at, vector)
SELECT copy.id, vectors.encoder_id, vectors.made_at, vectors.vector
FROM articles AS copy JOIN vectors ON vectors.article_id = copy.id - :shift WHERE copy.id > :before;
INSERT INTO stories (founder_id, lead_id, n_articles, n_publishers, n_origins, first_at, last_at, rank, rank_terms,
    created_at)
SELECT id, id, 1, 1, 1, published_at, published_at, 0, '{}', published_at FROM articles WHERE id > :before;
INSERT INTO memberships (article_id, story_id, score, joined_at)
SELECT founder_id, id, 1, created_at FROM stories WHERE founder_id > :before
"""
"""A copy of the window, some weeks older, each article in a story of its own."""


Row = dict[str, Any]


@dataclass(frozen=True)
class Unloaded:
    """An encoder whose model is not there: what it is asked for has to be remembered."""

    name: EncoderName

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Refuse."""
        raise LookupError(f"{len(texts)} texts were not encoded beforehand.")


@dataclass(frozen=True)
class Working:
    """An encoder whose model works on every text, as in a worker; what it gives are the vectors that are remembered."""

    model: Encoder
    remembered: Remembered

    @property
    def name(self) -> EncoderName:
        """Which model this is."""
        return self.remembered.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (n, dim)."""
        self.model.encode(texts)
        return self.remembered.encode(texts)


def main() -> None:
    """Build, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories", type=Path, default=SHARED / "stories")
    parser.add_argument("--feeds", type=Path, default=SHARED / "feeds")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--archive", type=int, default=0, help="older articles behind the largest window")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "broadsheet-window")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if not (asked.stories.is_dir() and asked.feeds.is_dir()):
        sys.exit(f"{asked.stories} or {asked.feeds} is not there; name folders with --stories and --feeds.")
    os.environ |= ONE_HEAP | FEW_SHAPES | os.environ
    real = read_real(asked.stories, asked.feeds)
    cases = [(size, 0) for size in asked.sizes] + ([(max(asked.sizes), asked.archive)] if asked.archive else [])
    rows = [row for size, archive in cases for row in case(real, size, archive, asked.cache)]
    table = as_markdown(rows)
    print(table)
    if asked.out:
        asked.out.write_text(f"# The window\n\n{__doc__}\n{table}", encoding="utf-8")


def case(real: Sequence[Told], size: int, archive: int, cache: Path) -> Iterator[Row]:
    """Give the rows of one size of window: first with the model loaded, then without."""
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch), invent(real, size), cache, archive=archive)
        for has_model in (True, False):
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                rows = alone.apply(measure, (Path(scratch), has_model))
            for row in rows:
                yield {"window": size, "archive": archive, "model": "loaded" if has_model else "no", **row}
                print(row, file=sys.stderr)


def prepare(folder: Path, invented: Sequence[Invented], cache: Path, *, archive: int) -> None:
    """Make a database of all pieces but the last NEW, with their vectors; beside it those, and theirs."""
    pieces = [each.piece for each in invented]
    early, late = pieces[:-NEW], pieces[-NEW:]
    remembered = Remembered(load_encoder(SETTINGS.encode), cache)
    encoder = InWorlds(remembered, invented, _said)
    encoder_of_late = Remembered(encoder, folder)
    engine = open_database(sqlite_url(folder / DATABASE))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        keeping = progress.add_task(f"Keep {len(early)} articles", total=len(early))
        for start in range(0, len(early), KEPT_AT_ONCE):
            keep(engine, early[start : start + KEPT_AT_ONCE], now=early[-1].published_at)
            progress.advance(keeping, KEPT_AT_ONCE)
        encoding = progress.add_task("Encode", total=len(early))
        for n_encoded in pipeline.encode_missing(engine, encoder, SETTINGS, now=early[-1].published_at):
            progress.advance(encoding, n_encoded)
    remembered.keep()
    encoder_of_late.encode(list(map(_said, late)))
    encoder_of_late.keep()
    (folder / LATE).write_bytes(pickle.dumps((encoder.name, late)))
    _put_behind(engine, archive)
    engine.dispose()


def measure(folder: Path, has_model: bool) -> list[Row]:
    """Return what each regroup took, in this process: from nothing, with nothing new, and after NEW articles more."""
    name, late = pickle.loads((folder / LATE).read_bytes())
    database = shutil.copy(folder / DATABASE, folder / f"{has_model}.db")
    engine = open_database(sqlite_url(Path(database)))
    model = load_encoder(SETTINGS.encode) if has_model else Unloaded(name)
    encoder = Remembered(model, folder)
    before, now = late[0].published_at - timedelta(microseconds=1), late[-1].published_at
    first, desk = _regrouped(engine, name, "from nothing", now=before)
    again, desk = _regrouped(engine, name, "nothing new", now=before, desk=desk)
    keep(engine, late, now=now)
    working = Working(model, encoder) if has_model else encoder
    for _ in pipeline.encode_missing(engine, working, SETTINGS, now=now):
        pass
    more, _ = _regrouped(engine, name, f"{NEW} new", now=now, desk=desk)
    engine.dispose()
    return [first, again, more]


def _said(piece: Piece) -> str:
    return text_to_encode(piece.title, piece.text, SETTINGS.encode.max_chars)


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a table."""
    lines = [" | ".join(rows[0]), " | ".join("---" for _ in rows[0])]
    lines += [
        " | ".join(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()) for row in rows
    ]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _regrouped(
    engine: Engine, encoder: EncoderName, what: str, *, now: datetime, desk: Desk | None = None
) -> tuple[Row, Desk]:
    """Return what a regroup took and what came out, and what the next may go on from."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    with _database_work(engine) as database_s:
        wall, cpu = perf_counter(), process_time()
        done = pipeline.regroup(engine, encoder, SETTINGS.stories, now=now, desk=desk)
        heap.give_back()
        wall_s, cpu_s = perf_counter() - wall, process_time() - cpu
    with reading(engine) as db:
        largest, n_stories = db.execute(text("SELECT max(n_articles), count(*) FROM stories")).one()
    row = {
        "regroup": what,
        "wall s": wall_s,
        "CPU s": cpu_s,
        "CPU s reading": database_s["rollback"],
        "CPU s saving": database_s["commit"],
        "peak MB": int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) // 1024,
        "stories": n_stories,
        "largest": f"{100 * largest / done.n_articles:.2f} %",
    }
    return row, done.desk


@contextmanager
def _database_work(engine: Engine) -> Iterator[dict[str, float]]:
    """Give CPU seconds between the beginnings of transactions and their ends, by how they end: only saving commits."""
    spent, began = {"rollback": 0.0, "commit": 0.0}, [0.0]
    listeners: dict[str, Callable[[Connection], None]] = {
        "begin": lambda _: began.append(process_time()),
        "rollback": lambda _: spent.update(rollback=spent["rollback"] + process_time() - began[-1]),
        "commit": lambda _: spent.update(commit=spent["commit"] + process_time() - began[-1]),
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield spent
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def _put_behind(engine: Engine, count: int) -> None:
    """Put so many older articles behind the window, some weeks apart, with their vectors, each a story of its own."""
    with transaction(engine) as db:
        last = db.execute(text("SELECT max(id) FROM articles")).scalar_one()
        for weeks in range(2, 2 + -(-count // last)):
            before = db.execute(text("SELECT max(id) FROM articles")).scalar_one()
            values = {
                "older": timedelta(weeks=weeks) // timedelta(microseconds=1),
                "chars": ARCHIVE_TEXT_CHARS,
                "last": last,
                "before": before,
                "shift": before,
                "count": min(last, count - (weeks - 2) * last),
            }
            for statement in ARCHIVE.split(";"):
                db.execute(text(statement), values)


if __name__ == "__main__":
    main()
