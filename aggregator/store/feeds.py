"""Feeds, folders and their polling."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from aggregator.models import DueFeed, Feed, FeedLine, FeedOffer, Folder, ImportOutcome, ParsedFeed, Poll, Subscription


def subscribe(db: Connection, wanted: Subscription, *, now: datetime) -> ImportOutcome:
    """Add a feed, due at once, or say that it is there already; folders on its path are made as needed.

    Its address has been judged by parse.urls.feed_url_problem before (the store does not judge addresses).
    """
    raise NotImplementedError


def find_feed(db: Connection, feed_id: int) -> Feed:
    """Return the feed; NotFoundError where there is none of this id."""
    raise NotImplementedError


def feed_lines(db: Connection) -> list[FeedLine]:
    """Return every feed with its polling and counts, by folder path, then title."""
    raise NotImplementedError


def feed_line(db: Connection, feed_id: int) -> FeedLine:
    """Return one feed with its polling and counts; NotFoundError where there is none."""
    raise NotImplementedError


def all_folders(db: Connection) -> list[Folder]:
    """Return every folder, parents before their children, by name."""
    raise NotImplementedError


def subscriptions(db: Connection) -> list[Subscription]:
    """Return every feed as it would be subscribed to again, by folder path, then title: what export writes."""
    raise NotImplementedError


def rename_feed(db: Connection, feed_id: int, title: str) -> None:
    """Call the feed what the owner calls it; an empty title brings back the feed's own."""
    raise NotImplementedError


def move_to_folder(db: Connection, feed_id: int, path: tuple[str, ...]) -> None:
    """Put the feed into the folder at this path; () takes it out of all. Folders left empty go away."""
    raise NotImplementedError


def set_paused(db: Connection, feed_id: int, *, is_paused: bool, now: datetime) -> None:
    """Stop checking the feed, or start again at once."""
    raise NotImplementedError


def delete_feed(db: Connection, feed_id: int) -> None:
    """Forget the feed and its polling; its articles stay where another feed or a story needs them.

    Articles that only this feed brought go with it.
    """
    raise NotImplementedError


def check_now(db: Connection, feed_id: int | None, *, now: datetime) -> int:
    """Make the feed due (all that are not paused, where None); return how many that was."""
    raise NotImplementedError


def claim_due(db: Connection, *, now: datetime, limit: int, lease_s: float) -> list[DueFeed]:
    """Return feeds that are due, longest first, and keep other workers off them for `lease_s`.

    Rows that another worker is claiming at this moment are passed over (FOR UPDATE SKIP LOCKED on PostgreSQL).
    A worker that dies holds its feeds back for no longer than the lease.
    """
    raise NotImplementedError


def claim(db: Connection, feed_ids: Sequence[int], *, now: datetime, lease_s: float) -> list[DueFeed]:
    """Return these feeds as due, whenever their time is: for a refresh that the owner asked for."""
    raise NotImplementedError


def record_poll(db: Connection, poll: Poll) -> None:
    """Keep how a check went, and give the claim back."""
    raise NotImplementedError


def describe_feed(db: Connection, feed_id: int, parsed: ParsedFeed) -> None:
    """Keep what the feed says of itself; what the owner chose stays. Writes nothing where nothing changed."""
    raise NotImplementedError


def change_feed_url(db: Connection, feed_id: int, feed_url: str) -> int:
    """Move the subscription to another address; return the id that holds it then.

    Where that address is subscribed to already, the two become one: the other keeps its id, and entries move to it.
    """
    raise NotImplementedError


def replace_offers(db: Connection, feed_id: int, offers: Sequence[FeedOffer]) -> None:
    """Keep which feeds the site behind this subscription offers, beside the one that was chosen."""
    raise NotImplementedError


def offers(db: Connection, feed_id: int) -> list[FeedOffer]:
    """Return the feeds that the site offers and that are not subscribed to."""
    raise NotImplementedError
