"""What the owner has read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, literal, select, update

from aggregator.store.schema import article_status, articles, entries, memberships
from aggregator.store.statements import chunks, insert_into


def mark_articles(db: Connection, article_ids: Sequence[int], *, is_read: bool, now: datetime) -> int:
    """Mark these articles read or unread; return how many changed."""
    wanted = (select(articles.c.id).where(articles.c.id.in_(some)) for some in chunks(article_ids))
    return sum(_mark(db, some, is_read=is_read, now=now) for some in wanted)


def mark_story(db: Connection, story_id: int, *, is_read: bool, now: datetime) -> int:
    """Mark every article of the story; return how many changed."""
    members = select(memberships.c.article_id).where(memberships.c.story_id == story_id)
    return _mark(db, members, is_read=is_read, now=now)


def mark_feed(db: Connection, feed_id: int, *, seen_before: datetime, now: datetime) -> int:
    """Mark the feed's articles that were first seen before then as read; return how many changed."""
    led_to = select(entries.c.article_id).where(entries.c.feed_id == feed_id)
    seen = select(articles.c.id).where(articles.c.id.in_(led_to), articles.c.first_seen_at < seen_before)
    return _mark(db, seen, is_read=True, now=now)


def mark_all(db: Connection, *, seen_before: datetime, now: datetime) -> int:
    """Mark every article that was first seen before then as read; return how many changed."""
    seen = select(articles.c.id).where(articles.c.first_seen_at < seen_before)
    return _mark(db, seen, is_read=True, now=now)


def _mark(db: Connection, wanted: Select[tuple[int]], *, is_read: bool, now: datetime) -> int:
    if not is_read:
        was_read = article_status.c.article_id.in_(wanted) & article_status.c.read_at.is_not(None)
        return db.execute(update(article_status).where(was_read).values(read_at=None)).rowcount
    ids = wanted.subquery("wanted")
    read = select(article_status.c.article_id).where(article_status.c.read_at.is_not(None))
    # "WHERE" must be there: without it SQLite takes ON CONFLICT for the ON of a join.
    unread = select(ids.c[0], literal(now, article_status.c.read_at.type)).where(ids.c[0].not_in(read))
    add = insert_into(db, article_status).from_select(["article_id", "read_at"], unread)
    return db.execute(add.on_conflict_do_update(index_elements=["article_id"], set_={"read_at": now})).rowcount
