"""Replay labelled articles through the real store and engine, and write which story each one ended in.

    python bench/stories.py --articles FILE.jsonl --out PREDICTED.jsonl [--config FILE] [--seed N]

The articles arrive in polls of 50 at most on a simulated clock, each from a feed of its source; after every poll the
new ones are kept, encoded and regrouped as the worker does it, in a temporary database. Labels are not read. --seed
shuffles the articles inside each poll. Prints seconds per 1,000 articles and peak memory.
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
from datetime import datetime
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that `python bench/stories.py` finds the rooms beside it

from sqlalchemy import Engine

from aggregator import arrivals, pipeline
from aggregator.config import Settings, load_settings
from aggregator.encode import Encoder, load_encoder
from aggregator.models import Entry, Subscription
from aggregator.parse.urls import canonical_url, registrable_domain
from aggregator.store import articles, feeds
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from bench.labelled import Piece, polls, read_pieces


def main() -> None:
    """Read the arguments, replay, write the stories, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    settings, pieces = load_settings(asked.config), read_pieces(asked.articles)
    encoder = None if settings.encode.model == "none" else load_encoder(settings.encode)
    start = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(sqlite_url(Path(folder) / "replay.db"))
        stories = replay(engine, pieces, encoder, settings, seed=asked.seed)
        engine.dispose()
    took_s = perf_counter() - start
    # a file may name an article twice; the scorer wants it once
    lines = [json.dumps({"id": piece_id, "story": story}) for piece_id, story in stories.items()]
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(pieces)} articles in {len(set(stories.values()))} stories: "
        f"{1000 * took_s / max(len(pieces), 1):.1f} s per 1,000 articles, {peak_mb:.0f} MB at peak."
    )


def replay(
    engine: Engine, pieces: Sequence[Piece], encoder: Encoder | None, settings: Settings, *, seed: int | None = None
) -> dict[str, int]:
    """Return the story of each piece, by ids, after all of them went down the straight line poll by poll."""
    kept: dict[str, int] = {}
    desk = None
    for poll in polls(pieces):
        if seed is not None:
            random.Random(seed).shuffle(poll)
        now = max(piece.published_at for piece in poll)
        kept |= keep(engine, poll, now=now)
        if encoder:
            for _ in pipeline.encode_missing(engine, encoder, settings, now=now):
                pass
        desk = pipeline.regroup(engine, encoder.name if encoder else None, settings.stories, now=now, desk=desk).desk
    with reading(engine) as db:
        story_of = {line.id: line.story_id for line in articles.lines_of(db, sorted(set(kept.values())))}
    return {piece_id: int(story_of[article_id] or 0) for piece_id, article_id in kept.items()}


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
            articles.keep(
                db, feed.id, arrivals.decide(entries, articles.known(db, feed.id, entries), feed, now=now), now=now
            )
            there = articles.known(db, feed.id, entries).by_guid
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


if __name__ == "__main__":
    main()
