"""Publishers: what each did lately, what it brought, and what the owner says of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, distinct, func, literal, select, tuple_, update

from aggregator.errors import NotFoundError
from aggregator.models.feeds import Publisher
from aggregator.models.pages import ArticleLine, PublisherRecord
from aggregator.store.articles import Cursor, lines_of
from aggregator.store.schema import Id, UtcTime, articles, entries, memberships, publishers, stories

MAX_NAME_CHARS = 300


def find_publisher(db: Connection, publisher_id: int) -> Publisher:
    """Return the publisher; NotFoundError where there is none of this id."""
    row = db.execute(select(publishers).where(publishers.c.id == publisher_id)).first()
    if row is None:
        raise NotFoundError(f"There is no publisher with the number {publisher_id}.")
    return Publisher(row.id, row.domain, row.name, row.country)


def describe(db: Connection, publisher_id: int, *, name: str, country: str | None) -> None:
    """Call a publisher what the owner calls it, and place it in a country; an empty name is that of its domain."""
    named = func.coalesce(func.nullif(name.strip()[:MAX_NAME_CHARS], ""), publishers.c.domain)
    db.execute(update(publishers).where(publishers.c.id == publisher_id).values(name=named, country=country))


def record(db: Connection, publisher_id: int, *, since: datetime) -> PublisherRecord:
    """Return what the publisher did since then."""
    is_shared = stories.c.n_publishers >= 2
    is_first = and_(is_shared, articles.c.published_at == stories.c.first_at)
    is_copy = and_(is_shared, memberships.c.copy_of_id.is_not(None))
    kinds = (is_shared, is_first, is_copy, stories.c.n_publishers == 1)
    columns: list[ColumnElement[Any]] = [func.count(distinct(case((kind, stories.c.id)))) for kind in kinds]
    counts = (
        select(func.count(distinct(articles.c.id)), *columns)
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
        .outerjoin(stories, stories.c.id == memberships.c.story_id)
    )
    n_articles, n_stories, n_first, n_copied, n_alone = db.execute(_recent(counts, publisher_id, since)).one()
    spoken = _recent(select(articles.c.language, func.count().label("n")), publisher_id, since)
    languages = db.execute(spoken.group_by(articles.c.language).order_by(func.count().desc(), articles.c.language))
    return PublisherRecord(
        n_articles=n_articles,
        n_stories=n_stories,
        n_first=n_first,
        n_copied=n_copied,
        n_alone=n_alone,
        languages=tuple((row.language, row.n) for row in languages),
    )


def feeds_of(db: Connection, publisher_id: int, *, since: datetime) -> list[int]:
    """Return the feeds that brought articles of the publisher since then."""
    brought = select(entries.c.feed_id).distinct().join(articles, articles.c.id == entries.c.article_id)
    return sorted(db.execute(_recent(brought, publisher_id, since)).scalars())


def latest(db: Connection, publisher_id: int, *, limit: int, after: Cursor | None = None) -> list[ArticleLine]:
    """Return the publisher's articles, newest first; `after` is the last line of the page before."""
    ids = select(articles.c.id).where(articles.c.publisher_id == publisher_id)
    if after is not None:
        mark = tuple_(literal(after.published_at, UtcTime), literal(after.article_id, Id))
        ids = ids.where(tuple_(articles.c.published_at, articles.c.id) < mark)
    newest = ids.order_by(articles.c.published_at.desc(), articles.c.id.desc()).limit(limit)
    wanted = list(db.execute(newest).scalars())
    found = {each.id: each for each in lines_of(db, wanted)}
    return [found[article_id] for article_id in wanted]


def publishers_of(db: Connection, feed_id: int, *, since: datetime) -> list[Publisher]:
    """Return whose articles a feed brought since then, by name."""
    rows = db.execute(
        select(publishers.c.id, publishers.c.domain, publishers.c.name, publishers.c.country)
        .distinct()
        .join(articles, articles.c.publisher_id == publishers.c.id)
        .join(entries, entries.c.article_id == articles.c.id)
        .where(entries.c.feed_id == feed_id, entries.c.published_at >= since)
    )
    return sorted((Publisher(*row) for row in rows), key=lambda each: (each.name.casefold(), each.id))


def _recent(question: Select[Any], publisher_id: int, since: datetime) -> Select[Any]:
    return question.where(articles.c.publisher_id == publisher_id, articles.c.published_at >= since)
