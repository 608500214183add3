"""Feeds that the site behind a subscription offers, beside the one that was chosen."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, select, update

from aggregator.models.entries import FeedOffer
from aggregator.store.schema import feed_key, feed_offers, feeds, polls


def replace_offers(db: Connection, feed_id: int, offers: Sequence[FeedOffer]) -> None:
    """Keep which feeds the site behind this subscription offers, beside the one that was chosen."""
    db.execute(delete(feed_offers).where(feed_offers.c.feed_id == feed_id))
    rows = [
        {
            "feed_id": feed_id,
            "position": position,
            "feed_url": offer.feed_url,
            "feed_key": feed_key(offer.feed_url),
            "title": offer.title,
        }
        for position, offer in enumerate(offers)
    ]
    if rows:
        db.execute(insert(feed_offers), rows)


def note_search(db: Connection, feed_id: int, found: Sequence[FeedOffer], *, now: datetime) -> None:
    """Keep what a search of the site for another address of the feed found, if anything."""
    own = {row.feed_url for row in db.execute(select(feeds.c.feed_url).where(feeds.c.id == feed_id))}
    others = [offer for offer in found if offer.feed_url not in own]
    if own and others:
        replace_offers(db, feed_id, others)
    db.execute(update(polls).where(polls.c.feed_id == feed_id).values(searched_at=now))


def offers_of(db: Connection, feed_id: int) -> list[FeedOffer]:
    """Return the feeds that the site offers and that are not subscribed to."""
    is_subscribed = exists().where(feeds.c.feed_key == feed_offers.c.feed_key)
    rows = db.execute(
        select(feed_offers.c.feed_url, feed_offers.c.title)
        .where(feed_offers.c.feed_id == feed_id, ~is_subscribed)
        .order_by(feed_offers.c.position)
    )
    return [FeedOffer(row.feed_url, row.title) for row in rows]
