"""Clusters of one run -> stories with ids that live on. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from aggregator.models import KnownStory, Merge

FOUNDER_SHARE = 0.3
"""Share of a story's members from which the part of a split that holds the founder keeps the id."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Which known story each cluster goes on, None where it is new; and which stories went into another."""

    stories: tuple[KnownStory | None, ...]
    merges: tuple[Merge, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """What a cluster has of a known story."""

    count: int
    has_founder: bool


Overlap = Mapping[tuple[int, int], Shared]
"""By the positions of cluster and known story; pairs that share nothing are left out."""


def follow(clusters: Sequence[frozenset[int]], known: Sequence[KnownStory]) -> Followed:
    """Return which story each cluster of article ids goes on.

    Inside every group of clusters and stories that share articles, the matching with the greatest overlap wins
    (Hungarian method, Kuhn 1955); the part of a split that holds the founder counts more, and so does the older story.
    """
    overlap = _overlap(clusters, known)
    matched = _match(overlap, known)
    kept = {story.id for story in matched.values()}
    merges = tuple(
        Merge(old_id=story.id, into_id=into)
        for column, story in enumerate(known)
        if story.id not in kept and (into := _goes_into(column, overlap, matched)) is not None
    )
    return Followed(stories=tuple(matched.get(row) for row in range(len(clusters))), merges=merges)


def _overlap(clusters: Sequence[frozenset[int]], known: Sequence[KnownStory]) -> Overlap:
    cluster_of = {article_id: row for row, cluster in enumerate(clusters) for article_id in cluster}
    shared: dict[tuple[int, int], Shared] = {}
    for column, story in enumerate(known):
        counts = Counter(cluster_of[article_id] for article_id in story.article_ids if article_id in cluster_of)
        home = cluster_of.get(story.founder_id)
        shared |= {(row, column): Shared(count, row == home) for row, count in counts.items()}
    return shared


def _match(overlap: Overlap, known: Sequence[KnownStory]) -> dict[int, KnownStory]:
    """Return {cluster: story} after the best matching of each overlap component."""
    matched: dict[int, KnownStory] = {}
    for pairs in _components(overlap):
        rows, columns = sorted({row for row, _ in pairs}), sorted({column for _, column in pairs})
        by_age = sorted(columns, key=lambda column: (known[column].created_at, known[column].id))
        row_of, column_of = _positions(rows), _positions(columns)
        gain = np.zeros((len(rows), len(columns)))
        for row, column in pairs:
            youth = by_age.index(column) / len(by_age)
            gain[row_of[row], column_of[column]] = _gain(known[column], overlap[row, column], youth)
        for i, j in zip(*linear_sum_assignment(gain, maximize=True), strict=True):
            if (rows[i], columns[j]) in overlap:
                matched[rows[i]] = known[columns[j]]
    return matched


def _components(overlap: Overlap) -> list[list[tuple[int, int]]]:
    """Return the (cluster, story) pairs in groups that share neither a cluster nor a story with another group."""
    pairs = sorted(overlap)
    if not pairs:
        return []
    rows, columns = np.array(pairs).T
    size = int(rows.max() + 1 + columns.max() + 1)
    graph = sparse.csr_matrix((np.ones(len(pairs)), (rows, columns + rows.max() + 1)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, column in pairs:
        parts[labels[row]].append((row, column))
    return list(parts.values())


def _gain(story: KnownStory, shared: Shared, youth: float) -> float:
    """Return how much it is worth that a cluster goes on this story: a sum of claims, each 0..1.

    The share of its members that are here; whether the founder is, with enough of them; whether it is more than one
    article; and its age: where whole stories meet, the oldest of them keeps its id.
    """
    share = shared.count / len(story.article_ids)
    is_founders = shared.has_founder and share >= FOUNDER_SHARE
    return share + is_founders + (len(story.article_ids) > 1) + 0.5 * (1 - youth)


def _goes_into(column: int, overlap: Overlap, matched: Mapping[int, KnownStory]) -> int | None:
    """Return the story that goes on where most of this one's articles are; None where they left the window."""
    shared = [(-there.count, row) for (row, other), there in overlap.items() if other == column and row in matched]
    return matched[min(shared)[1]].id if shared else None


def _positions(values: Sequence[int]) -> dict[int, int]:
    return {value: position for position, value in enumerate(values)}
