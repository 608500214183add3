"""What feeds brought lately: for deciding when to ask them again, and for saying how they do."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, and_, distinct, func, literal, or_, select

from aggregator.models.feeds import FeedFacts
from aggregator.store.schema import UtcTime, entries, feeds, hubs, memberships, stories
from aggregator.store.statements import chunks, microseconds_of, tuples_of

RHYTHM_ARTICLES = 20
"""How many of a feed's latest articles its rhythm is read from."""

_EVER = datetime(1, 1, 1, tzinfo=UTC)


def facts_of(db: Connection, feed_ids: Sequence[int], *, since: datetime, now: datetime) -> dict[int, FeedFacts]:
    """Return what each of these feeds brought: its latest dates, its part in stories since then, and by which way."""
    dates: dict[int, tuple[int, ...]] = {}
    records = dict.fromkeys(feed_ids, (0, 0, 0))
    announced: set[int] = set()
    for some in chunks(feed_ids):
        dates |= _latest(db, some)
        records |= _records(db, some, since)
        announced |= _announced(db, some, now)
    return {
        feed_id: FeedFacts(
            published_us=dates.get(feed_id, ()),
            n_stories=n_stories,
            n_first=n_first,
            n_copied=n_copied,
            is_announced=feed_id in announced,
        )
        for feed_id, (n_stories, n_first, n_copied) in records.items()
    }


def _latest(db: Connection, feed_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return by feed the moments of its latest articles, read along the index from its end."""
    of_feed = entries.alias()
    last_wanted = (
        select(of_feed.c.published_at)
        .where(of_feed.c.feed_id == feeds.c.id)
        .order_by(of_feed.c.published_at.desc())
        .limit(1)
        .offset(RHYTHM_ARTICLES - 1)
        .scalar_subquery()
    )
    # not "IS NULL OR >=": for an OR, SQLite reads every entry of the feed
    is_wanted = entries.c.published_at >= func.coalesce(last_wanted, literal(_EVER, UtcTime))
    found = (
        select(entries.c.feed_id, tuples_of(microseconds_of(entries.c.published_at)))
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .where(feeds.c.id.in_(feed_ids), is_wanted)
        .group_by(entries.c.feed_id)
    )
    return {feed_id: tuple(us for (us,) in _AS_MOMENTS.decode(said)) for feed_id, said in db.execute(found)}


_AS_MOMENTS = msgspec.json.Decoder(list[tuple[int]])


def _records(db: Connection, feed_ids: Sequence[int], since: datetime) -> dict[int, tuple[int, int, int]]:
    """Return of each feed how many stories of several publishers it is in, was first in, and only copied for."""
    in_stories = func.count(distinct(stories.c.id))
    counts = (
        select(
            entries.c.feed_id,
            in_stories,
            in_stories.filter(entries.c.published_at == stories.c.first_at),
            in_stories.filter(memberships.c.copy_of_id.is_not(None)),
        )
        .join(memberships, memberships.c.article_id == entries.c.article_id)
        .join(stories, and_(stories.c.id == memberships.c.story_id, stories.c.n_publishers >= 2))
        .where(entries.c.feed_id.in_(feed_ids), entries.c.published_at >= since)
        .group_by(entries.c.feed_id)
    )
    return {feed_id: (n_stories, n_first, n_copied) for feed_id, n_stories, n_first, n_copied in db.execute(counts)}


def _announced(db: Connection, feed_ids: Sequence[int], now: datetime) -> set[int]:
    """Return the feeds whose hubs sent something, and no check found anything since that they had not sent."""
    works = and_(hubs.c.lease_until > now, or_(hubs.c.missed_at.is_(None), hubs.c.pushed_at > hubs.c.missed_at))
    return set(
        db.execute(
            select(hubs.c.feed_id).where(hubs.c.feed_id.in_(feed_ids), hubs.c.pushed_at.is_not(None), works)
        ).scalars()
    )
