"""What is known and kept of a single feed, where a test has but one; the store answers for many at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from aggregator.models.arrivals import Arrivals, Known
from aggregator.models.articles import Kept
from aggregator.models.entries import Entry
from aggregator.store import keeping
from aggregator.store import known as kept_already


def known(db: Connection, feed_id: int, entries: Sequence[Entry]) -> Known:
    """Return what is kept already of these entries of the feed."""
    return kept_already.known(db, {feed_id: entries})[feed_id]


def keep(db: Connection, feed_id: int, arrivals: Arrivals, *, now: datetime) -> Kept:
    """Keep what arrived in the feed."""
    return keeping.keep(db, {feed_id: arrivals}, now=now)[feed_id]
