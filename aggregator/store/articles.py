"""Entries and articles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    literal,
    select,
    tuple_,
    update,
)

from aggregator.errors import NotFoundError
from aggregator.models.articles import Article
from aggregator.models.encoders import EncoderName
from aggregator.models.markup import SafeHtml
from aggregator.models.pages import ArticleLine
from aggregator.store.lines import lines, publisher, select_lines
from aggregator.store.schema import (
    Id,
    UtcTime,
    article_status,
    articles,
    encoders,
    entries,
    full_texts,
    publishers,
    vectors,
)
from aggregator.store.statements import among_ids, chunks


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list that is newest first goes on."""

    published_at: datetime
    article_id: int


def find_article(db: Connection, article_id: int) -> Article:
    """Return the article; NotFoundError where there is none of this id."""
    found = find_articles(db, [article_id])
    if not found:
        raise NotFoundError(f"There is no article with the number {article_id}.")
    return found[0]


def find_articles(db: Connection, article_ids: Sequence[int]) -> list[Article]:
    """Return these articles, oldest first; ids that are not there are left out."""
    rows = db.execute(_ARTICLES, {"ids": article_ids}).mappings().all()
    found = [
        Article(
            id=row["id"],
            feed_id=row["feed_id"],
            publisher=publisher(row),
            url=row["url"],
            title=row["title"],
            text=row["text"],
            content_html=SafeHtml(row["full_html"] or row["content_html"]),
            author=row["author"],
            published_at=row["published_at"],
            first_seen_at=row["first_seen_at"],
            language=row["language"],
            image_url=row["image_url"],
            is_read=row["read_at"] is not None,
            is_starred=row["starred_at"] is not None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda article: (article.published_at, article.id))


_ARTICLES = (
    select(
        articles.c.id,
        articles.c.feed_id,
        articles.c.publisher_id,
        articles.c.url,
        articles.c.title,
        articles.c.text,
        articles.c.content_html,
        articles.c.author,
        articles.c.published_at,
        articles.c.first_seen_at,
        articles.c.language,
        articles.c.image_url,
        full_texts.c.content_html.label("full_html"),
        article_status.c.read_at,
        article_status.c.starred_at,
        publishers.c.domain,
        publishers.c.name,
        publishers.c.country,
    )
    .join(publishers, publishers.c.id == articles.c.publisher_id)
    .outerjoin(article_status, article_status.c.article_id == articles.c.id)
    .outerjoin(full_texts, full_texts.c.article_id == articles.c.id)
    .where(among_ids(articles.c.id))
)


def river(
    db: Connection,
    *,
    limit: int,
    after: Cursor | None = None,
    feed_id: int | None = None,
    unread_only: bool = False,
) -> list[ArticleLine]:
    """Return articles, newest first, of one feed or of all; `after` is the last line of the page before."""
    wanted = list(db.execute(_river_ids(feed_id, after, unread_only=unread_only).limit(limit)).scalars())
    found = {each.id: each for each in lines_of(db, wanted)}
    return [found[article_id] for article_id in wanted]


def lines_of(db: Connection, article_ids: Sequence[int]) -> list[ArticleLine]:
    """Return these articles as lines, in no order; ids that are not there are left out."""
    return lines(db.execute(_LINES, {"ids": article_ids}).scalars().all())


_LINES = select_lines().where(among_ids(articles.c.id))


def lock_articles(db: Connection, article_ids: Sequence[int]) -> set[int]:
    """Return which of these articles are there; they stay until the transaction ends."""
    question = select(articles.c.id).with_for_update(read=True, key_share=True)
    return {
        article_id
        for some in chunks(article_ids)
        for article_id in db.execute(question.where(articles.c.id.in_(some))).scalars()
    }


def only_in_feed(db: Connection, feed_id: int) -> list[int]:
    """Return the articles that entries of this feed lead to, and of no other; nobody can add one meanwhile."""
    led_to = select(entries.c.article_id).where(entries.c.feed_id == feed_id).distinct().order_by(entries.c.article_id)
    found: list[int] = []
    for some in chunks(db.execute(led_to).scalars().all()):
        db.execute(select(articles.c.id).where(articles.c.id.in_(some)).order_by(articles.c.id).with_for_update())
        leads_here = exists().where(entries.c.article_id == articles.c.id, entries.c.feed_id != feed_id)
        found += db.execute(select(articles.c.id).where(articles.c.id.in_(some), ~leads_here)).scalars().all()
    return found


def forget(db: Connection, article_ids: Sequence[int]) -> None:
    """Delete these articles with their vectors and reading status; stories have let go of them before."""
    for some in chunks(article_ids):
        db.execute(delete(articles).where(articles.c.id.in_(some)))


def hand_over(db: Connection, feed_id: int) -> None:
    """Let each article that this feed brought first be that of the next feed that leads to it."""
    heir = (
        select(entries.c.feed_id)
        .where(entries.c.article_id == articles.c.id, entries.c.feed_id != feed_id)
        .order_by(entries.c.id)
        .limit(1)
        .scalar_subquery()
    )
    db.execute(update(articles).where(articles.c.feed_id == feed_id).values(feed_id=heir))


def encoder_id(db: Connection, encoder: EncoderName) -> int:
    """Return the number under which vectors of this encoder are kept; 0, which none has, before there are any."""
    found = db.execute(
        select(encoders.c.id).where(
            encoders.c.model == encoder.model, encoders.c.version == encoder.version, encoders.c.dim == encoder.dim
        )
    )
    return found.scalar() or 0


def is_vector_of(number: int) -> ColumnElement[bool]:
    """Return the condition that joins articles to their vectors of the encoder with this number."""
    return and_(vectors.c.article_id == articles.c.id, vectors.c.encoder_id == number)


def _river_ids(feed_id: int | None, after: Cursor | None, *, unread_only: bool) -> Select[Any]:
    """Return the question for article ids, newest first; one index answers it, from the cursor on."""
    if feed_id is None:
        published_at, article_id = articles.c.published_at, articles.c.id
        ids = select(article_id, published_at)
    else:
        published_at, article_id = entries.c.published_at, entries.c.article_id
        ids = select(article_id, published_at).where(entries.c.feed_id == feed_id).distinct()
    if unread_only:
        is_read = exists().where(article_status.c.article_id == article_id, article_status.c.read_at.is_not(None))
        ids = ids.where(~is_read)
    if after is not None:
        mark = tuple_(literal(after.published_at, UtcTime), literal(after.article_id, Id))
        ids = ids.where(tuple_(published_at, article_id) < mark)
    return ids.order_by(published_at.desc(), article_id.desc())
