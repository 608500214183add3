"""Subscribing to feeds, one by one, by list or from the starter pack: each address is judged before it is kept."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from importlib.resources import files

from sqlalchemy import Connection

from aggregator.errors import AddressError
from aggregator.models import ImportOutcome, ImportResult, Subscription
from aggregator.parse.opml import parse_opml
from aggregator.parse.urls import as_feed_url, feed_url_problem
from aggregator.store import feeds
from aggregator.store.twins import follow_move


def subscribe_all(db: Connection, wanted: Iterable[Subscription], *, now: datetime) -> Iterator[ImportOutcome]:
    """Subscribe to each feed in turn, and yield what became of it; one that is not valid stops no other."""
    for subscription in wanted:
        problem = feed_url_problem(subscription.feed_url)
        if problem:
            yield ImportOutcome(subscription, ImportResult.INVALID, why=problem)
        else:
            tidy = replace(subscription, feed_url=as_feed_url(subscription.feed_url))
            yield feeds.subscribe(db, tidy, now=now)


def readdress(db: Connection, feed_id: int, address: str, *, now: datetime) -> int:
    """Go on with a feed at another address, with all that it brought; return the id that has it then.

    Raises AddressError, in words, for what cannot be an address.
    """
    if problem := feed_url_problem(address):
        raise AddressError(problem)
    there = follow_move(db, feed_id, as_feed_url(address), now=now)
    feeds.start_afresh(db, there, now=now)
    return there


def starter_pack() -> list[Subscription]:
    """Return the world-news feeds that are offered to whoever brings none."""
    return parse_opml(files("aggregator").joinpath("starter.opml").read_bytes())
