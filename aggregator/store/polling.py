"""When feeds are asked again, who is asking them, and how it went."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select, update

from aggregator.models.feeds import DueFeed, Poll
from aggregator.store.facts import facts_of
from aggregator.store.feed_rows import feed_from, poll_from, row_of, select_feeds
from aggregator.store.schema import SET_BACK, feeds, polls
from aggregator.store.statements import among_ids

RECORD = timedelta(days=7)
"""How far back it counts whether a feed was first on stories or copied: about as long as a story stays in the news."""


def check_now(db: Connection, feed_id: int | None, *, now: datetime) -> int:
    """Make the feed due (all, where None) unless it is paused; return how many that was."""
    active = select(feeds.c.id).where(feeds.c.is_paused.is_(False))
    if feed_id is not None:
        active = active.where(feeds.c.id == feed_id)
    return db.execute(update(polls).where(polls.c.feed_id.in_(active)).values(next_check_at=now)).rowcount


def forget_future(db: Connection, *, now: datetime) -> int:
    """Make due what a clock checked or claimed in a future that is none any more; return how many feeds that was.

    Otherwise they would wait until the clock is there again: a day, should it have gone wrong by one.
    """
    ahead = now + SET_BACK
    lost = update(polls).where(or_(polls.c.checked_at > ahead, polls.c.claimed_until > ahead))
    return db.execute(lost.values(next_check_at=now, checked_at=now, claimed_until=None)).rowcount


def claim_due(db: Connection, *, now: datetime, limit: int, lease_s: float) -> list[DueFeed]:
    """Return feeds that are due, longest first, and keep other workers off them for `lease_s`.

    Rows that another worker is claiming at this moment are passed over (FOR UPDATE SKIP LOCKED on PostgreSQL).
    A worker that dies holds its feeds back for no longer than the lease.
    """
    due = (
        select(polls.c.feed_id)
        .join(feeds, feeds.c.id == polls.c.feed_id)
        .where(
            polls.c.next_check_at <= now,
            feeds.c.is_paused.is_(False),
            or_(polls.c.claimed_until.is_(None), polls.c.claimed_until <= now),
        )
        .order_by(polls.c.next_check_at, polls.c.feed_id)
        .limit(limit)
        .with_for_update(of=polls, skip_locked=True)
    )
    return claim(db, db.execute(due).scalars().all(), now=now, lease_s=lease_s)


def claim(db: Connection, feed_ids: Sequence[int], *, now: datetime, lease_s: float) -> list[DueFeed]:
    """Return these feeds as due, whenever their time is: for a refresh that the owner asked for."""
    until = now + timedelta(seconds=lease_s)
    db.execute(_OF_FEEDS.values(claimed_until=until), {"ids": feed_ids})
    return find_due(db, feed_ids, now=now)


def renew_claims(db: Connection, feed_ids: Collection[int], *, now: datetime, lease_s: float) -> None:
    """Keep other workers off these feeds for `lease_s` from now on; a feed that nobody claims stays free."""
    until = now + timedelta(seconds=lease_s)
    claimed = _OF_FEEDS.where(polls.c.claimed_until.is_not(None))
    db.execute(claimed.values(claimed_until=until), {"ids": sorted(feed_ids)})


def release(db: Connection, feed_ids: Collection[int]) -> None:
    """Give the claims on these feeds back."""
    db.execute(_OF_FEEDS.values(claimed_until=None), {"ids": sorted(feed_ids)})


_OF_FEEDS = update(polls).where(among_ids(polls.c.feed_id))


def find_due(db: Connection, feed_ids: Sequence[int], *, now: datetime) -> list[DueFeed]:
    """Return these feeds with what a check needs to know of them, without a claim; those that are gone are left out."""
    facts = facts_of(db, feed_ids, since=now - RECORD, now=now)
    rows = db.execute(select_feeds().where(among_ids(feeds.c.id)), {"ids": feed_ids}).mappings()
    found = {row["id"]: DueFeed(feed_from(row), poll_from(row), facts[row["id"]]) for row in rows}
    return [found[feed_id] for feed_id in dict.fromkeys(feed_ids) if feed_id in found]


def record_poll(db: Connection, poll: Poll) -> None:
    """Keep how one check went, and give the claim back."""
    record_polls(db, [poll])


def record_polls(db: Connection, checked: Sequence[Poll]) -> None:
    """Keep how checks went, and give the claims back."""
    if checked:
        columns = [name for name in polls.c.keys() if name != "feed_id"]  # noqa: SIM118 -- a collection, not a dict
        record = update(polls).where(polls.c.feed_id == bindparam("of_feed"))
        db.execute(record.values({name: bindparam(name) for name in columns}), [row_of(poll) for poll in checked])


def start_afresh(db: Connection, feed_id: int, *, now: datetime) -> None:
    """Let the feed be asked at once, and as if for the first time: for one at another address."""
    db.execute(update(feeds).where(feeds.c.id == feed_id).values(is_paused=False))
    forget_document(db, feed_id)
    forgotten = dict.fromkeys(("error", "fault", "failing_since", "searched_at"))
    db.execute(update(polls).where(polls.c.feed_id == feed_id).values(n_failures=0, next_check_at=now, **forgotten))


def forget_document(db: Connection, feed_id: int) -> None:
    """Let the next check ask for the whole document and read all of it, whether it is known or not."""
    forgotten = dict.fromkeys(("etag", "last_modified", "body_hash", "items"))
    db.execute(update(polls).where(polls.c.feed_id == feed_id).values(forgotten))
