"""Which article speaks for its story. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Closeness = NDArray[np.float32]
"""Pair scores inside a cluster: shape (m, m), 0 on the diagonal."""

LEAD_MARGIN = 0.1
"""How much better, as a share, another article must be before the lead changes: headlines that flicker lose readers."""

UNREADABLE_WORTH = 0.5
"""What an article without a text, without a title or telling of many happenings counts beside one that has both."""


def lead(closeness: Closeness, is_readable: Sequence[bool], present: int | None = None) -> int:
    """Return the position of the article that is nearest to all others (the medoid), readable ones first.

    `closeness` has shape (m, m); `present` is the lead until now, kept unless another is better by LEAD_MARGIN.
    The first, so the earliest, wins a tie.
    """
    worth = _mean(closeness) * np.where(np.asarray(is_readable, dtype=bool), 1.0, UNREADABLE_WORTH)
    best = int(worth.argmax())
    return best if present is None or worth[best] > worth[present] * (1 + LEAD_MARGIN) else present


def _mean(closeness: Closeness) -> NDArray[np.float64]:
    if len(closeness) == 1:
        return np.ones(1)
    return np.asarray(closeness.sum(axis=1) / (len(closeness) - 1), dtype=np.float64)
