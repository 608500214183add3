"""How high a story stands: a product of terms that the page can show. Pure.

Standing halves every few hours without news. As that is the same for all stories, their order changes only when one
of them does: what is stored is a logarithm that grows with the hour of the latest article, and no row is ever written
because time passes (Reddit's "hot" ranking is built so; Salihefendic 2010).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aggregator.models.stories import STANDING_HALF_LIFE

ORIGINS_POWER = 0.8
"""Ten independent origins count for six, not for ten: after the first few, more say little more."""

VELOCITY = timedelta(hours=6)
"""Span before the latest article in which others speak for a story on the move."""

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Where the hours are counted from."""


def rank_terms(
    *, n_origins: int, n_publishers: int, scores: Sequence[float], published_at: Sequence[datetime]
) -> Mapping[str, float]:
    """Return the factors of a story's rank that time does not change, by name, each above 0.

    origins: who did their own reporting; velocity: 1..2, the share of its articles that came with the latest;
    diversity: 0..1, publishers per article; cohesion: 0..1, how near its members are to each other.
    """
    latest = max(published_at)
    recent = sum(latest - at <= VELOCITY for at in published_at)
    return {
        "origins": n_origins**ORIGINS_POWER,
        "velocity": 1 + recent / len(published_at),
        "diversity": math.sqrt(n_publishers / len(published_at)),
        "cohesion": max(sum(scores) / len(scores), 0.01),
    }


def rank(terms: Mapping[str, float], *, last_at: datetime) -> float:
    """Return the logarithm, to base 2, of the product of the terms and of freshness, as of EPOCH."""
    return math.log2(math.prod(terms.values())) + (last_at - EPOCH) / STANDING_HALF_LIFE
