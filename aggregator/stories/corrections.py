"""What the owner said of stories, as constraints that hold through every run. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from aggregator.models.corrections import Correction, CorrectionKind

Rows = NDArray[np.int64]
"""Positions of articles, ascending: shape (k,)."""

Labels = NDArray[np.int64]
"""A cluster's number for each article: shape (n,)."""

Sides = tuple[Rows, Rows]
"""Two sets of articles that no story may hold one of each of."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """The owner's corrections, free of contradictions: must-links and cannot-links (Wagstaff et al. 2001)."""

    together: tuple[Rows, ...] = ()
    """Articles that belong to one story, two or more each; an article is in one of these at most."""
    apart: tuple[Sides, ...] = ()
    """The newest first; none of `together` reaches into both sides of a pair."""


def constraints(corrections: Sequence[Correction], ids: Sequence[int] | Rows) -> Constraints:
    """Return what the corrections ask of the articles `ids`, as positions in it.

    What is together is so transitively, also by way of articles that are not in `ids`. Of corrections that contradict
    each other the newest wins: an older "together" loses the articles that a newer "apart" keeps from its other ones
    (the fewer go), and an older "apart" loses the articles that newer ones put together across its sides.
    """
    if not corrections:
        return Constraints()
    named = np.array(sorted({article_id for each in corrections for article_id in each.left | each.right}))
    parts, apart = np.arange(len(named), dtype=np.int64), list[Sides]()
    for each in sorted(corrections, key=lambda each: (each.made_at, each.id), reverse=True):
        left, right = (np.searchsorted(named, sorted(side)) for side in (each.left, each.right))
        if each.kind is CorrectionKind.TOGETHER:
            parts = _united(parts, _compatible(parts, np.union1d(left, right), apart))
        else:
            apart.append(_still_apart(parts, left, right))
    return _at(_positions(named, np.asarray(ids, dtype=np.int64)), parts, apart)


def hold(labels: Labels, held: Constraints) -> Labels:
    """Return the clusters, numbered 0..k-1 by first member, after whatever the constraints ask for.

    Clusters that have to be one become one; then, of a cluster that holds both sides of a pair, the side with fewer
    members leaves, with all that belongs together with it, and the later one where both have as many.
    """
    held_labels = _joined(labels, held.together)
    part_of = _joined(np.arange(len(labels), dtype=np.int64), held.together)
    fresh = int(held_labels.max(initial=-1)) + 1
    for left, right in held.apart:
        for label in np.intersect1d(held_labels[left], held_labels[right]):
            leaving = min(
                (side[held_labels[side] == label] for side in (left, right)), key=lambda rows: (len(rows), -rows[0])
            )
            held_labels[np.isin(part_of, part_of[leaving])] = fresh
            fresh += 1
    return _numbered(held_labels)


def _compatible(parts: Labels, rows: Rows, apart: Sequence[Sides]) -> Rows:
    """Return the components of these articles, those with most of them first, that nothing keeps from one before."""
    touched, counts = np.unique(parts[rows], return_counts=True)
    sides = [(set(parts[left].tolist()), set(parts[right].tolist())) for left, right in apart]
    kept: set[int] = set()
    for part in touched[np.argsort(-counts, kind="stable")].tolist():
        if not any((part in one and kept & other) or (part in other and kept & one) for one, other in sides):
            kept.add(part)
    return np.array(sorted(kept), dtype=np.int64)


def _united(parts: Labels, which: Rows) -> Labels:
    return np.where(np.isin(parts, which), which.min(initial=len(parts)), parts)


def _still_apart(parts: Labels, left: Rows, right: Rows) -> Sides:
    shared = np.intersect1d(parts[left], parts[right])
    return left[~np.isin(parts[left], shared)], right[~np.isin(parts[right], shared)]


def _positions(named: Rows, ids: Rows) -> Rows:
    """Return where in `ids` each named article stands; -1 where it does not."""
    if not len(ids):
        return np.full(len(named), -1, dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    found = order[np.minimum(np.searchsorted(ids[order], named), len(ids) - 1)]
    return np.where(ids[found] == named, found, -1)


def _at(positions: Rows, parts: Labels, apart: Sequence[Sides]) -> Constraints:
    """Return the same of positions, less what stands nowhere and what then asks for nothing."""
    there = np.flatnonzero(positions >= 0)
    components = [np.sort(positions[there[parts[there] == part]]) for part in np.unique(parts[there])]
    sides = [tuple(np.sort(positions[side][positions[side] >= 0]) for side in pair) for pair in apart]
    return Constraints(
        together=tuple(rows for rows in components if len(rows) > 1),
        apart=tuple((left, right) for left, right in sides if len(left) and len(right)),
    )


def _joined(labels: Labels, together: Sequence[Rows]) -> Labels:
    """Return the labels after those that share a component have become one."""
    size = int(labels.max(initial=-1)) + 1
    links = [(labels[rows[0]], label) for rows in together for label in labels[rows[1:]]]
    if not links:
        return labels.copy()
    one, other = np.array(links).T
    graph = sparse.coo_matrix((np.ones(len(links)), (one, other)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][labels], dtype=np.int64)


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1 in the order of their first members."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[of], dtype=np.int64)
