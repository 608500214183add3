"""A window -> stories: what was touched is clustered anew, followed, and gets its lead, rank and evidence. Pure.

clustered = cluster(window, story_of, touched, corrections, bar=…)
regrouping = settled(window, clustered, known, now=…)
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from aggregator.models.corrections import Correction
from aggregator.models.stories import KnownStory, Member, Regrouping, StoryDraft
from aggregator.stories.corrections import constraints, hold
from aggregator.stories.follow import settle
from aggregator.stories.group import BAR, Part, group, thinned
from aggregator.stories.lead import Closeness, lead
from aggregator.stories.rank import rank, rank_terms
from aggregator.stories.similarity import Labels, Links, Rows, Scores, both_ways
from aggregator.stories.window import Window

EDGE = 0.5
"""Pair score from which what happens to one article is looked at again from the other's story."""


NEAREST = 3
"""Articles next to a new one whose stories are taken apart and made anew with it; further ones may only be joined."""

MAX_REMADE = 30
"""Articles of a story up to which it is made anew: a larger one is no other story for one article more, and whether it
is still one is asked whenever the whole window is read again."""


@dataclass(frozen=True, slots=True)
class Clustered:
    """The clusters of a run, as article ids, that may say something new."""

    clusters: tuple[frozenset[int], ...]
    copy_of: Mapping[int, int]
    """{copy: original}, by article id."""
    touched: frozenset[int]
    firm: frozenset[int]
    """Articles that the owner spoke of."""

    @property
    def article_ids(self) -> frozenset[int]:
        """All articles of these clusters: their stories are what has to be known."""
        return frozenset().union(*self.clusters)


@dataclass(frozen=True, slots=True)
class _Region:
    """The part of the window that a run looks at, by position."""

    fresh: Rows
    """Touched articles and the stories that they are near: clustered anew, article by article."""
    around: Rows
    """Other stories near the touched articles, which may be joined but are not taken apart."""


def cluster(
    window: Window,
    story_of: Mapping[int, int],
    touched: Collection[int],
    corrections: Sequence[Correction] = (),
    *,
    bar: float = 0.0,
) -> Clustered:
    """Return the clusters of the part of the window that the touched articles may have changed.

    `story_of` names the story of each article that has one. Touched are new and rewritten articles, and those that
    wait to move. A bar of 0 means the engine's own. The order of arrival does not matter.
    """
    firm = frozenset().union(*(each.left | each.right for each in corrections))
    copy_of = window.copy_of()
    if not len(window):
        return Clustered((), copy_of, frozenset(), firm)
    ids = window.ids
    original = _positions(ids, copy_of)
    region = _region(window, _stories(ids, story_of), np.isin(ids, list(touched)), original)
    in_region = np.isin(np.arange(len(ids)), np.r_[region.fresh, region.around])
    rows = _in_order(window, np.flatnonzero(in_region & (original == np.arange(len(ids)))))
    start = np.where(np.isin(rows, region.fresh), -1 - rows, _stories(ids, story_of)[rows])
    labels = group(
        Part(window.compared, rows),
        _links_of(window, rows, np.isin(rows, region.fresh)),
        window.decisions,
        held=constraints(corrections, ids[rows]),
        bridges=np.array([window.articles[row].is_round_up for row in rows], dtype=bool),
        start=np.unique(start, return_inverse=True)[1].astype(np.int64),
        bar=bar or BAR,
    )
    label_of = np.full(len(ids), -1, dtype=np.int64)
    label_of[rows] = labels
    label_of = label_of[original]
    there = np.flatnonzero(label_of >= 0)
    # Once more, since the owner may keep a copy from its original.
    label_of[there] = hold(label_of[there], constraints(corrections, ids[there]))
    fresh_labels = np.unique(label_of[region.fresh])
    return Clustered(_clusters(ids, label_of, fresh_labels), copy_of, frozenset(touched), firm)


def settled(window: Window, clustered: Clustered, known: Sequence[KnownStory], *, now: datetime) -> Regrouping:
    """Return the stories that these clusters go on or found; those that nothing changed are left out.

    `known` are the stories of the clusters' articles.
    """
    followed = settle(clustered.clusters, known, now=now, firm=clustered.firm, copy_of=clustered.copy_of)
    row_of = {article.id: row for row, article in enumerate(window.articles)}
    drafts = [
        _draft(window, _in_order(window, np.array([row_of[each] for each in cluster])), story, clustered.copy_of)
        for cluster, story in zip(followed.clusters, followed.stories, strict=True)
        if story is None or cluster != story.article_ids or cluster & (clustered.touched | story.waiting_ids)
    ]
    return Regrouping(stories=tuple(drafts), merges=followed.merges, waiting=followed.waiting)


def _region(window: Window, stories: Rows, touched: NDArray[np.bool_], original: Rows) -> _Region:
    seeds = touched.copy()
    seeds[original[touched]] = True
    if seeds.all():
        return _Region(np.flatnonzero(seeds), np.flatnonzero(~seeds))
    near = _with_stories(stories, seeds | _linked(window, seeds))
    fresh = seeds | (_with_stories(stories, seeds | _nearest(window, seeds)) & ~_is_large(stories))
    fresh[original[fresh]] = True
    return _Region(np.flatnonzero(fresh), np.flatnonzero(near & ~fresh))


def _nearest(window: Window, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the articles that are one of these articles' NEAREST, and at an edge."""
    row, column, value = _edges(window, rows)
    order = np.lexsort((column, -value, row))
    row, column = row[order], column[order]
    starts = np.searchsorted(row, row)
    found = np.zeros(len(rows), dtype=bool)
    found[column[np.arange(len(row)) - starts < NEAREST]] = True
    return found


def _is_large(stories: Rows) -> NDArray[np.bool_]:
    """Return which articles are in a story that is too large to be made anew."""
    _, of, sizes = np.unique(stories, return_inverse=True, return_counts=True)
    return np.asarray(sizes[of] > MAX_REMADE)


def _links_of(window: Window, rows: Rows, is_fresh: NDArray[np.bool_]) -> Links:
    """Return the links between these articles, by their places in `rows`, that a fresh one has a part in."""
    links = window.links
    if not is_fresh.all():
        fresh = np.zeros(len(window), dtype=bool)
        fresh[rows[is_fresh]] = True
        links = thinned(links, lambda left, right: fresh[left] | fresh[right])
    return both_ways(links[rows][:, rows])


def _linked(window: Window, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which articles have an edge to any of these."""
    _, column, _ = _edges(window, rows)
    found = np.zeros(len(rows), dtype=bool)
    found[column] = True
    return found


def _edges(window: Window, rows: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32], Scores]:
    """Return the links of these articles that are an edge at least: one of them each, the other, and the score."""
    chosen = np.flatnonzero(rows).astype(np.int32)
    before, behind = window.links[chosen].tocoo(), window.links[:, chosen].tocoo()
    row = np.concatenate([chosen[before.row], chosen[behind.col]])
    column, value = (np.concatenate(both) for both in ((before.col, behind.row), (before.data, behind.data)))
    strong = value >= EDGE
    return row[strong], column[strong], value[strong]


def _with_stories(stories: Rows, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return these articles and all others of their stories."""
    return rows | np.isin(stories, np.unique(stories[rows]))


def _stories(ids: Rows, story_of: Mapping[int, int]) -> Rows:
    """Return the story of each article, and a number below 0, of its own, for one that has none."""
    return np.array([story_of.get(each, -1 - row) for row, each in enumerate(ids.tolist())], dtype=np.int64)


def _positions(ids: Rows, copy_of: Mapping[int, int]) -> Rows:
    """Return the position of each article's original, which is its own where it is no copy."""
    row_of = {each: row for row, each in enumerate(ids.tolist())}
    return np.array([row_of[copy_of.get(each, each)] for each in ids.tolist()], dtype=np.int64)


def _in_order(window: Window, rows: Rows) -> Rows:
    return np.array(sorted(rows.tolist(), key=lambda row: window.articles[row].place), dtype=np.int64)


def _clusters(ids: Rows, labels: Labels, wanted: Labels) -> tuple[frozenset[int], ...]:
    members: dict[int, list[int]] = defaultdict(list)
    there = np.flatnonzero(np.isin(labels, wanted))
    for article_id, label in zip(ids[there].tolist(), labels[there].tolist(), strict=True):
        members[label].append(article_id)
    return tuple(frozenset(members[label]) for label in sorted(members))


def _draft(window: Window, rows: Rows, story: KnownStory | None, copy_of: Mapping[int, int]) -> StoryDraft:
    articles = [window.articles[row] for row in rows]
    closeness = _closeness(window, rows)
    members = tuple(_member(window, rows, closeness, i, copy_of) for i in range(len(rows)))
    published_at = [article.published_at for article in articles]
    by_id = {article.id: article for article in articles}
    origins = {by_id.get(copy_of.get(article.id, article.id), article).origin for article in articles}
    n_publishers = len({article.publisher for article in articles})
    terms = rank_terms(
        n_origins=min(len(origins), n_publishers),
        n_publishers=n_publishers,
        scores=[member.score for member in members],
        published_at=published_at,
    )
    return StoryDraft(
        id=story.id if story else None,
        founder_id=story.founder_id if story else articles[0].id,
        lead_id=articles[_lead(window, rows, closeness, story, copy_of)].id,
        members=members,
        n_publishers=n_publishers,
        n_origins=min(len(origins), n_publishers),
        first_at=min(published_at),
        last_at=max(published_at),
        rank=rank(terms, last_at=max(published_at)),
        rank_terms=terms,
    )


def _closeness(window: Window, rows: Rows) -> Closeness:
    """Return the pair scores inside a cluster, shape (m, m), 0 on the diagonal and where there is no link.

    Who is linked with nobody in it, because it came by way of a copy or of the owner, is compared with all.
    """
    once = np.asarray(window.links[rows][:, rows].toarray(), dtype=np.float32)
    scores = once + once.T
    for i in np.flatnonzero(scores.max(axis=1, initial=0) <= 0) if len(rows) > 1 else ():
        scores[i] = window.scores(np.full(len(rows), rows[i]), rows)
        scores[i, i] = 0
    return scores


def _member(window: Window, rows: Rows, closeness: Closeness, i: int, copy_of: Mapping[int, int]) -> Member:
    article_id = window.articles[rows[i]].id
    if len(rows) == 1:
        return Member(article_id=article_id, score=1.0)
    nearest = int(closeness[i].argmax())
    return Member(
        article_id=article_id,
        score=float(closeness[i, nearest]),
        nearest_id=window.articles[rows[nearest]].id if nearest != i else None,
        copy_of_id=copy_of.get(article_id),
    )


def _lead(
    window: Window, rows: Rows, closeness: Closeness, story: KnownStory | None, copy_of: Mapping[int, int]
) -> int:
    articles = [window.articles[row] for row in rows]
    readable = [article.is_readable and article.id not in copy_of for article in articles]
    places = {article.id: i for i, article in enumerate(articles)}
    return lead(closeness, readable, places.get(story.lead_id) if story else None)
