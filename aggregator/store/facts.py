"""What feeds brought lately: for deciding when to ask them again, and for saying how they do."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, and_, distinct, func, literal, or_, select

from aggregator.models.feeds import FeedFacts
from aggregator.store.schema import UtcTime, entries, feeds, hubs, memberships, stories
from aggregator.store.statements import among_ids, microseconds_of, tuples_of

RHYTHM_ARTICLES = 20
"""How many of a feed's latest articles its rhythm is read from."""

_EVER = datetime(1, 1, 1, tzinfo=UTC)


def facts_of(db: Connection, feed_ids: Sequence[int], *, since: datetime, now: datetime) -> dict[int, FeedFacts]:
    """Return what each of these feeds brought: its latest dates, its part in stories since then, and by which way."""
    dates = _latest(db, feed_ids)
    records = dict.fromkeys(feed_ids, (0, 0, 0)) | _records(db, feed_ids, since)
    announced = _announced(db, feed_ids, now)
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
        .where(among_ids(feeds.c.id), is_wanted)
        .group_by(entries.c.feed_id)
    )
    return {
        feed_id: tuple(us for (us,) in _AS_MOMENTS.decode(said))
        for feed_id, said in db.execute(found, {"ids": feed_ids})
    }


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
        .where(among_ids(entries.c.feed_id), entries.c.published_at >= since)
        .group_by(entries.c.feed_id)
    )
    rows = db.execute(counts, {"ids": feed_ids})
    return {feed_id: (n_stories, n_first, n_copied) for feed_id, n_stories, n_first, n_copied in rows}


def _announced(db: Connection, feed_ids: Sequence[int], now: datetime) -> set[int]:
    """Return the feeds whose hubs sent something, and no check found anything since that they had not sent."""
    works = and_(hubs.c.lease_until > now, or_(hubs.c.missed_at.is_(None), hubs.c.pushed_at > hubs.c.missed_at))
    announcing = select(hubs.c.feed_id).where(among_ids(hubs.c.feed_id), hubs.c.pushed_at.is_not(None), works)
    return set(db.execute(announcing, {"ids": feed_ids}).scalars())
