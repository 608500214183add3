"""Replay labelled articles, and count how ids fare: which vanish, which merge, how often articles change stories.

    python bench/identity.py ../shared/data/stories/*/articles.jsonl [--config FILE]

After every poll, the ids of the stories of three publishers or more are noted; at the end, each has to live on or lead
somewhere. Then the same articles are grouped at once in an empty database, and what both say of the last window is
compared (adjusted Rand index). Labels are not read.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that `python bench/identity.py` finds the rooms beside it

from sklearn.metrics import adjusted_rand_score
from sqlalchemy import Engine

from aggregator import pipeline
from aggregator.config import Settings, load_settings
from aggregator.encode import Encoder, load_encoder
from aggregator.models import Change, ChangeKind
from aggregator.store import articles, changes, stories
from aggregator.store.db import open_database, reading, sqlite_url
from aggregator.stories.desk import Desk
from bench.labelled import Piece, polls, read_pieces
from bench.stories import keep

N_PUBLISHERS = 3
"""From which a story's id is one that somebody may have kept."""


@dataclass(frozen=True, slots=True)
class Fared:
    """How the ids of one replay fared."""

    days: float
    n_seen: int
    n_merged: int
    n_vanished: int
    ledger: Sequence[Change]
    ari: float

    def __str__(self) -> str:
        n_of = Counter((change.kind, len(change.moved_ids) > 1) for change in self.ledger)
        counts = "  ".join(f"{kind} {n_of[kind, True]}+{n_of[kind, False]}" for kind in ChangeKind if kind != "apart")
        return (
            f"{self.days:7.1f} days  {self.n_seen:4} ids of {N_PUBLISHERS}+ publishers: {self.n_merged} merged, "
            f"{self.n_vanished} vanished  |  several+single articles: {counts}  |  live ~ rebuilt {self.ari:.3f}"
        )


def main() -> None:
    """Read the arguments, replay each file, and print how its ids fared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, nargs="+")
    parser.add_argument("--config", type=Path)
    asked = parser.parse_args()
    settings = load_settings(asked.config)
    encoder = None if settings.encode.model == "none" else load_encoder(settings.encode)
    for file in asked.articles:
        with tempfile.TemporaryDirectory() as folder:
            live, anew = (open_database(sqlite_url(Path(folder) / f"{name}.db")) for name in ("live", "anew"))
            print(f"{file.parent.name:22} {fared(live, anew, read_pieces(file), encoder, settings)}", flush=True)
            live.dispose()
            anew.dispose()


def fared(live: Engine, anew: Engine, pieces: Sequence[Piece], encoder: Encoder | None, settings: Settings) -> Fared:
    """Return how ids fare while the pieces arrive poll by poll, and how near that is to grouping them at once."""
    seen: set[int] = set()
    desk: Desk | None = None
    now = pieces[0].published_at
    for poll in polls(pieces):
        now = max(piece.published_at for piece in poll)
        keep(live, poll, now=now)
        keep(anew, poll, now=now)
        desk = _group(live, encoder, settings, now, desk)
        with reading(live) as db:
            cards = stories.front_page(
                db, since=pipeline.window_start(settings.stories, now=now), limit=10_000, min_publishers=N_PUBLISHERS
            )
        seen |= {card.id for card in cards}
    _group(anew, encoder, settings, now)
    with reading(live) as db:
        current = [stories.current_id(db, story_id) for story_id in seen]
        ledger = changes.latest(db, limit=1_000_000)
    return Fared(
        days=(pieces[-1].published_at - pieces[0].published_at).total_seconds() / 86_400,
        n_seen=len(seen),
        n_merged=sum(now_id not in (None, story_id) for now_id, story_id in zip(current, seen, strict=True)),
        n_vanished=current.count(None),
        ledger=ledger,
        ari=adjusted_rand_score(*_both(live, anew, settings, now)),
    )


def _group(
    engine: Engine, encoder: Encoder | None, settings: Settings, now: datetime, desk: Desk | None = None
) -> Desk:
    if encoder:
        for _ in pipeline.encode_missing(engine, encoder, settings, now=now):
            pass
    return pipeline.regroup(engine, encoder.name if encoder else None, settings.stories, now=now, desk=desk).desk


def _both(live: Engine, anew: Engine, settings: Settings, now: datetime) -> tuple[list[int], list[int]]:
    """Return the story of each article of the last window, as grouped poll by poll and at once."""
    since = pipeline.window_start(settings.stories, now=now)
    found = []
    for engine in (live, anew):
        with reading(engine) as db:
            lines = articles.river(db, limit=1_000_000)
        found.append({line.url or line.title: line.story_id or 0 for line in lines if line.published_at >= since})
    shared = sorted(found[0].keys() & found[1].keys())
    return [found[0][key] for key in shared], [found[1][key] for key in shared]


if __name__ == "__main__":
    main()
