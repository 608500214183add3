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
from aggregator.stories.vocabulary import WordMatrix, unit_rows

BAR = 0.5
"""Chance, by the learned join, from which two clusters become one.
Source: leave-one-set-out on the labelled sets, see bench/stories.md; higher is purer and more split."""

QUORUM = 0.2
"""Mean pair score below which clusters stay apart however alike their sums are: a sum alone drifts, since each new
member is like something in it (79 % of co-member pairs under their own bar in one engine that joined by centroids)."""

SIZE_CAP = 8
"""Members from which a cluster counts as large: beyond, size says nothing more, and labelled sets differ in it."""

TYPICAL_WORDS = 12
"""Words by which a cluster is held against another."""

USUAL_LENGTH = 0.8
"""log(1 + words) / 4 of a feed's usual entry, a title and two sentences."""

MAX_ROUNDS = 100
"""A round joins every pair of clusters that are each other's best; real windows end within 30."""

Labels = NDArray[np.int64]
"""A cluster's number for each article, 0..k-1 in order of first member: shape (n,)."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Some clusters, as a join compares them: m of them, and p linked pairs."""

    names: Labels
    """Of each, among all clusters, ascending: shape (m,)."""
    left: Rows
    right: Rows
    """The linked pairs, as positions in `names`, left < right, in order: shape (p,)."""
    sums: Scores
    """Of the links between two clusters' members: shape (p,)."""
    best_left: Scores
    best_right: Scores
    """Each side's members' best links into the other side, summed: shape (p,)."""
    sizes: NDArray[np.float32]
    vectors: Vectors
    titles: WordMatrix
    texts: WordMatrix
    """Unit sums over the members, as the two before: shape (m, …)."""
    lengths: NDArray[np.float32]
    """Mean over the members: shape (m,)."""
    holds: WordMatrix
    """1 for each word that a member holds: shape (m, words)."""
    typical: WordMatrix
    """Its TYPICAL_WORDS: the share of the members that hold each, one more counted, × its rarity."""


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
    pairs = judged(compared, links, labels, decisions, held)
    for _ in range(MAX_ROUNDS):
        target = best_pairs(pairs, len(np.unique(labels)), bar)
        if target is None:
            break
        labels = target[labels]
        grown = np.bincount(target) > 1
        pairs = _moved(pairs, target, grown).and_also(judged(compared, links, labels, decisions, held, grown))
    return labels


@dataclass(frozen=True, slots=True)
class Judged:
    """Linked pairs of clusters, left < right, and the chance that they are one story: shape (p,) each."""

    left: Labels
    right: Labels
    scores: Scores

    def and_also(self, more: "Judged") -> "Judged":
        """Return both."""
        parts = ((getattr(self, name), getattr(more, name)) for name in ("left", "right", "scores"))
        return Judged(*(np.concatenate(each) for each in parts))


def judged(
    compared: Compared,
    links: Links,
    labels: Labels,
    decisions: Decisions,
    held: Constraints,
    only: NDArray[np.bool_] | None = None,
) -> Judged:
    """Return the linked pairs of these clusters, or those with one of `only` in them, shape (k,), with their scores."""
    clusters = clusters_of(compared, links, labels, only)
    left, right = clusters.names[clusters.left], clusters.names[clusters.right]
    return Judged(left, right, join_scores(clusters, decisions, _forbidden(left, right, labels, held)))


def clusters_of(compared: Compared, links: Links, labels: Labels, only: NDArray[np.bool_] | None = None) -> Clusters:
    """Return these clusters of these articles, with all pairs of them that a link connects.

    With `only`, shape (k,), just the pairs that one of these is in: at the cost of their own links.
    """
    chosen = np.ones(int(labels.max(initial=-1)) + 1, dtype=bool) if only is None else only
    members = np.flatnonzero(chosen[labels])
    near = links[members].tocoo()
    one, other = members[near.row], near.col.astype(np.int64)
    ours, theirs = labels[one], labels[other]
    # A link between two chosen clusters is met from either side.
    once = (ours != theirs) & (~chosen[theirs] | (ours < theirs))
    one, other, values, ours, theirs = one[once], other[once], near.data[once], ours[once], theirs[once]
    swapped = ours > theirs
    one, other = np.where(swapped, other, one), np.where(swapped, one, other)
    names, of = np.unique(np.r_[ours, theirs], return_inverse=True)
    left, right = (
        np.where(swapped, of[len(ours) :], of[: len(ours)]),
        np.where(swapped, of[: len(ours)], of[len(ours) :]),
    )
    keys, pair = np.unique(left * len(names) + right, return_inverse=True)
    there = np.flatnonzero(np.isin(labels, names))
    gather = _gather(np.searchsorted(names, labels[there]), len(names))
    sizes = np.asarray(gather.sum(axis=1), dtype=np.float32).ravel()
    held = gather @ _ones(compared.texts[there])
    return Clusters(
        names=names,
        left=keys // max(len(names), 1),
        right=keys % max(len(names), 1),
        sums=np.bincount(pair, weights=values, minlength=len(keys)).astype(np.float32),
        best_left=_bests(pair, one, values, len(keys)),
        best_right=_bests(pair, other, values, len(keys)),
        sizes=sizes,
        vectors=_unit_vectors(np.asarray(gather @ compared.vectors[there], dtype=np.float32)),
        titles=unit_rows(gather @ compared.titles[there]),
        texts=unit_rows(gather @ compared.texts[there]),
        lengths=np.asarray(gather @ compared.lengths[there], dtype=np.float32) / sizes,
        holds=_ones(held),
        typical=_heaviest(sparse.csr_matrix(sparse.diags(1 / (1 + sizes)) @ held @ sparse.diags(compared.rarity))),
    )


def join_features(clusters: Clusters, pairs: Rows | slice = slice(None)) -> Features:
    """Return what a join is judged by, for these of the linked pairs.

    mean: of the pair scores, 0 where there is no link; best: a member's best link, on average; vector, text, title:
    cosine of the sums; cover: of each side's most typical words, what weight the other has, on average; size: log of
    the smaller one's members, up to SIZE_CAP; length: words of the shorter one, less what is usual. What speaks for
    two articles speaks otherwise for two large clusters: hence all times size.
    """
    left, right = clusters.left[pairs], clusters.right[pairs]
    sizes, large = clusters.sizes, np.log(np.minimum(clusters.sizes, SIZE_CAP))
    best = clusters.best_left[pairs] / sizes[left] + clusters.best_right[pairs] / sizes[right]
    size = np.minimum(large[left], large[right])
    features = {
        "mean": clusters.sums[pairs] / (sizes[left] * sizes[right]),
        "vector": np.einsum("ij,ij->i", clusters.vectors[left], clusters.vectors[right]),
        "text": cosines(clusters.texts, left, right),
        "cover": _cover(clusters, left, right),
        "length": np.minimum(clusters.lengths[left], clusters.lengths[right]) - USUAL_LENGTH,
    }
    by_size = {f"{name} × size": values * size for name, values in features.items()}
    title = cosines(clusters.titles, left, right)
    return features | by_size | {"size": size, "best": best / 2, "title": title}


def join_scores(clusters: Clusters, decisions: Decisions, forbidden: NDArray[np.bool_]) -> Scores:
    """Return the learned chance that two linked clusters are one story, 0 where that is forbidden: shape (p,)."""
    scores = np.zeros(len(clusters.left), dtype=np.float32)
    has_vector = np.einsum("ij,ij->i", clusters.vectors, clusters.vectors) > 0
    allowed = np.flatnonzero(~forbidden).astype(np.int64)
    for start in range(0, len(allowed), PAIRS_AT_ONCE):
        some = allowed[start : start + PAIRS_AT_ONCE]
        features = join_features(clusters, some)
        both = has_vector[clusters.left[some]] & has_vector[clusters.right[some]]
        scores[some] = np.where(features["mean"] >= QUORUM, decide(decisions, "join", features, both), 0)
    return scores


def best_pairs(pairs: Judged, k: int, bar: float) -> Labels | None:
    """Return into which of k clusters each one goes, by joining those that are each other's best and reach the bar.

    None where there are none. Ties go to the first.
    """
    near = pairs.scores >= bar
    left, right, scores = pairs.left[near], pairs.right[near], pairs.scores[near]
    one, other = np.r_[left, right], np.r_[right, left]
    order = np.lexsort((other, -np.r_[scores, scores], one))
    _, first = np.unique(one[order], return_index=True)
    best = np.full(k, -1, dtype=np.int64)
    best[one[order][first]] = other[order][first]
    joins = (best[left] == right) & (best[right] == left)
    if not joins.any():
        return None
    target = np.arange(k)
    target[right[joins]] = left[joins]
    return _numbered(target)


def _moved(pairs: Judged, target: Labels, grown: NDArray[np.bool_]) -> Judged:
    """Return the pairs of clusters that did not grow, by their new numbers."""
    left, right = target[pairs.left], target[pairs.right]
    stays = ~(grown[left] | grown[right])
    return Judged(left[stays], right[stays], pairs.scores[stays])


def _bests(pair: Rows, articles: Rows, values: Scores, n_pairs: int) -> Scores:
    """Return the sum, by pair, of the best value of each article in it: shape (n_pairs,)."""
    order = np.lexsort((articles, pair))
    pair, articles = pair[order], articles[order]
    first = np.flatnonzero(np.r_[True, (np.diff(pair) > 0) | (np.diff(articles) != 0)]) if len(pair) else pair
    best = np.maximum.reduceat(values[order], first) if len(pair) else values
    return np.bincount(pair[first], weights=best, minlength=n_pairs).astype(np.float32)


def _forbidden(left: Labels, right: Labels, labels: Labels, held: Constraints) -> NDArray[np.bool_]:
    """Return which pairs of clusters hold two articles between them that the owner keeps apart."""
    k = int(labels.max(initial=-1)) + 1
    forbidden = np.zeros(len(left), dtype=bool)
    for one, other in held.apart:
        a, b = np.meshgrid(np.unique(labels[one]), np.unique(labels[other]))
        forbidden |= np.isin(left * k + right, np.minimum(a, b).ravel() * k + np.maximum(a, b).ravel())
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


def _cover(clusters: Clusters, left: Rows, right: Rows) -> Scores:
    """Return the share, by weight, of each side's typical words that the other side holds, on average of both."""
    total = np.asarray(clusters.typical.sum(axis=1), dtype=np.float32).ravel() + np.float32(1e-6)
    one = _dots(clusters.typical[left], clusters.holds[right]) / total[left]
    other = _dots(clusters.typical[right], clusters.holds[left]) / total[right]
    return np.asarray((one + other) / 2, dtype=np.float32)


def _dots(ones: WordMatrix, others: WordMatrix) -> Scores:
    return np.asarray(ones.multiply(others).sum(axis=1), dtype=np.float32).ravel()


def _heaviest(words: WordMatrix) -> WordMatrix:
    """Return the matrix with the TYPICAL_WORDS largest entries of each row."""
    rows = np.repeat(np.arange(words.shape[0]), np.diff(words.indptr))
    order = np.lexsort((words.indices, -words.data, rows))
    kept = order[np.arange(len(order)) - words.indptr[rows] < TYPICAL_WORDS]
    return sparse.csr_matrix((words.data[kept], (rows[kept], words.indices[kept])), shape=words.shape, dtype=np.float32)


def _ones(words: WordMatrix) -> WordMatrix:
    ones = np.ones(len(words.data), dtype=np.float32)
    return sparse.csr_matrix((ones, words.indices, words.indptr), shape=words.shape)


def _unit_vectors(sums: Vectors) -> Vectors:
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _gather(labels: Labels, k: int) -> sparse.csr_matrix:
    """Return the matrix that sums members into clusters: shape (k, n)."""
    ones = np.ones(len(labels), dtype=np.float32)
    return sparse.csr_matrix((ones, (labels, np.arange(len(labels)))), shape=(k, len(labels)))


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1 in order of first member."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[of], dtype=np.int64)
