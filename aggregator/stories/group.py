"""Links between articles -> clusters: again and again, pairs of clusters that are each other's best become one. Pure.

Everything is sparse: what is not linked is not compared. Source of the order of joins: reciprocal nearest neighbours
(Murtagh 1983), with a learned score in place of a linkage.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.stories.corrections import Constraints, hold
from aggregator.stories.profiles import Profiles, cosines_of_sums, cover, merged, profiles_of
from aggregator.stories.similarity import (
    PAIRS_AT_ONCE,
    Compared,
    Decisions,
    Features,
    Labels,
    Links,
    Names,
    Rows,
    Scores,
    cosines,
    decide,
)
from aggregator.stories.threads import side_by_side
from aggregator.stories.ties import Ties, tied, ties_of

BAR = 0.5
"""Chance, by the learned join, from which two clusters become one.
Source: leave-one-set-out on the labelled sets, see bench/stories.md; higher is purer and more split."""

QUORUM = 0.2
"""Mean pair score below which clusters stay apart however alike their sums are: a sum alone drifts, since each new
member is like something in it (79 % of co-member pairs under their own bar in one engine that joined by centroids)."""

SIZE_CAP = 8
"""Members from which a cluster counts as large: beyond, size says nothing more, and labelled sets differ in it."""

USUAL_LENGTH = 0.8
"""log(1 + words) / 4 of a feed's usual entry, a title and two sentences."""


@dataclass(frozen=True, slots=True)
class Part:
    """The articles that are grouped, less a copy of what is compared of them: of a whole window that is large."""

    compared: Compared
    rows: Rows
    """Which ones they are."""


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
        "vector": cosines_of_sums(of, left, right),
        "text": cosines(of.texts, of.rows[left], of.rows[right]),
        "cover": cover(of, left, right),
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


def _numbered(labels: Labels) -> Labels:
    """Return the same clusters, numbered 0..k-1 in order of first member."""
    _, first, of = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[of], dtype=np.int64)
