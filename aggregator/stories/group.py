"""Links between articles -> clusters: again and again, pairs of clusters that are each other's best become one. Pure.

Everything is sparse: what is not linked is not compared. Source of the order of joins: reciprocal nearest neighbours
(Murtagh 1983), with a learned score in place of a linkage.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.models.values import Vectors
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
from aggregator.stories.vocabulary import WordMatrix, stacked, unit_rows

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
class Profiles:
    """What every cluster is in sum, kept from round to round: m of them, by name, of which some live no more."""

    sizes: NDArray[np.float32]
    lengths: NDArray[np.float32]
    """Of the members, summed: shape (m,)."""
    vectors: Vectors
    """Sums over the members: shape (m, dim). The largest part, and added to in place."""
    spans: Scores
    """Lengths of these sums; 0 where no member has a vector: shape (m,)."""
    rows: Rows
    """The row of each cluster in what follows: shape (m,). Rows are added and never changed."""
    titles: WordMatrix
    texts: WordMatrix
    """Unit sums over the members, as is the one before: shape (rows, …)."""
    counts: WordMatrix
    """Of the members that hold each word."""
    typical: WordMatrix
    """Its TYPICAL_WORDS: the share of the members that hold each, one more counted, × its rarity."""
    title_sums: Scores
    text_sums: Scores
    """Lengths of the sums, before they were made unit rows: shape (rows,)."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Linked pairs of clusters, as a join compares them: p of them."""

    left: Labels
    right: Labels
    """By name, left < right, in order: shape (p,)."""
    sums: Scores
    """Of the links between two clusters' members: shape (p,)."""
    best_left: Scores
    best_right: Scores
    """Each side's members' best links into the other side, summed: shape (p,)."""
    profiles: Profiles

    @property
    def means(self) -> Scores:
        """Of the pair scores, 0 where there is no link: shape (p,)."""
        return self.sums / (self.profiles.sizes[self.left] * self.profiles.sizes[self.right])


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
    profiles = profiles_of(compared, labels)
    pairs = judged(clusters_of(links, labels, profiles), decisions, labels, held, bar)
    for _ in range(MAX_ROUNDS):
        target = best_pairs(pairs, len(profiles.sizes), bar)
        if target is None:
            break
        labels, profiles = target[labels], merged(profiles, target, compared.rarity)
        grown = np.bincount(target, minlength=len(target)) > 1
        again = clusters_of(links, labels, profiles, grown)
        pairs = _moved(pairs, target, grown).and_also(judged(again, decisions, labels, held, bar))
    return _numbered(labels)


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


def judged(clusters: Clusters, decisions: Decisions, labels: Labels, held: Constraints, bar: float) -> Judged:
    """Return those of these pairs of clusters that reach the bar, with their scores."""
    scores = join_scores(clusters, decisions, _forbidden(clusters.left, clusters.right, labels, held))
    near = scores >= bar
    return Judged(clusters.left[near], clusters.right[near], scores[near])


def profiles_of(compared: Compared, labels: Labels) -> Profiles:
    """Return what these clusters of these articles are in sum; `labels` are 0..k-1."""
    k = int(labels.max(initial=-1)) + 1
    gather = _gather(labels, k)
    sizes = np.asarray(gather.sum(axis=1), dtype=np.float32).ravel()
    vectors = np.asarray(gather @ compared.vectors, dtype=np.float32)
    counts = sparse.csr_matrix(gather @ _ones(compared.texts))
    titles, texts = gather @ compared.titles, gather @ compared.texts
    return Profiles(
        sizes=sizes,
        lengths=np.asarray(gather @ compared.lengths, dtype=np.float32),
        vectors=vectors,
        spans=_spans(vectors),
        rows=np.arange(k),
        titles=unit_rows(titles),
        texts=unit_rows(texts),
        counts=counts,
        typical=_typical(counts, sizes, compared.rarity),
        title_sums=_lengths(titles),
        text_sums=_lengths(texts),
    )


def merged(profiles: Profiles, target: Labels, rarity: Scores) -> Profiles:
    """Return the profiles after each cluster went where `target` says, at the cost of those that went."""
    went = np.flatnonzero(target != np.arange(len(target)))
    there = target[went]
    copied = (profiles.sizes.copy(), profiles.lengths.copy(), profiles.spans.copy(), profiles.rows.copy())
    sizes, lengths, spans, rows = copied
    sizes[there] += sizes[went]
    lengths[there] += lengths[went]
    profiles.vectors[there] += profiles.vectors[went]
    spans[there] = _spans(profiles.vectors[there])
    left, right = rows[there], rows[went]
    titles = _summed(profiles.titles, profiles.title_sums, left, right)
    texts = _summed(profiles.texts, profiles.text_sums, left, right)
    counts = profiles.counts[left] + profiles.counts[right]
    rows[there] = profiles.texts.shape[0] + np.arange(len(there))
    return Profiles(
        sizes=sizes,
        lengths=lengths,
        vectors=profiles.vectors,
        spans=spans,
        rows=rows,
        titles=stacked(profiles.titles, unit_rows(titles)),
        texts=stacked(profiles.texts, unit_rows(texts)),
        counts=stacked(profiles.counts, counts),
        typical=stacked(profiles.typical, _typical(counts, sizes[there], rarity)),
        title_sums=np.r_[profiles.title_sums, _lengths(titles)],
        text_sums=np.r_[profiles.text_sums, _lengths(texts)],
    )


def clusters_of(links: Links, labels: Labels, profiles: Profiles, only: NDArray[np.bool_] | None = None) -> Clusters:
    """Return all pairs of these clusters that a link connects.

    With `only`, shape (k,), just the pairs that one of these is in: at the cost of their own links.
    """
    k = len(profiles.sizes)
    chosen = np.ones(k, dtype=bool) if only is None else only
    members, names = np.flatnonzero(chosen[labels]).astype(np.int32), labels.astype(np.int32)
    near = (links if only is None else links[members]).tocoo()
    one, other = members[near.row], near.col
    ours, theirs = names[one], names[other]
    # A link between two chosen clusters is met from either side.
    once = (ours != theirs) & (~chosen[theirs] | (ours < theirs))
    one, other, values, ours, theirs = one[once], other[once], near.data[once], ours[once], theirs[once]
    swapped = ours > theirs
    one, other = np.where(swapped, other, one), np.where(swapped, one, other)
    keys, pair = np.unique(
        np.minimum(ours, theirs).astype(np.int64) * k + np.maximum(ours, theirs), return_inverse=True
    )
    return Clusters(
        left=keys // max(k, 1),
        right=keys % max(k, 1),
        sums=np.bincount(pair, weights=values, minlength=len(keys)).astype(np.float32),
        best_left=_bests(pair, one, values, len(keys)),
        best_right=_bests(pair, other, values, len(keys)),
        profiles=profiles,
    )


def join_features(clusters: Clusters, pairs: Rows | slice = slice(None)) -> Features:
    """Return what a join is judged by, for these of the linked pairs.

    mean: of the pair scores, 0 where there is no link; best: a member's best link, on average; vector, text, title:
    cosine of the sums; cover: of each side's most typical words, what weight the other has, on average; size: log of
    the smaller one's members, up to SIZE_CAP; length: words of the shorter one, less what is usual. What speaks for
    two articles speaks otherwise for two large clusters: hence all times size.
    """
    left, right, of = clusters.left[pairs], clusters.right[pairs], clusters.profiles
    large = np.log(np.minimum(of.sizes, SIZE_CAP))
    best = clusters.best_left[pairs] / of.sizes[left] + clusters.best_right[pairs] / of.sizes[right]
    size = np.minimum(large[left], large[right])
    lengths = of.lengths / of.sizes
    features = {
        "mean": clusters.means[pairs],
        "vector": _cosines_of_vectors(of, left, right),
        "text": cosines(of.texts, of.rows[left], of.rows[right]),
        "cover": _cover(of, left, right),
        "length": np.minimum(lengths[left], lengths[right]) - USUAL_LENGTH,
    }
    by_size = {f"{name} × size": values * size for name, values in features.items()}
    title = cosines(of.titles, of.rows[left], of.rows[right])
    return features | by_size | {"size": size, "best": best / 2, "title": title}


def join_scores(clusters: Clusters, decisions: Decisions, forbidden: NDArray[np.bool_]) -> Scores:
    """Return the learned chance that two linked clusters are one story: shape (p,).

    0 where that is forbidden, and without a QUORUM.
    """
    scores = np.zeros(len(clusters.left), dtype=np.float32)
    allowed = np.flatnonzero(~forbidden & (clusters.means >= QUORUM)).astype(np.int64)
    for start in range(0, len(allowed), PAIRS_AT_ONCE):
        some = allowed[start : start + PAIRS_AT_ONCE]
        both = (clusters.profiles.spans[clusters.left[some]] > 0) & (clusters.profiles.spans[clusters.right[some]] > 0)
        scores[some] = decide(decisions, "join", join_features(clusters, some), both)
    return scores


def _cosines_of_vectors(of: Profiles, left: Labels, right: Labels) -> Scores:
    spans = np.maximum(of.spans[left] * of.spans[right], np.finfo(np.float32).tiny)
    return np.asarray(np.einsum("ij,ij->i", of.vectors[left], of.vectors[right]) / spans, dtype=np.float32)


def best_pairs(pairs: Judged, k: int, bar: float) -> Labels | None:
    """Return into which of k clusters each one goes: of two that are each other's best and reach the bar, the first.

    None where there are none. Ties go to the first.
    """
    near = pairs.scores >= bar
    left, right, scores = pairs.left[near], pairs.right[near], pairs.scores[near]
    one, other = np.r_[left, right], np.r_[right, left]
    both = np.r_[scores, scores]
    highest = np.zeros(k, dtype=np.float32)
    np.maximum.at(highest, one, both)
    is_best = both == highest[one]
    best = np.full(k, k, dtype=np.int64)
    np.minimum.at(best, one[is_best], other[is_best])
    joins = (best[left] == right) & (best[right] == left)
    if not joins.any():
        return None
    target = np.arange(k)
    target[right[joins]] = left[joins]
    return target


def _moved(pairs: Judged, target: Labels, grown: NDArray[np.bool_]) -> Judged:
    """Return the pairs of clusters that did not grow."""
    left, right = target[pairs.left], target[pairs.right]
    stays = ~(grown[left] | grown[right])
    return Judged(left[stays], right[stays], pairs.scores[stays])


def _bests(pair: Rows, articles: Rows, values: Scores, n_pairs: int) -> Scores:
    """Return the sum, by pair, of the best value of each article in it: shape (n_pairs,)."""
    if len(pair) == n_pairs:  # single articles, as nearly all are at first
        best = np.empty(n_pairs, dtype=np.float32)
        best[pair] = values
        return best
    order = np.argsort(pair * (int(articles.max()) + 1) + articles)
    pair, articles = pair[order], articles[order]
    first = np.flatnonzero(np.r_[True, (np.diff(pair) > 0) | (np.diff(articles) != 0)])
    best = np.maximum.reduceat(values[order], first)
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


def _cover(of: Profiles, left: Labels, right: Labels) -> Scores:
    """Return the share, by weight, of each side's typical words that the other side holds, on average of both."""
    total = np.asarray(of.typical.sum(axis=1), dtype=np.float32).ravel() + np.float32(1e-6)
    ours, theirs = of.rows[left], of.rows[right]
    one = _dots(of.typical[ours], _ones(of.counts[theirs])) / total[ours]
    other = _dots(of.typical[theirs], _ones(of.counts[ours])) / total[theirs]
    return np.asarray((one + other) / 2, dtype=np.float32)


def _dots(ones: WordMatrix, others: WordMatrix) -> Scores:
    return np.asarray(ones.multiply(others).sum(axis=1), dtype=np.float32).ravel()


def _typical(counts: WordMatrix, sizes: NDArray[np.float32], rarity: Scores) -> WordMatrix:
    """Return the TYPICAL_WORDS of each cluster, the largest entries of each row; of equal ones the first."""
    counts.sort_indices()
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    weights = (1 / (1 + sizes))[rows] * counts.data * rarity[counts.indices]
    # Weights are below 16, and rows in order already: one sort puts each row's in order of weight.
    order = np.argsort(16.0 * rows - weights, kind="stable")
    kept = order[np.arange(len(order)) - counts.indptr[rows] < TYPICAL_WORDS]
    shape = counts.shape
    return sparse.csr_matrix((weights[kept], (rows[kept], counts.indices[kept])), shape=shape, dtype=np.float32)


def _summed(units: WordMatrix, lengths: Scores, left: Rows, right: Rows) -> WordMatrix:
    """Return the sums of these rows, two by two, at the lengths that they had."""
    return sparse.csr_matrix(
        sparse.diags(lengths[left]) @ units[left] + sparse.diags(lengths[right]) @ units[right], dtype=np.float32
    )


def _lengths(matrix: WordMatrix) -> Scores:
    squares = sparse.csr_matrix((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)
    return np.sqrt(np.asarray(squares.sum(axis=1), dtype=np.float32).ravel())


def _ones(words: WordMatrix) -> WordMatrix:
    ones = np.ones(len(words.data), dtype=np.float32)
    return sparse.csr_matrix((ones, words.indices, words.indptr), shape=words.shape)


def _spans(vectors: Vectors) -> Scores:
    return np.asarray(np.linalg.norm(vectors, axis=1), dtype=np.float32)


def _gather(labels: Labels, k: int) -> sparse.csr_matrix:
    """Return the matrix that sums members into clusters: shape (k, n)."""
    ones = np.ones(len(labels), dtype=np.float32)
    return sparse.csr_matrix((ones, (labels, np.arange(len(labels)))), shape=(k, len(labels)))


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1 in order of first member."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[of], dtype=np.int64)
