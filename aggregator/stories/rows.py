"""The vectors of a window, a row for each article: its largest part, and hence changed in place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aggregator.errors import EncoderError
from aggregator.models.values import Halves, Vectors

SPARE = 10
"""One row of room for so many that are there: as many may come before the whole window is read anew."""

MOVED_AT_ONCE = 1_000
"""Rows that are copied before they are put where they go: 1.5 MB."""

PAIRS_AT_ONCE = 500
"""Pairs of rows that are multiplied at once: 1.5 MB, which the processor keeps near; 8,000 take twice as long."""


def rows_for(ids: Sequence[int], vector_ids: Sequence[int], vectors: Vectors | Halves | None) -> Vectors:
    """Return one unit row per article of `ids`, shape (n, dim); zero where it has no vector.

    Raises EncoderError where `vectors` is not one row of numbers for each of `vector_ids`.
    """
    if vectors is None or not len(vector_ids):
        return np.zeros((len(ids), 0), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(vector_ids):
        raise EncoderError(f"{len(vector_ids)} articles cannot have vectors of shape {vectors.shape}.")
    position = {article_id: row for row, article_id in enumerate(vector_ids)}
    found = np.array([position.get(article_id, -1) for article_id in ids], dtype=np.int64)
    chosen = _with_room(len(ids), vectors.shape[1])
    chosen[:] = vectors[found]
    chosen[(found < 0) | ~np.isfinite(chosen).all(axis=1)] = 0
    return unit(chosen)


def unit(vectors: Vectors) -> Vectors:
    """Return these rows at length one, in place."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.where(lengths > 0, lengths, 1)[:, np.newaxis]
    return vectors


def dots(vectors: Vectors, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the products of these rows with those, pair by pair: shape (pairs,)."""
    found = np.empty(len(left), dtype=np.float32)
    for at in range(0, len(left), PAIRS_AT_ONCE):
        some = slice(at, at + PAIRS_AT_ONCE)
        np.einsum("ij,ij->i", vectors[left[some]], vectors[right[some]], out=found[some])
    return found


def under(above: Vectors, below: Vectors) -> Vectors:
    """Return both, in the room behind `above` where there is enough; `above` is not to be used any more."""
    n, room = len(above) + len(below), _room_of(above)
    if len(room) < n:
        return np.concatenate([above, below])
    room[len(above) : n] = below
    return room[:n]


def moved_up(vectors: Vectors, rows: NDArray[np.int64]) -> Vectors:
    """Return these rows, given in order, at the beginning of the room of all, which are not to be used any more."""
    for at in range(0, len(rows), MOVED_AT_ONCE):
        some = rows[at : at + MOVED_AT_ONCE]
        vectors[at : at + len(some)] = vectors[some]
    return vectors[: len(rows)]


def _with_room(n: int, dim: int) -> Vectors:
    """Return n rows of nothing yet, with room behind them."""
    return np.empty((n + n // SPARE, dim), dtype=np.float32)[:n]


def _room_of(rows: Vectors) -> Vectors:
    """Return what these rows are the beginning of; themselves where they are of nothing."""
    room = rows.base
    if not isinstance(room, np.ndarray) or room.dtype != rows.dtype or room.strides != rows.strides:
        return rows
    return room if room.ctypes.data == rows.ctypes.data else rows
