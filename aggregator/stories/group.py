"""Links between articles -> clusters: again and again, pairs of clusters that are each other's best become one. Pure.

Everything is sparse: what is not linked is not compared. Source of the order of joins: reciprocal nearest neighbours
(Murtagh 1983), with a learned score in place of a linkage.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.models import Vectors
from aggregator.stories.corrections import Constraints, hold
from aggregator.stories.similarity import (
    PAIRS_AT_ONCE,
    Compared,
    Decisions,
    Features,
    Links,
    Rows,
    Scores,
    cosines,
    decide,
)
from aggregator.stories.vocabulary import WordMatrix

BAR = 0.6
"""Chance, by the learned join, from which two clusters become one.
Source: leave-one-set-out on the labelled sets, see bench/stories.md; higher is purer and more split."""

QUORUM = 0.2
"""Mean pair score below which clusters stay apart however alike their sums are: a sum alone drifts, since each new
member is like something in it (79 % of co-member pairs under their own bar in one engine that joined by centroids)."""

SIZE_CAP = 8
"""Members from which a cluster counts as large: beyond, size says nothing more, and labelled sets differ in it."""

MAX_ROUNDS = 100
"""A round joins every pair of clusters that are each other's best; real windows end within 30."""

Labels = NDArray[np.int64]
"""A cluster's number for each article, 0..k-1 in order of first member: shape (n,)."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of n articles, as a join compares them: k of them, and p linked pairs."""

    labels: Labels
    left: Rows
    right: Rows
    """The linked pairs of clusters, left < right, in order: shape (p,)."""
    sums: Scores
    """Of the links between two clusters' members: shape (p,)."""
    best_left: Scores
    best_right: Scores
    """Each side's members' best links into the other side, summed: shape (p,)."""
    sizes: NDArray[np.float32]
    vectors: Vectors
    titles: WordMatrix
    texts: WordMatrix
    lengths: NDArray[np.float32]
    """Sums over the members, as the three before: shape (k, …)."""


def group(
    compared: Compared,
    links: Links,
    decisions: Decisions,
    *,
    held: Constraints,
    bridges: NDArray[np.bool_],
    start: Labels | None = None,
    bar: float = BAR,
) -> Labels:
    """Return a cluster for each article; `start` says which are clusters already, in place of single articles.

    `bridges` says which articles tell of many happenings (round-ups): they join the best cluster that is near enough
    once the clusters stand, so that they never hold two together. What the owner said holds in the end.
    """
    begin = np.arange(len(compared), dtype=np.int64) if start is None else start
    begin = hold(begin, held)
    plain = sparse.diags((~bridges).astype(np.float32))
    labels = join(compared, sparse.csr_matrix(plain @ links @ plain), begin, decisions, held=held, bar=bar)
    return hold(_bridged(labels, links, bridges, bar), held)


def join(
    compared: Compared, links: Links, labels: Labels, decisions: Decisions, *, held: Constraints, bar: float
) -> Labels:
    """Return the clusters after no two that are linked reach the bar any more; `labels` are 0..k-1."""
    clusters = clusters_of(compared, links, labels)
    scores = join_scores(clusters, decisions, _forbidden(clusters, held))
    for _ in range(MAX_ROUNDS):
        target = best_pairs(clusters, scores, bar)
        if target is None:
            break
        merged = clusters_of(compared, links, target[clusters.labels])
        scores = _rescored(clusters, scores, merged, target, decisions, held)
        clusters = merged
    return clusters.labels


def clusters_of(compared: Compared, links: Links, labels: Labels) -> Clusters:
    """Return these clusters of these articles, with all pairs of them that a link connects."""
    gather = _gather(labels)
    k = gather.shape[0]
    entries = links.tocoo()
    key = entries.row.astype(np.int64) * k + labels[entries.col]
    outward = labels[entries.row] != labels[entries.col]
    key, values = key[outward], entries.data[outward]
    order = np.argsort(key, kind="stable")
    key, values = key[order], values[order]
    first = np.flatnonzero(np.r_[True, np.diff(key) > 0]) if len(key) else np.zeros(0, dtype=np.int64)
    best, total = (np.maximum.reduceat(values, first), np.add.reduceat(values, first)) if len(first) else (values,) * 2
    members, others = key[first] // k, key[first] % k
    best_of = sparse.csr_matrix((best, (labels[members], others)), shape=(k, k))
    sums = sparse.csr_matrix((total, (labels[members], others)), shape=(k, k))
    upper, back = sparse.triu(sums, k=1, format="coo"), sparse.csr_matrix(best_of.T)
    left, right = upper.row.astype(np.int64), upper.col.astype(np.int64)
    in_order = np.lexsort((right, left))
    left, right = left[in_order], right[in_order]
    return Clusters(
        labels=labels,
        left=left,
        right=right,
        sums=upper.data[in_order],
        best_left=_entries(best_of, left, right),
        best_right=_entries(back, left, right),
        sizes=np.bincount(labels, minlength=k).astype(np.float32),
        vectors=np.asarray(gather @ compared.vectors, dtype=np.float32),
        titles=sparse.csr_matrix(gather @ compared.titles),
        texts=sparse.csr_matrix(gather @ compared.texts),
        lengths=np.asarray(gather @ compared.lengths, dtype=np.float32),
    )


def join_features(clusters: Clusters, pairs: Rows | slice = slice(None)) -> Features:
    """Return what a join is judged by, for these of the linked pairs.

    mean: of the pair scores, 0 where there is no link; best: a member's best link, on average; vector, text, title:
    cosine of the sums; size: log of the smaller one's members, up to SIZE_CAP; length: words of the shorter one.
    """
    left, right = clusters.left[pairs], clusters.right[pairs]
    sizes, large = clusters.sizes, np.log(np.minimum(clusters.sizes, SIZE_CAP))
    lengths = clusters.lengths / sizes
    best = clusters.best_left[pairs] / sizes[left] + clusters.best_right[pairs] / sizes[right]
    return {
        "mean": clusters.sums[pairs] / (sizes[left] * sizes[right]),
        "best": best / 2,
        "vector": _vector_cosines(clusters.vectors, left, right),
        "text": cosines(_unit(clusters.texts), left, right),
        "title": cosines(_unit(clusters.titles), left, right),
        "size": np.minimum(large[left], large[right]),
        "length": np.minimum(lengths[left], lengths[right]),
    }


def join_scores(
    clusters: Clusters, decisions: Decisions, forbidden: NDArray[np.bool_], pairs: NDArray[np.bool_] | None = None
) -> Scores:
    """Return the learned chance that two linked clusters are one story, 0 where that is forbidden: shape (p,).

    With `pairs`, shape (p,), only those are computed; the others are 0.
    """
    scores = np.zeros(len(clusters.left), dtype=np.float32)
    which = np.flatnonzero(~forbidden if pairs is None else pairs & ~forbidden).astype(np.int64)
    has_vector = np.einsum("ij,ij->i", clusters.vectors, clusters.vectors) > 0
    for start in range(0, len(which), PAIRS_AT_ONCE):
        some = which[start : start + PAIRS_AT_ONCE]
        features = join_features(clusters, some)
        both = has_vector[clusters.left[some]] & has_vector[clusters.right[some]]
        scores[some] = np.where(features["mean"] >= QUORUM, decide(decisions, "join", features, both), 0)
    return scores


def best_pairs(clusters: Clusters, scores: Scores, bar: float) -> Labels | None:
    """Return into which cluster each one goes, by joining those that are each other's best and reach the bar.

    None where there are none. Ties go to the first.
    """
    k = len(clusters.sizes)
    best = np.full(k, -1, dtype=np.int64)
    one, other = np.r_[clusters.left, clusters.right], np.r_[clusters.right, clusters.left]
    order = np.lexsort((other, -np.r_[scores, scores], one))
    _, first = np.unique(one[order], return_index=True)
    best[one[order][first]] = other[order][first]
    joins = (best[clusters.left] == clusters.right) & (best[clusters.right] == clusters.left) & (scores >= bar)
    if not joins.any():
        return None
    target = np.arange(k)
    target[clusters.right[joins]] = clusters.left[joins]
    return _numbered(target)


def _rescored(
    before: Clusters, scores: Scores, after: Clusters, target: Labels, decisions: Decisions, held: Constraints
) -> Scores:
    """Return the scores of the clusters after a round; only pairs of which one side has grown are judged anew."""
    grown = np.bincount(target, minlength=len(after.sizes)) > 1
    changed = grown[after.left] | grown[after.right]
    found = join_scores(after, decisions, _forbidden(after, held), changed)
    kept = ~(grown[target[before.left]] | grown[target[before.right]])
    found[~changed] = scores[kept][np.lexsort((target[before.right][kept], target[before.left][kept]))]
    return found


def _forbidden(clusters: Clusters, held: Constraints) -> NDArray[np.bool_]:
    """Return which linked pairs hold two articles between them that the owner keeps apart."""
    k = len(clusters.sizes)
    forbidden = np.zeros(len(clusters.left), dtype=bool)
    key = clusters.left * k + clusters.right
    for one, other in held.apart:
        a, b = np.meshgrid(np.unique(clusters.labels[one]), np.unique(clusters.labels[other]))
        forbidden |= np.isin(key, np.minimum(a, b).ravel() * k + np.maximum(a, b).ravel())
    return forbidden


def _bridged(labels: Labels, links: Links, bridges: NDArray[np.bool_], bar: float) -> Labels:
    """Return the clusters with each bridge in the one whose members it is nearest to on average, if near enough."""
    if not bridges.any():
        return labels
    plain = np.flatnonzero(~bridges)
    sizes = np.bincount(labels[plain], minlength=int(labels.max()) + 1)
    found = labels.copy()
    for row in np.flatnonzero(bridges).tolist():
        near = links[row].tocoo()
        there = ~bridges[near.col]
        means = np.bincount(labels[near.col[there]], weights=near.data[there], minlength=len(sizes)) / np.maximum(
            sizes, 1
        )
        if means.max(initial=0) >= bar:
            found[row] = means.argmax()
    return _numbered(found)


def _entries(matrix: Links, rows: Rows, columns: Rows) -> Scores:
    """Return these entries of a matrix that is sparse."""
    return np.asarray(matrix[rows, columns], dtype=np.float32).ravel() if len(rows) else np.zeros(0, dtype=np.float32)


def _vector_cosines(sums: Vectors, left: Rows, right: Rows) -> Scores:
    lengths = np.linalg.norm(sums, axis=1)
    scale = np.where(lengths > 0, lengths, 1)
    dots = np.einsum("ij,ij->i", sums[left], sums[right])
    return np.asarray(dots / (scale[left] * scale[right]), dtype=np.float32)


def _unit(sums: WordMatrix) -> WordMatrix:
    lengths = np.sqrt(np.asarray(sums.multiply(sums).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.where(lengths > 0, lengths, 1)) @ sums, dtype=np.float32)


def _gather(labels: Labels) -> sparse.csr_matrix:
    """Return the matrix that sums members into clusters: shape (k, n)."""
    ones = np.ones(len(labels), dtype=np.float32)
    return sparse.csr_matrix((ones, (labels, np.arange(len(labels)))))


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1 in order of first member."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[of], dtype=np.int64)
