"""Replay labelled articles through the real store and engine, and write which story each one ended in.

    python bench/stories.py --articles FILE.jsonl --out PREDICTED.jsonl [--config FILE] [--seed N]

The articles arrive on a simulated clock in order of publication, in polls of 50 at most, each from a feed of its
source; a poll covers an hour of publication at most, as real ones do (--poll-hours 0: whatever lies between fifty
articles). A file with an undated article is replayed undated, in the order of sha256(id), within one simulated hour.
After every poll the new articles are kept, encoded and regrouped as the worker does it, in a temporary database.
Labels are not read. --seed shuffles the articles inside each poll.

Prints what it took and how steady the stories were: ids of stories with three publishers or more that vanished
without leading anywhere, and the share of articles that changed their story, per simulated day.
"""

import argparse
import json
import random
import re
import resource
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that `python bench/stories.py` finds the rooms beside it

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine

from aggregator import arrivals, pipeline
from aggregator.config import Settings, load_settings
from aggregator.encode import Encoder, load_encoder
from aggregator.models.entries import Entry
from aggregator.models.subscribing import Subscription
from aggregator.parse.urls import canonical_url, registrable_domain
from aggregator.store import feeds, keeping
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.known import known
from bench.labelled import POLL_SPAN, Piece, polls, read_pieces
from bench.remembered import Remembered
from bench.steadiness import Watch, placed

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Replayed:
    """What a replay came to."""

    stories: dict[str, int | None]
    """The story of each piece, by ids; None for one that was never grouped."""
    n_vanished: int
    """Ids of stories with three publishers or more that led nowhere after a later poll."""
    moved_a_day: float
    """Share of articles that changed their story, per simulated day."""


def main() -> None:
    """Read the arguments, replay, write the stories, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--poll-hours", type=float, default=POLL_SPAN / timedelta(hours=1))
    parser.add_argument("--window-days", type=int, help="instead of what the configuration says")
    parser.add_argument("--at-once", action="store_true", help="regroup once, when all are there: a full rebuild")
    parser.add_argument("--cache", type=Path, help="folder in which vectors are remembered from one replay to the next")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args()
    settings, pieces = load_settings(asked.config), read_pieces(asked.articles)
    if asked.window_days:
        settings = replace(settings, stories=replace(settings.stories, window_days=asked.window_days))
    encoder = None if settings.encode.model == "none" else load_encoder(settings.encode)
    remembered = Remembered(encoder, asked.cache) if encoder and asked.cache else None
    wall, cpu = perf_counter(), process_time()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(sqlite_url(Path(folder) / "replay.db"))
        span = timedelta(hours=asked.poll_hours) or timedelta.max
        arriving = shuffled(list(polls(pieces, span)), asked.seed)
        done = replay(engine, arriving, remembered or encoder, settings, at_once=asked.at_once)
        engine.dispose()
    spent = (perf_counter() - wall, process_time() - cpu)
    if remembered:
        remembered.keep()
    lines = [json.dumps({"id": piece_id, "story": story}) for piece_id, story in done.stories.items()]
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(_report(done, len(pieces), *spent, as_json=asked.json))


def shuffled(arriving: Sequence[list[Piece]], seed: int | None) -> list[list[Piece]]:
    """Return the polls with the articles inside each in another order; in their own without a seed."""
    if seed is None:
        return list(arriving)
    chance = random.Random(seed)
    return [chance.sample(poll, len(poll)) for poll in arriving]


def replay(
    engine: Engine,
    arriving: Sequence[Sequence[Piece]],
    encoder: Encoder | None,
    settings: Settings,
    *,
    at_once: bool = False,
) -> Replayed:
    """Return what became of the pieces after all went down the straight line poll by poll.

    `at_once` regroups only after the last poll.
    """
    kept: dict[str, int] = {}
    watch, desk = Watch(), None
    with Progress(console=Console(stderr=True), transient=True) as progress:
        replaying = progress.add_task("Replay", total=sum(map(len, arriving)))
        for number, poll in enumerate(arriving, start=1):
            now = max(piece.published_at for piece in poll)
            kept |= keep(engine, poll, now=now)
            if encoder:
                for _ in pipeline.encode_missing(engine, encoder, settings, now=now):
                    pass
            if number == len(arriving) or not at_once:
                name = encoder.name if encoder else None
                desk = pipeline.regroup(engine, name, settings.stories, now=now, desk=desk).desk
                watch = watch.after(placed(engine))
            progress.advance(replaying, len(poll))
    days = max((now - max(piece.published_at for piece in arriving[0])) / DAY, 1.0) if arriving else 1.0
    story_of = watch.last.story_of
    return Replayed(
        stories={piece_id: story_of.get(article_id) for piece_id, article_id in kept.items()},
        n_vanished=watch.n_vanished,
        moved_a_day=watch.n_moved / max(len(story_of), 1) / days,
    )


def keep(engine: Engine, poll: Sequence[Piece], *, now: datetime) -> dict[str, int]:
    """Keep a poll's articles, each as an entry of its source's feed; return {piece id: article id}."""
    by_source: dict[str, list[Piece]] = defaultdict(list)
    for piece in poll:
        by_source[piece.source].append(piece)
    found: dict[str, int] = {}
    with transaction(engine) as db:
        for source, pieces in by_source.items():
            feed_url = f"https://{re.sub('[^a-z0-9]+', '-', source.casefold()).strip('-') or 'unnamed'}.example/feed"
            outcome = feeds.subscribe(db, Subscription(feed_url=feed_url, title=source or None), now=now)
            feed = feeds.find_feed(db, outcome.feed_id or 0)
            entries = arrivals.distinct([_entry(piece) for piece in pieces], feed)
            brought = {feed.id: entries}
            arrived = arrivals.decide(entries, known(db, brought)[feed.id], feed, now=now)
            keeping.keep(db, {feed.id: arrived}, now=now)
            there = known(db, brought)[feed.id].by_guid
            found |= {piece.id: there[piece.id].article_id for piece in pieces}
    return found


def _entry(piece: Piece) -> Entry:
    return Entry(
        guid=piece.id,
        url=piece.url,
        canonical_url=canonical_url(piece.url),
        domain=registrable_domain(piece.url),
        title=piece.title,
        text=piece.text,
        published_at=piece.published_at,
        language=piece.language,
    )


def _report(done: Replayed, n_pieces: int, wall_s: float, cpu_s: float, *, as_json: bool) -> str:
    figures = {
        "articles": n_pieces,
        "stories": len(set(done.stories.values())),
        "s per 1,000": 1000 * wall_s / max(n_pieces, 1),
        "CPU s per 1,000": 1000 * cpu_s / max(n_pieces, 1),
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "vanished": done.n_vanished,
        "moved a day": done.moved_a_day,
    }
    if as_json:
        return json.dumps(figures)
    return (
        f"{figures['articles']} articles in {figures['stories']} stories: {figures['s per 1,000']:.1f} s per 1,000 "
        f"articles ({figures['CPU s per 1,000']:.1f} s CPU), {figures['MB']} MB at peak. Per simulated day "
        f"{done.moved_a_day:.1%} of the articles changed their story; {done.n_vanished} ids of stories with three "
        "publishers or more vanished."
    )


if __name__ == "__main__":
    main()
