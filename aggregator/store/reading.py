"""What the owner has read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection


def mark_articles(db: Connection, article_ids: Sequence[int], *, is_read: bool, now: datetime) -> int:
    """Mark these articles read or unread; return how many changed."""
    raise NotImplementedError


def mark_story(db: Connection, story_id: int, *, is_read: bool, now: datetime) -> int:
    """Mark every article of the story; return how many changed."""
    raise NotImplementedError


def mark_feed(db: Connection, feed_id: int, *, seen_before: datetime, now: datetime) -> int:
    """Mark the feed's articles that were first seen before then as read; return how many changed."""
    raise NotImplementedError


def mark_all(db: Connection, *, seen_before: datetime, now: datetime) -> int:
    """Mark every article that was first seen before then as read; return how many changed."""
    raise NotImplementedError
