"""Clusters of one run -> stories with ids that live on. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from aggregator.models.stories import KnownStory, Merge, StoryState

SURVIVES_SHARE = 0.5
"""Share of a story's weight from which a cluster that holds it is where the story went.
Source: MONIC (Spiliopoulou et al. 2006), overlap threshold, the lowest that only one cluster can reach."""

FOUNDER_SHARE = 0.3
"""Share of a story's weight from which the part of a split that holds the founder keeps the id."""

BIG_SHARE = 0.3
"""Share of a story's weight from which what leaves it leaves at once."""

BIG_WEIGHT = 4.0
"""Articles that leave at once however large their story is; fewer, and less than BIG_SHARE, wait for a second run."""

COPY_WEIGHT = 0.2
"""What an article that repeats another's text counts for: five of them are worth one report."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The clusters of a run after its second thoughts, and which stories they go on."""

    clusters: tuple[frozenset[int], ...] = ()
    stories: tuple[KnownStory | None, ...] = ()
    """The known story that each cluster goes on; None where it founds a new one."""
    merges: tuple[Merge, ...] = ()
    waiting: frozenset[int] = frozenset()
    """Articles that stay where they were, although this run would have moved them."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a cluster has of a known story."""

    article_ids: frozenset[int]
    weight: float
    """Articles, copies counted by COPY_WEIGHT."""
    share: float
    """Of the weight of the story's members inside the window: 0..1."""
    share_of_all: float
    """The same, members outside the window counted: what this part means to the story."""
    has_founder: bool


Parts = Mapping[tuple[int, int], Part]
"""By the positions of cluster and known story; pairs that share nothing are left out."""

Homes = Mapping[int, int]
"""By the position of a known story, the position of the cluster where it is at home."""


def settle(
    clusters: Sequence[frozenset[int]],
    known: Sequence[KnownStory],
    *,
    now: datetime,
    firm: Collection[int] = frozenset(),
    copy_of: Mapping[int, int] | None = None,
) -> Followed:
    """Return which story each cluster of article ids goes on, and the clusters after hysteresis.

    Inside every group of clusters and stories that share articles, the matching with the greatest overlap wins
    (Hungarian method, Kuhn 1955). New articles go where the run puts them. A known member that the run puts elsewhere
    moves at once with BIG_SHARE of its story or with BIG_WEIGHT; with less it stays and waits, until a second run in a
    row would move it too. Articles of `firm`, which the owner spoke of, never wait, and copies go where their
    originals go: `copy_of` is {copy: original}. Closed stories are left alone, and so are their members.
    """
    open_stories = [story for story in known if not _is_closed(story, now)]
    clusters = _without_members(clusters, [story for story in known if _is_closed(story, now)])
    parts = _parts(clusters, open_stories)
    matched = _match(parts, open_stories)
    homes = _homes(parts, matched)
    held = dict(_held(parts, open_stories, homes, firm))
    places = _places(clusters, held, homes, copy_of or {})
    return _followed(places, clusters, open_stories, matched, homes)


def _is_closed(story: KnownStory, now: datetime) -> bool:
    return story.last_at is not None and StoryState.of(story.last_at, now=now) is StoryState.CLOSED


def _without_members(clusters: Sequence[frozenset[int]], closed: Sequence[KnownStory]) -> Sequence[frozenset[int]]:
    gone = frozenset[int]().union(*(story.article_ids for story in closed))
    return [rest for cluster in clusters if (rest := cluster - gone)] if gone else clusters


# --- overlap and matching ----------------------------------------------------------------------------


def _parts(clusters: Sequence[frozenset[int]], known: Sequence[KnownStory]) -> Parts:
    cluster_of = {article_id: row for row, cluster in enumerate(clusters) for article_id in cluster}
    parts: dict[tuple[int, int], Part] = {}
    for column, story in enumerate(known):
        there: dict[int, set[int]] = defaultdict(set)
        for article_id in story.article_ids & cluster_of.keys():
            there[cluster_of[article_id]].add(article_id)
        weight = _weight(story, story.article_ids)
        for row, article_ids in there.items():
            own = _weight(story, article_ids)
            parts[row, column] = Part(
                article_ids=frozenset(article_ids),
                weight=own,
                share=own / weight,
                share_of_all=own / (weight + story.n_older),
                has_founder=story.founder_id in article_ids,
            )
    return parts


def _weight(story: KnownStory, article_ids: Collection[int]) -> float:
    n_copies = len(story.copy_ids.intersection(article_ids))
    return len(article_ids) - (1 - COPY_WEIGHT) * n_copies


def _match(parts: Parts, known: Sequence[KnownStory]) -> dict[int, int]:
    """Return {story: cluster}, by position, after the best matching of each group that shares articles."""
    claims = _claims(parts)
    matched: dict[int, int] = {}
    for pairs in _components(claims):
        rows, columns = sorted({row for row, _ in pairs}), sorted({column for _, column in pairs})
        by_age = sorted(columns, key=lambda column: (known[column].created_at, known[column].id))
        age_of, row_of, column_of = _positions(by_age), _positions(rows), _positions(columns)
        gain = np.zeros((len(rows), len(columns)))
        for row, column in pairs:
            youth = age_of[column] / len(by_age)
            gain[row_of[row], column_of[column]] = _gain(known[column], claims[row, column], youth)
        best = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
        matched |= {columns[j]: rows[i] for i, j in best if (rows[i], columns[j]) in claims}
    return matched


def _claims(parts: Parts) -> Parts:
    """Return the parts that a story may live on in: most of it, enough of it with the founder, or its largest part."""
    largest: dict[int, tuple[float, int]] = {}
    for (row, column), part in parts.items():
        largest[column] = min(largest.get(column, (0.0, row)), (-part.share, row))
    return {
        (row, column): part
        for (row, column), part in parts.items()
        if part.share >= SURVIVES_SHARE or _is_founders(part) or row == largest[column][1]
    }


def _is_founders(part: Part) -> bool:
    return part.has_founder and part.share >= FOUNDER_SHARE


def _components(parts: Parts) -> list[list[tuple[int, int]]]:
    """Return the (cluster, story) pairs in groups that share neither a cluster nor a story with another group."""
    pairs = sorted(parts)
    if not pairs:
        return []
    rows, columns = np.array(pairs).T
    size = int(rows.max() + 1 + columns.max() + 1)
    graph = sparse.csr_matrix((np.ones(len(pairs)), (rows, columns + rows.max() + 1)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    groups: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, column in pairs:
        groups[labels[row]].append((row, column))
    return list(groups.values())


def _gain(story: KnownStory, part: Part, youth: float) -> float:
    """Return how much it is worth that a cluster goes on this story: a sum of claims, each 0..1.

    The share of its weight that is here; whether the founder is, with enough of it; whether it is more than one
    article; and its age: where whole stories meet, the oldest of them keeps its id.
    """
    is_several = len(story.article_ids) + story.n_older > 1
    return part.share + _is_founders(part) + is_several + 0.5 * (1 - youth)


def _homes(parts: Parts, matched: Mapping[int, int]) -> Homes:
    """Return where each story is at home: in its own cluster, or else in the one that has most of it: a merge."""
    homes = dict(matched)
    for (row, column), part in parts.items():
        if column not in matched and part.share_of_all >= SURVIVES_SHARE:
            homes.setdefault(column, row)
    return homes


# --- hysteresis --------------------------------------------------------------------------------------


def _held(parts: Parts, known: Sequence[KnownStory], homes: Homes, firm: Collection[int]) -> Iterator[tuple[int, int]]:
    """Give the articles that stay with their story for one more run, each with the story's position."""
    for (row, column), part in parts.items():
        if homes.get(column) == row or part.share_of_all >= BIG_SHARE or part.weight >= BIG_WEIGHT:
            continue
        for article_id in part.article_ids - known[column].waiting_ids:
            if article_id not in firm:
                yield article_id, column


Place = tuple[int, int]
"""Where an article ends: in the cluster of this position, or, where that is -1, with the story of that position."""


def _places(
    clusters: Sequence[frozenset[int]], held: Mapping[int, int], homes: Homes, copy_of: Mapping[int, int]
) -> dict[int, Place]:
    """Return where each article ends; a copy where its original does, if the run has them in one cluster."""
    begun = {article_id: (row, -1) for row, cluster in enumerate(clusters) for article_id in cluster}
    ends = {column: (row, -1) for column, row in homes.items()}
    places = begun | {article_id: ends.get(column, (-1, column)) for article_id, column in held.items()}
    together = {
        copy: places[original]
        for copy, original in copy_of.items()
        if copy in begun and begun.get(original) == begun[copy]
    }
    return places | together


def _followed(
    places: Mapping[int, Place],
    clusters: Sequence[frozenset[int]],
    known: Sequence[KnownStory],
    matched: Mapping[int, int],
    homes: Homes,
) -> Followed:
    story_at = {(row, -1): known[column] for column, row in matched.items()}
    story_at |= {(-1, column): known[column] for column in range(len(known)) if column not in homes}
    ends: dict[Place, set[int]] = defaultdict(set)
    for article_id, place in places.items():
        ends[place].add(article_id)
    rows = {article_id: row for row, cluster in enumerate(clusters) for article_id in cluster}
    ordered = sorted(ends, key=lambda place: (place[0] < 0, place))
    was_known = frozenset[int]().union(*(story.article_ids for story in known))
    return Followed(
        clusters=tuple(frozenset(ends[place]) for place in ordered),
        stories=tuple(story_at.get(place) for place in ordered),
        merges=tuple(_merges(known, places, {place: story_at[place].id for place in ordered if place in story_at})),
        waiting=frozenset(
            article_id
            for article_id, place in places.items()
            if place[0] != rows[article_id] and article_id in was_known
        ),
    )


def _merges(known: Sequence[KnownStory], places: Mapping[int, Place], id_at: Mapping[Place, int]) -> Iterator[Merge]:
    """Give the stories that nothing goes on, with the story where most of each one is now."""
    living = set(id_at.values())
    for story in known:
        weights: dict[int, float] = defaultdict(float)
        for article_id in sorted(story.article_ids & places.keys()):
            if (into := id_at.get(places[article_id])) is not None:
                weights[into] += _weight(story, (article_id,))
        if story.id in living or not weights:
            continue
        into, most = max(weights.items(), key=lambda item: (item[1], -item[0]))
        all_of_it = _weight(story, story.article_ids) + story.n_older
        is_empty = not story.n_older and story.article_ids <= places.keys()
        if is_empty or most >= SURVIVES_SHARE * all_of_it:
            yield Merge(old_id=story.id, into_id=into)


def _positions(values: Iterable[int]) -> dict[int, int]:
    return {value: position for position, value in enumerate(values)}
