"""What surrounds a story: its retitles, its topic's other stories, stories like it, and publishers that kept silent."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, func, select

from aggregator.models.feeds import Publisher
from aggregator.models.pages import Related, Retitle, Silent, StoryLink
from aggregator.store.digests import names_of
from aggregator.store.schema import articles, publishers, revisions, stories, topic_stories, vectors
from aggregator.store.statements import chunks

N_LOOKED_AT = 300
"""Stories, by rank, among which those like another are sought: their vectors are read in three milliseconds."""

LIKE = 0.5
"""Cosine of two lead articles' vectors from which their stories are held to be related; most unrelated news of one
language lies under .4 with the bundled model."""

N_RELATED = 4
N_CHAPTERS = 3
N_RETITLES = 12
N_SILENT = 12
N_NAMES = 3


def retitles_of(db: Connection, article_ids: Sequence[int]) -> list[Retitle]:
    """Return the headlines that these articles had before, the latest change first."""
    rows: list[Any] = []
    for some in chunks(sorted(article_ids)):
        question = (
            select(revisions.c.article_id, revisions.c.title, func.max(revisions.c.changed_at).label("changed_at"))
            .join(articles, articles.c.id == revisions.c.article_id)
            .where(revisions.c.article_id.in_(some), revisions.c.title != articles.c.title)
            .group_by(revisions.c.article_id, revisions.c.title)
        )
        rows += db.execute(question).all()
    found = [Retitle(row.article_id, row.title, row.changed_at) for row in rows]
    return sorted(found, key=lambda each: each.changed_at, reverse=True)[:N_RETITLES]


def chapters_of(db: Connection, story_id: int) -> tuple[list[StoryLink], list[StoryLink]]:
    """Return the stories of the same topic that began before and after this one, the nearest of each, in time."""
    this = select(stories.c.first_at).where(stories.c.id == story_id).scalar_subquery()
    topic = select(topic_stories.c.topic_id).where(topic_stories.c.story_id == story_id).scalar_subquery()
    beside = (
        _links()
        .join(topic_stories, topic_stories.c.story_id == stories.c.id)
        .where(topic_stories.c.topic_id == topic, stories.c.id != story_id)
    )
    earlier = beside.where(stories.c.first_at <= this).order_by(stories.c.first_at.desc(), stories.c.id.desc())
    later = beside.where(stories.c.first_at > this).order_by(stories.c.first_at, stories.c.id)
    return (
        [_link(row) for row in db.execute(earlier.limit(N_CHAPTERS)).all()][::-1],
        [_link(row) for row in db.execute(later.limit(N_CHAPTERS)).all()],
    )


def related_to(db: Connection, story_id: int, *, since: datetime, but: Collection[int] = ()) -> list[Related]:
    """Return the stories of several publishers with news since then whose lead article is most like this one's.

    Without vectors there are none. Those in `but` are left out.
    """
    lead = (
        select(vectors.c.vector, vectors.c.encoder_id)
        .join(stories, stories.c.lead_id == vectors.c.article_id)
        .where(stories.c.id == story_id)
    )
    own = db.execute(lead).one_or_none()
    if own is None:
        return []
    # An index alone says which stories are best; vectors are read of these few.
    best = (
        select(stories.c.id)
        .where(stories.c.last_at >= since, stories.c.n_publishers >= 2, stories.c.id.not_in([story_id, *but]))
        .order_by(stories.c.rank.desc())
        .limit(N_LOOKED_AT)
        .subquery()
    )
    rows = db.execute(
        select(stories.c.id, vectors.c.vector)
        .join(best, best.c.id == stories.c.id)
        .join(vectors, vectors.c.article_id == stories.c.lead_id)
        .where(vectors.c.encoder_id == own.encoder_id)
        .order_by(stories.c.rank.desc())
    ).all()
    near = _cosines(own.vector, [row.vector for row in rows])
    likest = {
        rows[at].id: float(near[at]) for at in np.argsort(-near, kind="stable")[:N_RELATED].tolist() if near[at] >= LIKE
    }
    links = {row.id: _link(row) for row in db.execute(_links().where(stories.c.id.in_(likest))).all()} if likest else {}
    names = names_of(db, [story_id, *likest])
    return [
        Related(links[each], likeness, _shared(names.get(story_id, ()), names.get(each, ())))
        for each, likeness in likest.items()
    ]


def silent_publishers(
    db: Connection, publisher_ids: Collection[int], languages: Collection[str], *, since: datetime, until: datetime
) -> Silent:
    """Return the publishers that published in one of these languages in this span, but for those with these ids."""
    if not languages:
        return Silent((), 0)
    in_span = (
        select(func.count())
        .where(
            articles.c.publisher_id == publishers.c.id,
            articles.c.published_at >= since,
            articles.c.published_at <= until,
        )
        .scalar_subquery()
    )
    latest = (
        select(articles.c.language)
        .where(articles.c.publisher_id == publishers.c.id, articles.c.published_at <= until)
        .order_by(articles.c.published_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.execute(
        select(publishers, in_span.label("n"), latest.label("language")).where(
            publishers.c.id.not_in(publisher_ids), in_span > 0
        )
    ).all()
    found = sorted((row for row in rows if row.language in languages), key=lambda row: (-row.n, row.name, row.id))
    return Silent(tuple(Publisher(row.id, row.domain, row.name, row.country) for row in found[:N_SILENT]), len(found))


def _links() -> Select[tuple[int, str, str | None, datetime, int]]:
    lead = articles.alias()
    return select(stories.c.id, lead.c.title, lead.c.language, stories.c.first_at, stories.c.n_publishers).join(
        lead, lead.c.id == stories.c.lead_id
    )


def _link(row: Row[tuple[int, str, str | None, datetime, int]]) -> StoryLink:
    return StoryLink(row.id, row.title, row.language, row.first_at, row.n_publishers)


def _cosines(own: bytes, others: Sequence[bytes]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return the cosines of these vectors of one encoder, as they are kept."""
    halves = np.frombuffer(b"".join([own, *others]), dtype="<f2").reshape(len(others) + 1, -1).astype(np.float32)
    unit = halves / np.maximum(np.linalg.norm(halves, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    near: np.ndarray[tuple[int], np.dtype[np.float32]] = unit[1:] @ unit[0]
    return near


def _shared(here: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in here if name in there)[:N_NAMES]
