"""Articles -> clusters: islands of the neighbour graph, cut into stories by a learned join. Pure and deterministic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hdbscan import HDBSCAN
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from aggregator.stories.similarity import (
    BLOCK_ROWS,
    Compared,
    Decisions,
    Rows,
    Scores,
    chances,
    decide,
    neighbours,
    pair_scores,
    take,
)
from aggregator.stories.words import WordMatrix, unit_rows

EDGE = 0.5
"""Pair score from which two articles are neighbours. Lower joins nothing more and costs more, see docs/decisions."""

PIECE = 2_000
"""Articles of an island that are linked at once: 2,000² × 8 bytes = 32 MB, .4 s."""

CORE_BAR = 0.9
"""Average pair score from which cores are one beyond doubt; lower is no faster and less pure, see docs/decisions."""

BAR = 0.6
"""Chance, by the learned join, from which two clusters become one.
Source: leave-one-set-out on the labelled sets, see bench/stories.md; higher is purer and more split."""

QUORUM = 0.2
"""Mean pair score below which clusters stay apart however alike their sums are: a sum alone drifts, since each new
member is like something in it (79 % of co-member pairs under their own bar in one engine that joined by centroids)."""

SIZE_CAP = 8
"""Members from which a cluster counts as large: beyond, size says nothing more, and labelled sets differ in it."""

MAX_ROUNDS = 100
"""A round joins every pair of clusters that are each other's best; real windows end within 20."""

Labels = NDArray[np.int64]
"""A cluster's number for each article, 0..k-1 in order of first member: shape (n,)."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of some articles, as a join compares them: k clusters of m articles."""

    labels: Labels
    sums: Scores
    """Of the pair scores between two clusters' members: shape (k, k)."""
    reach: Scores
    """The best pair score of each article with each cluster: shape (m, k)."""
    vectors: NDArray[np.float32]
    titles: WordMatrix
    texts: WordMatrix
    lengths: NDArray[np.float32]
    """Sums over the members, as all four: shape (k, …)."""

    @property
    def sizes(self) -> NDArray[np.float32]:
        """Members of each cluster: shape (k,)."""
        return np.bincount(self.labels, minlength=len(self.sums)).astype(np.float32)


def group(compared: Compared, bridges: Sequence[bool], *, bar: float = BAR) -> Labels:
    """Return a cluster for each article.

    `bridges` says which articles tell of many happenings (round-ups): they join the best cluster that is near enough
    once the clusters stand, so that they never hold two together.
    """
    plain = np.flatnonzero(~np.asarray(bridges, dtype=bool))
    labels = np.arange(len(compared), dtype=np.int64)
    for island in islands(compared, plain):
        labels[island] = island[_first_of(join(compared, island, bar=bar))]
    for row in np.flatnonzero(np.asarray(bridges, dtype=bool)):
        labels[row] = _nearest(compared, int(row), plain, labels, bar)
    return _in_order(labels)


def islands(compared: Compared, rows: Rows) -> list[Rows]:
    """Return the connected parts of the neighbour graph that hold two articles or more, each in order."""
    chosen = compared if len(rows) == len(compared) else take(compared, rows)
    edges = list(neighbours(chosen, EDGE))
    left, right, scores = (np.concatenate(parts) for parts in zip(*edges, strict=True)) if edges else ([], [], [])
    graph = sparse.csr_matrix((scores, (left, right)), shape=(len(rows), len(rows)))
    _, labels = connected_components(graph, directed=False)
    return [rows[part] for part in _parts(labels) if len(part) > 1]


def join(compared: Compared, island: Rows, *, bar: float) -> Labels:
    """Return clusters of the island's articles: again and again, pairs of clusters that are each other's best join.

    Source: reciprocal nearest neighbours (Murtagh 1983), with a learned score in place of the average linkage.
    """
    clusters = clusters_of(compared, island, cores(compared, island))
    for _ in range(MAX_ROUNDS):
        merged = merge_best(clusters, join_scores(clusters, compared.decisions), bar)
        if merged is clusters:
            break
        clusters = merged
    return clusters.labels


def cores(compared: Compared, island: Rows) -> Labels:
    """Return clusters that are beyond doubt, piece by piece: what HDBSCAN finds, consolidated by average linkage."""
    found: list[Labels] = []
    for start in range(0, len(island), PIECE):
        piece = island[start : start + PIECE]
        scores = pair_scores(compared, piece, piece)
        labels = consolidated(scores, densest(scores)) if len(piece) > 2 else np.arange(len(piece))
        found.append(labels + (int(found[-1].max()) + 1 if found else 0))
    return np.concatenate(found)


def densest(scores: Scores) -> Labels:
    """Return the leaves of HDBSCAN's tree on these pair scores, shape (m, m); what it calls noise stands alone.

    Source: Campello et al. 2013; exact on the precomputed distances 1 - score.
    """
    distances = 1 - scores.astype(np.float64)
    np.fill_diagonal(distances, 0)
    model = HDBSCAN(
        metric="precomputed",
        min_cluster_size=2,
        min_samples=1,
        cluster_selection_method="leaf",
        allow_single_cluster=True,
    )
    found = model.fit(distances).labels_.astype(np.int64)
    return _numbered(np.where(found < 0, len(found) + np.arange(len(found)), found))


def consolidated(scores: Scores, labels: Labels) -> Labels:
    """Return the clusters of average linkage between these, cut at CORE_BAR (UPGMA: Sokal & Michener 1958)."""
    gather = _gather(labels)
    if gather.shape[0] == 1:
        return labels
    sizes = np.bincount(labels)
    distances = 1 - (gather @ (gather @ scores).T) / np.outer(sizes, sizes)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(np.maximum(distances, 0), checks=False), "average")
    return _numbered(fcluster(tree, 1 - CORE_BAR, "distance"))[labels]


def clusters_of(compared: Compared, rows: Rows, labels: Labels) -> Clusters:
    """Return these clusters of these articles as a join compares them; `labels` are 0..k-1."""
    gather = _gather(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(gather.shape[0]))
    sums = np.zeros((gather.shape[0], gather.shape[0]), dtype=np.float32)
    reach = np.zeros((len(rows), gather.shape[0]), dtype=np.float32)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        scores = pair_scores(compared, rows[block], rows[order])
        scores[rows[block, None] == rows[order]] = 0
        reach[block] = np.maximum.reduceat(scores, starts, axis=1)
        sums += gather[:, block] @ np.add.reduceat(scores, starts, axis=1)
    return Clusters(
        labels=labels,
        sums=sums,
        reach=reach,
        vectors=np.asarray(gather @ compared.vectors[rows], dtype=np.float32),
        titles=sparse.csr_matrix(gather @ compared.titles[rows]),
        texts=sparse.csr_matrix(gather @ compared.texts[rows]),
        lengths=np.asarray(gather @ compared.lengths[rows], dtype=np.float32),
    )


def join_features(clusters: Clusters) -> dict[str, Scores]:
    """Return what a join is judged by, each of shape (k, k).

    mean: of the pair scores; best: a member's best link, on average; vector, text, title: cosine of the sums;
    size: log of the smaller one's members, up to SIZE_CAP; length: words of the shorter one.
    """
    sizes = clusters.sizes
    best = _gather(clusters.labels) @ clusters.reach / sizes[:, None]
    large = np.log(np.minimum(sizes, SIZE_CAP))
    features = {
        "mean": clusters.sums / np.outer(sizes, sizes),
        "best": (best + best.T) / 2,
        "text": _word_cosines(clusters.texts),
        "title": _word_cosines(clusters.titles),
        "size": np.minimum.outer(large, large),
        "length": np.minimum.outer(clusters.lengths / sizes, clusters.lengths / sizes),
    }
    if clusters.vectors.any():
        features["vector"] = _cosines(clusters.vectors)
    return features


def join_scores(clusters: Clusters, decisions: Decisions) -> Scores:
    """Return the learned chance that two clusters are one story: shape (k, k)."""
    has_vector = np.einsum("ij,ij->i", clusters.vectors, clusters.vectors) > 0
    features = join_features(clusters)
    scores = chances(decide(decisions, "join", features, np.logical_and.outer(has_vector, has_vector)))
    return np.where(features["mean"] >= QUORUM, scores, 0)


def merge_best(clusters: Clusters, scores: Scores, bar: float) -> Clusters:
    """Return the clusters with each pair joined that is one another's best and reaches the bar; ties go to the first.

    The same clusters, not a copy, where no pair does.
    """
    np.fill_diagonal(scores, -1)
    k = np.arange(len(scores))
    best = scores.argmax(axis=1)
    joins = (best[best] == k) & (k < best) & (scores[k, best] >= bar)
    if not joins.any():
        return clusters
    target = k.copy()
    target[best[joins]] = k[joins]
    return _merged(clusters, np.unique(target, return_inverse=True)[1])


def _merged(clusters: Clusters, target: Labels) -> Clusters:
    """Return the clusters after each has gone into its target: shape of `target` (k,), values 0..k'-1."""
    gather = _gather(target)
    order = np.argsort(target, kind="stable")
    starts = np.searchsorted(target[order], np.arange(gather.shape[0]))
    return Clusters(
        labels=target[clusters.labels],
        sums=np.ascontiguousarray((gather @ (gather @ clusters.sums).T).T),
        reach=np.maximum.reduceat(clusters.reach[:, order], starts, axis=1),
        vectors=np.asarray(gather @ clusters.vectors, dtype=np.float32),
        titles=sparse.csr_matrix(gather @ clusters.titles),
        texts=sparse.csr_matrix(gather @ clusters.texts),
        lengths=np.asarray(gather @ clusters.lengths, dtype=np.float32),
    )


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _gather(labels: Labels) -> sparse.csr_matrix:
    """Return the matrix that sums members into clusters: shape (k, n)."""
    ones = np.ones(len(labels), dtype=np.float32)
    return sparse.csr_matrix((ones, (labels, np.arange(len(labels)))))


def _nearest(compared: Compared, row: int, plain: Rows, labels: Labels, bar: float) -> int:
    """Return the cluster whose members this article is nearest to on average, or a new one."""
    if not len(plain):
        return row
    scores = pair_scores(compared, np.array([row]), plain)[0]
    owners, of = np.unique(labels[plain], return_inverse=True)
    means = np.bincount(of, weights=scores) / np.bincount(of)
    return int(owners[means.argmax()]) if means.max() >= bar else row


def _cosines(sums: NDArray[np.float32]) -> Scores:
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit = sums / np.where(lengths > 0, lengths, 1)
    return np.asarray(unit @ unit.T, dtype=np.float32)


def _word_cosines(sums: WordMatrix) -> Scores:
    unit = unit_rows(sums)
    return np.asarray((unit @ unit.T).toarray(), dtype=np.float32)


def _parts(labels: NDArray[np.int32]) -> list[Rows]:
    order = np.argsort(labels, kind="stable").astype(np.int64)
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _first_of(labels: Labels) -> Labels:
    """Return for each article the first one of its cluster."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(first[of], dtype=np.int64)


def _in_order(labels: Labels) -> Labels:
    """Return the labels numbered 0..k-1 by first member."""
    return _numbered(_first_of(labels))
