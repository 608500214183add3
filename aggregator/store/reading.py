"""What the owner has read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, literal, select, update

from aggregator.store.schema import UtcTime, article_status, articles, entries, memberships
from aggregator.store.statements import chunks, insert_into, n_rows


def mark_articles(db: Connection, article_ids: Sequence[int], *, is_read: bool, now: datetime) -> int:
    """Mark these articles read or unread; return how many changed."""
    return sum(_mark(db, articles.c.id.in_(some), is_read=is_read, now=now) for some in chunks(article_ids))


def mark_story(db: Connection, story_id: int, *, is_read: bool, now: datetime) -> int:
    """Mark every article of the story; return how many changed."""
    members = select(memberships.c.article_id).where(memberships.c.story_id == story_id)
    return _mark(db, articles.c.id.in_(members), is_read=is_read, now=now)


def mark_feed(db: Connection, feed_id: int, *, seen_before: datetime, now: datetime) -> int:
    """Mark the feed's articles that were first seen before then as read; return how many changed."""
    led_to = select(entries.c.article_id).where(entries.c.feed_id == feed_id)
    return _mark(db, articles.c.id.in_(led_to) & (articles.c.first_seen_at < seen_before), is_read=True, now=now)


def mark_all(db: Connection, *, seen_before: datetime, now: datetime) -> int:
    """Mark every article that was first seen before then as read; return how many changed."""
    return _mark(db, articles.c.first_seen_at < seen_before, is_read=True, now=now)


def _mark(db: Connection, which: ColumnElement[bool], *, is_read: bool, now: datetime) -> int:
    if is_read:
        return _mark_read(db, which, now=now)
    wanted = select(articles.c.id).where(which)
    unread = update(article_status).where(
        article_status.c.article_id.in_(wanted), article_status.c.read_at.is_not(None)
    )
    return db.execute(unread.values(read_at=None)).rowcount


def _mark_read(db: Connection, which: ColumnElement[bool], *, now: datetime) -> int:
    unread = (
        select(articles.c.id, literal(now, UtcTime))
        .outerjoin(article_status, article_status.c.article_id == articles.c.id)
        .where(which, article_status.c.read_at.is_(None))
        .order_by(articles.c.id)
    )
    mark = insert_into(db, article_status).from_select(["article_id", "read_at"], unread)
    return n_rows(
        db,
        mark.on_conflict_do_update(
            index_elements=["article_id"],
            set_={"read_at": mark.excluded.read_at},
            where=article_status.c.read_at.is_(None),
        ),
    )
