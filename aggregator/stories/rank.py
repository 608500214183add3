"""How high a story stands: a product of terms that the page can show. Pure."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

ORIGINS_POWER = 0.8
"""Ten independent origins count for six, not for ten: after the first few, more say little more."""

VELOCITY_HOURS = 6.0
"""Span that counts as just now."""

AGE_POWER = 1.2
AGE_OFFSET_HOURS = 2.0
"""A story loses half its standing in its first two hours without news and nine tenths within a day."""


def rank_terms(
    *, n_origins: int, n_publishers: int, scores: Sequence[float], published_at: Sequence[datetime], now: datetime
) -> Mapping[str, float]:
    """Return the factors of a story's rank, by name, each above 0.

    origins: who did their own reporting; velocity: 1..2, the share of its articles that are just out; diversity: 0..1,
    publishers per article; cohesion: 0..1, how near its members are to each other; freshness: 0..1, by the latest.
    """
    recent = sum(now - at <= timedelta(hours=VELOCITY_HOURS) for at in published_at)
    hours = max((now - max(published_at)).total_seconds() / 3600, 0)
    return {
        "origins": n_origins**ORIGINS_POWER,
        "velocity": 1 + recent / len(published_at),
        "diversity": math.sqrt(n_publishers / len(published_at)),
        "cohesion": max(sum(scores) / len(scores), 0.01),
        "freshness": (AGE_OFFSET_HOURS / (hours + AGE_OFFSET_HOURS)) ** AGE_POWER,
    }


def rank(terms: Mapping[str, float]) -> float:
    """Return the product of the terms."""
    return math.prod(terms.values())
