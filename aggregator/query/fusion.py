"""Several ranked lists -> one. Pure."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

DAMPING = 60
"""How little the first places of a list tower over the next: Cormack, Clarke & Büttcher 2009, "Reciprocal rank fusion
outperforms Condorcet and individual rank learning methods", where 60 was best of what they tried."""


def fused(lists: Iterable[Sequence[Item]]) -> dict[Item, float]:
    """Return a score for everything that is in any list: the sum of 1 / (60 + its place) over the lists it is in."""
    scores: dict[Item, float] = {}
    for ranked in lists:
        for place, item in enumerate(dict.fromkeys(ranked), start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (DAMPING + place)
    return scores
