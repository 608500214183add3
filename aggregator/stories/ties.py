"""What the links between articles come to between clusters, kept while clusters become one. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.stories.similarity import Labels, Links, Names, Rows, Scores


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
