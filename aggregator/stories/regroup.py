"""The articles of a window -> stories: clean, copies, compare, group, follow, lead, rank. Pure; order only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from aggregator.config import StorySettings
from aggregator.models import KnownStory, Member, Regrouping, StoryDraft, Vectors, WindowArticle
from aggregator.stories.clean import clean_text, clean_title, is_round_up
from aggregator.stories.copies import agency, copies
from aggregator.stories.follow import follow
from aggregator.stories.furniture import without_sentences, without_templates
from aggregator.stories.group import BAR, Labels, group
from aggregator.stories.lead import lead
from aggregator.stories.rank import rank, rank_terms
from aggregator.stories.similarity import Compared, Decisions, Scores, compare, learned, pair_scores, rows_for, take
from aggregator.stories.words import tokens

EVIDENCE_ROWS = 500
"""Members of small stories whose scores are computed at once: calls cost more than numbers."""


@dataclass(frozen=True, slots=True)
class Window:
    """The articles of a window in order, with what is compared of them."""

    articles: Sequence[WindowArticle]
    compared: Compared
    copy_of: Mapping[int, int]
    """{copy: original} by position."""
    round_ups: Sequence[bool]


def regroup(
    articles: Sequence[WindowArticle],
    ids: Sequence[int],
    vectors: Vectors | None,
    known: Sequence[KnownStory],
    *,
    now: datetime,
    settings: StorySettings,
) -> Regrouping:
    """Return the stories of a window: each article is in exactly one, alone where it stands alone.

    `ids` names the rows of `vectors`, shape (len(ids), dim); articles without a row are grouped by their words.
    The order of `articles` does not matter. Raises EncoderError where ids and vectors do not belong together.
    """
    window = read_window(articles, ids, vectors, decisions=learned())
    labels = cluster(window, bar=settings.bar or BAR)
    members = _members(labels)
    clusters = [frozenset(window.articles[row].id for row in rows) for rows in members]
    followed = follow(clusters, known)
    drafts = tuple(
        _draft(window, rows, scores, story, now=now)
        for rows, scores, story in zip(members, _evidence(window, members), followed.stories, strict=True)
    )
    return Regrouping(stories=drafts, merges=followed.merges)


def read_window(
    articles: Sequence[WindowArticle], ids: Sequence[int], vectors: Vectors | None, *, decisions: Decisions
) -> Window:
    """Return the articles in the order of (published_at, url, id), cleaned, with copies found."""
    ordered = sorted(articles, key=lambda article: (article.published_at, article.url or "", article.id))
    publishers = [article.publisher for article in ordered]
    titles = [clean_title(article.title, article.publisher) for article in ordered]
    bodies = [clean_text(article.text, title) for article, title in zip(ordered, titles, strict=True)]
    title_words = without_templates([tokens(title) for title in titles], publishers)
    text_words = [tokens(body) for body in without_sentences(bodies, titles, publishers)]
    compared = compare(
        title_words,
        text_words,
        rows_for([article.id for article in ordered], ids, vectors),
        languages=[article.language for article in ordered],
        published_at=[article.published_at for article in ordered],
        publishers=publishers,
        decisions=decisions,
    )
    whole = [(*title, *text) for title, text in zip(title_words, text_words, strict=True)]
    round_ups = [is_round_up(article.title) for article in ordered]
    return Window(ordered, compared, copies(whole, compared.days.tolist()), round_ups)


def cluster(window: Window, *, bar: float) -> Labels:
    """Return a cluster for each article; copies go where their originals go."""
    originals = np.array([row for row in range(len(window.articles)) if row not in window.copy_of], dtype=np.int64)
    labels = np.zeros(len(window.articles), dtype=np.int64)
    if len(originals):
        bridges = [window.round_ups[row] for row in originals]
        labels[originals] = group(take(window.compared, originals), bridges, bar=bar)
    for row, original in window.copy_of.items():
        labels[row] = labels[original]
    return labels


def _members(labels: Labels) -> list[list[int]]:
    """Return the rows of each cluster, by first row."""
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels.tolist()):
        rows_of[label].append(row)
    return list(rows_of.values())


def _evidence(window: Window, members: Sequence[Sequence[int]]) -> Iterator[Scores]:
    """Give the pair scores inside each cluster, shape (m, m), 1 on the diagonal."""
    batch: list[Sequence[int]] = []
    for rows in members:
        batch.append(rows)
        if sum(map(len, batch)) >= EVIDENCE_ROWS:
            yield from _scores_within(window, batch)
            batch = []
    yield from _scores_within(window, batch)


def _scores_within(window: Window, batch: Sequence[Sequence[int]]) -> Iterator[Scores]:
    shared = [row for rows in batch if len(rows) > 1 for row in rows]
    scores = pair_scores(window.compared, np.array(shared, dtype=np.int64), np.array(shared, dtype=np.int64))
    start = 0
    for rows in batch:
        if len(rows) == 1:
            yield np.ones((1, 1), dtype=np.float32)
            continue
        own = scores[start : start + len(rows), start : start + len(rows)].copy()
        np.fill_diagonal(own, 1)
        start += len(rows)
        yield own


def _draft(
    window: Window, rows: Sequence[int], scores: Scores, story: KnownStory | None, *, now: datetime
) -> StoryDraft:
    articles = [window.articles[row] for row in rows]
    own = [_member(window, rows, scores, i) for i in range(len(rows))]
    published_at = [article.published_at for article in articles]
    n_publishers = len({article.publisher for article in articles})
    n_origins = len({_origin(window, row) for row in rows})
    terms = rank_terms(
        n_origins=n_origins,
        n_publishers=n_publishers,
        scores=[member.score for member in own],
        published_at=published_at,
        now=now,
    )
    return StoryDraft(
        id=story.id if story else None,
        founder_id=story.founder_id if story else articles[0].id,
        lead_id=articles[_lead(window, rows, scores, story)].id,
        members=tuple(own),
        n_publishers=n_publishers,
        n_origins=n_origins,
        first_at=min(published_at),
        last_at=max(published_at),
        rank=rank(terms),
        rank_terms=terms,
    )


def _member(window: Window, rows: Sequence[int], scores: Scores, i: int) -> Member:
    article_id = window.articles[rows[i]].id
    if len(rows) == 1:
        return Member(article_id=article_id, score=1.0)
    others = scores[i].copy()
    others[i] = -1
    nearest = int(others.argmax())
    original = window.copy_of.get(rows[i])
    return Member(
        article_id=article_id,
        score=float(others[nearest]),
        nearest_id=window.articles[rows[nearest]].id,
        copy_of_id=None if original is None else window.articles[original].id,
    )


def _lead(window: Window, rows: Sequence[int], scores: Scores, story: KnownStory | None) -> int:
    articles = [window.articles[row] for row in rows]
    readable = [
        bool(article.title and article.text) and not window.round_ups[row] and row not in window.copy_of
        for row, article in zip(rows, articles, strict=True)
    ]
    places = {article.id: i for i, article in enumerate(articles)}
    return lead(scores, readable, places.get(story.lead_id) if story else None)


def _origin(window: Window, row: int) -> str:
    """Return whose reporting an article is: an agency's where one is named, the original's for a copy."""
    article = window.articles[window.copy_of.get(row, row)]
    return agency(article.text, article.origin) or article.publisher
