"""Links between articles -> clusters: again and again, pairs of clusters that are each other's best become one. Pure.

Everything is sparse: what is not linked is not compared. Source of the order of joins: reciprocal nearest neighbours
(Murtagh 1983), with a learned score in place of a linkage.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.models.values import Vectors
from aggregator.stories.corrections import Constraints, hold
from aggregator.stories.rows import dots
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
from aggregator.stories.threads import side_by_side
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

Labels = NDArray[np.int64]
"""A cluster's number for each article, 0..k-1 in order of first member: shape (n,)."""

Names = NDArray[np.int32]
"""Which clusters or articles, where there are millions of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """The articles that are grouped, less a copy of what is compared of them: of a whole window that is large."""

    compared: Compared
    rows: Rows
    """Which ones they are."""


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
class Near:
    """Articles that are linked to a cluster from outside: q of them."""

    clusters: Names
    articles: Names
    best: Scores
    """The best link of the article to a member."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What the links come to between clusters, kept from round to round: p linked pairs of them.

    All of it adds up when clusters are joined, but for an article's best link into them: hence `near`.
    """

    ends: Names
    """By name, the lower first: shape (2, p)."""
    sums: Scores
    """Of the links between two clusters' members: shape (p,)."""
    bests: Scores
    """The best links of each end's members into the other end, summed: shape (2, p)."""
    near: Near


@dataclass(frozen=True, slots=True)
class Clusters:
    """Linked pairs of clusters, as a join compares them: p of them."""

    left: Names
    right: Names
    """By name, left < right: shape (p,)."""
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
    part: Part,
    links: Links,
    decisions: Decisions,
    *,
    held: Constraints,
    bridges: NDArray[np.bool_],
    start: Labels | None = None,
    bar: float = BAR,
) -> Labels:
    """Return a cluster for each article; `start` says which are clusters already, in place of single articles.

    `links` are those between them.
    `bridges` says which articles tell of many happenings (round-ups): they join the best cluster that is near enough
    once the clusters stand, so that they never hold two together. What the owner said holds in the end.
    """
    begin = hold(np.arange(len(part.rows), dtype=np.int64) if start is None else start, held)
    profiles = profiles_of(part.compared, begin, part.rows)
    plain = thinned(links, lambda left, right: ~(bridges[left] | bridges[right])) if bridges.any() else links
    labels = join(profiles, part.compared.rarity, plain, begin, decisions, held=held, bar=bar)
    return hold(_bridged(labels, links, bridges, bar), held)


def join(
    profiles: Profiles,
    rarity: Scores,
    links: Links,
    labels: Labels,
    decisions: Decisions,
    *,
    held: Constraints,
    bar: float,
) -> Labels:
    """Return the clusters after no two that are linked reach the bar any more; `labels` are 0..k-1.

    A round joins every pair of clusters that are each other's best, one at the least, so that there is an end to them:
    after 91 in a window of 50,000 (bench/window.md).
    """
    ties = ties_of(links, labels)
    pairs = judged(clusters_of(ties, profiles), decisions, labels, held, bar)
    while (target := best_pairs(pairs, len(profiles.sizes), bar)) is not None:
        labels, profiles = target[labels], merged(profiles, target, rarity)
        grown = np.bincount(target, minlength=len(target)) > 1
        ties, n_old = tied(ties, target, labels, grown)
        again = judged(clusters_of(ties, profiles, n_old), decisions, labels, held, bar)
        pairs = _moved(pairs, target, grown).and_also(again)
    return _numbered(labels)


def thinned(links: Links, stays: Callable[[Names, Names], NDArray[np.bool_]]) -> Links:
    """Return those of the links that stay, as is said of the rows and columns of all."""
    kept = stays(np.repeat(np.arange(links.shape[0], dtype=np.int32), np.diff(links.indptr)), links.indices)
    before = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(kept, dtype=np.int32)])
    return sparse.csr_matrix((links.data[kept], links.indices[kept], before[links.indptr]), shape=links.shape)


@dataclass(frozen=True, slots=True)
class Judged:
    """Linked pairs of clusters, left < right, and the chance that they are one story: shape (p,) each."""

    left: Names
    right: Names
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


def profiles_of(compared: Compared, labels: Labels, rows: Rows | None = None) -> Profiles:
    """Return what these clusters of these articles, or of these rows of them, are in sum; `labels` are 0..k-1."""
    k = int(labels.max(initial=-1)) + 1
    gather = _gather(labels, np.arange(len(labels)) if rows is None else rows, (k, len(compared)))
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


def ties_of(links: Links, labels: Labels) -> Ties:
    """Return what the links come to between these clusters; `labels` are 0..k-1."""
    both = links.tocoo(copy=False)
    once = both.row < both.col
    ends, values = np.stack([both.row[once], both.col[once]]), both.data[once]
    singles = Ties(ends, values, np.stack([values, values]), Near(both.row, both.col, both.data))
    if np.array_equal(labels, np.arange(len(labels))):
        return singles
    return tied(singles, labels, labels, np.bincount(labels, minlength=len(labels)) > 1)[0]


def tied(ties: Ties, target: Labels, labels: Labels, grown: NDArray[np.bool_]) -> tuple[Ties, int]:
    """Return the ties after each cluster went where `target` says, and how many of the pairs, the first, are old.

    `labels` names each article's cluster now; `grown` says which clusters others went into: their pairs are new.
    """
    names, of = target.astype(np.int32), labels.astype(np.int32)
    near, n_near = _nearer(ties.near, names, of, grown)
    ends = names[ties.ends]
    is_new = grown[ends[0]] | grown[ends[1]]
    is_old, is_new = ~is_new, is_new & (ends[0] != ends[1])
    old, old_bests = _lower_first(ends[:, is_old], ties.bests[:, is_old])
    pairs, bests = _lower_first(ends[:, is_new], ties.bests[:, is_new])
    order, first = _runs(pairs)
    pairs = pairs[:, order[first]]
    sums, added = (np.add.reduceat(each[..., order], first, axis=-1) for each in (ties.sums[is_new], bests))
    afresh = _best_sums(pairs, near.clusters[n_near:], of[near.articles[n_near:]], near.best[n_near:])
    return Ties(
        ends=np.concatenate([old, pairs], axis=1),
        sums=np.concatenate([ties.sums[is_old], sums]),
        bests=np.concatenate([old_bests, np.where(grown[pairs[::-1]], afresh, added)], axis=1),
        near=near,
    ), old.shape[1]


def clusters_of(ties: Ties, profiles: Profiles, first: int = 0) -> Clusters:
    """Return the linked pairs of clusters, from the first on, as a join compares them."""
    (left, right), (best_left, best_right) = ties.ends[:, first:], ties.bests[:, first:]
    return Clusters(left, right, ties.sums[first:], best_left, best_right, profiles)


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
    blocks = [slice(at, at + PAIRS_AT_ONCE) for at in range(0, len(allowed), PAIRS_AT_ONCE)]

    spans = clusters.profiles.spans

    def score(block: slice) -> None:
        some = allowed[block]
        both = (spans[clusters.left[some]] > 0) & (spans[clusters.right[some]] > 0)
        scores[some] = decide(decisions, "join", join_features(clusters, some), both)

    side_by_side(score, blocks)
    return scores


def _cosines_of_vectors(of: Profiles, left: Names, right: Names) -> Scores:
    spans = np.maximum(of.spans[left] * of.spans[right], np.finfo(np.float32).tiny)
    return np.asarray(dots(of.vectors, left, right) / spans, dtype=np.float32)


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
    names = target.astype(np.int32)
    left, right = names[pairs.left], names[pairs.right]
    stays = ~(grown[left] | grown[right])
    return Judged(left[stays], right[stays], pairs.scores[stays])


def _nearer(near: Near, names: Names, of: Names, grown: NDArray[np.bool_]) -> tuple[Near, int]:
    """Return what is near the clusters that have grown, behind what is near the others, and how many those are."""
    clusters, articles = names[near.clusters], near.articles
    is_old = ~grown[clusters]
    is_new = ~is_old & (clusters != of[articles])
    pairs = np.stack([clusters[is_new], articles[is_new]])
    order, first = _runs(pairs)
    pairs = pairs[:, order[first]]
    return Near(
        clusters=np.concatenate([clusters[is_old], pairs[0]]),
        articles=np.concatenate([articles[is_old], pairs[1]]),
        best=np.concatenate([near.best[is_old], np.maximum.reduceat(near.best[is_new][order], first)]),
    ), int(is_old.sum())


def _best_sums(pairs: Names, clusters: Names, others: Names, best: Scores) -> Scores:
    """Return the sums, by pair and end, of the best links of that end's members into the other, shape (2, p).

    Given are clusters, near which cluster an article of another one is, and how near; of the pairs, in order, those
    ends stay 0 of which nothing is given.
    """
    ends = np.stack([np.minimum(clusters, others), np.maximum(clusters, others)])
    place = np.searchsorted(_keys(pairs), _keys(ends)) + pairs.shape[1] * (others > clusters)
    return np.bincount(place, weights=best, minlength=pairs.size).reshape(2, -1).astype(np.float32)


def _lower_first(ends: Names, bests: Scores) -> tuple[Names, Scores]:
    """Return pairs with the lower name first, and with them what is said of either end."""
    turned = ends[0] > ends[1]
    return np.where(turned, ends[::-1], ends), np.where(turned, bests[::-1], bests)


def _runs(pairs: Names) -> tuple[Rows, Rows]:
    """Return an order in which equal pairs stand together, and where in it each begins; pairs have shape (2, p)."""
    keys = _keys(pairs)
    order = np.argsort(keys)
    is_first = np.ones(len(keys), dtype=bool)
    is_first[1:] = np.diff(keys[order]) > 0
    return order, np.flatnonzero(is_first)


def _keys(pairs: Names) -> Rows:
    """Return one number for each two, in the same order."""
    return np.asarray(pairs[0].astype(np.int64) << 32 | pairs[1], dtype=np.int64)


def _forbidden(left: Names, right: Names, labels: Labels, held: Constraints) -> NDArray[np.bool_]:
    """Return which pairs of clusters hold two articles between them that the owner keeps apart."""
    k = int(labels.max(initial=-1)) + 1
    forbidden = np.zeros(len(left), dtype=bool)
    for one, other in held.apart:
        a, b = np.meshgrid(np.unique(labels[one]), np.unique(labels[other]))
        forbidden |= np.isin(left.astype(np.int64) * k + right, np.minimum(a, b).ravel() * k + np.maximum(a, b).ravel())
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


def _cover(of: Profiles, left: Names, right: Names) -> Scores:
    """Return the share, by weight, of each side's typical words that the other side holds, on average of both."""
    ours, theirs = of.rows[left], of.rows[right]
    one = _share(of.typical[ours], of.counts[theirs])
    other = _share(of.typical[theirs], of.counts[ours])
    return np.asarray((one + other) / 2, dtype=np.float32)


def _share(typical: WordMatrix, counts: WordMatrix) -> Scores:
    """Return the share, by weight, of each row's typical words that the other's row holds."""
    held = np.asarray(typical.multiply(_ones(counts)).sum(axis=1), dtype=np.float32).ravel()
    return held / (np.asarray(typical.sum(axis=1), dtype=np.float32).ravel() + np.float32(1e-6))


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


def _gather(labels: Labels, rows: Rows, shape: tuple[int, int]) -> sparse.csr_matrix:
    """Return the matrix that sums these rows into clusters: shape (k, n)."""
    return sparse.csr_matrix((np.ones(len(labels), dtype=np.float32), (labels, rows)), shape=shape)


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1 in order of first member."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[of], dtype=np.int64)
