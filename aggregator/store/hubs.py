"""Hubs that announce what feeds bring (WebSub): what they offered, what they were asked, what they sent."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, or_, select, update

from aggregator.models.hubs import Hub, HubOffer, Push
from aggregator.store.polling import check_now
from aggregator.store.schema import feeds, hubs, pushes
from aggregator.store.statements import chunks

FIRST_RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(days=7)
"""Between these a hub that did not answer, or did not confirm, is asked again, later each time."""
MAX_PENDING = 20
"""Announcements of one feed that wait to be read; where there are more, the feed itself is asked."""


def note_offers(db: Connection, offers: Mapping[int, HubOffer | None], *, now: datetime) -> None:
    """Keep which hub each of these feeds offers now; a hub that is new to a feed is due to be asked at once."""
    there = _offers(db, list(offers))
    changed = [feed_id for feed_id, offer in offers.items() if there.get(feed_id) != offer]
    for some in chunks(changed):
        db.execute(delete(hubs).where(hubs.c.feed_id.in_(some)))
    rows = [_new_row(feed_id, offer, now) for feed_id in changed if (offer := offers[feed_id])]
    if rows:
        db.execute(insert(hubs), rows)


def claim_due(db: Connection, callback_base: str, *, now: datetime, limit: int) -> list[Hub]:
    """Return hubs that are to be asked to announce a feed to us, or to go on: once only, by whoever asks for them here.

    Until they confirm they are asked again, later each time; those that were given another address of ours at once.
    """
    is_due = or_(hubs.c.next_try_at <= now, hubs.c.callback_base != callback_base)
    due = (
        _select_hubs()
        .where(is_due, feeds.c.is_paused.is_(False))
        .order_by(hubs.c.next_try_at, hubs.c.feed_id)
        .limit(limit)
        .with_for_update(of=hubs, skip_locked=True)
    )
    found = [_hub(row) for row in db.execute(due).mappings()]
    for hub in found:
        _note_asked(db, hub, callback_base, now=now)
    return found


def note_failed(db: Connection, feed_id: int, why: str) -> None:
    """Keep why a hub was asked in vain."""
    db.execute(update(hubs).where(hubs.c.feed_id == feed_id).values(error=why))


def hub_at(db: Connection, token: str) -> Hub | None:
    """Return the hub that was given this token; None where none was."""
    row = db.execute(_select_hubs().where(hubs.c.token == token, hubs.c.asked_at.is_not(None))).mappings().first()
    return _hub(row) if row else None


def hub_of(db: Connection, feed_id: int) -> Hub | None:
    """Return the hub that the feed offers."""
    row = db.execute(_select_hubs().where(hubs.c.feed_id == feed_id)).mappings().first()
    return _hub(row) if row else None


def confirm(db: Connection, feed_id: int, *, lease: timedelta, renew_after: timedelta, now: datetime) -> None:
    """Keep that the hub announces the feed to us until the lease ends."""
    confirmed = {"lease_until": now + lease, "next_try_at": now + renew_after, "n_tries": 0, "error": None}
    db.execute(update(hubs).where(hubs.c.feed_id == feed_id).values(confirmed))


def deny(db: Connection, feed_id: int, *, why: str, now: datetime) -> None:
    """Keep that the hub does not announce the feed to us."""
    denied = {"lease_until": None, "next_try_at": now + LONGEST_RETRY, "error": why}
    db.execute(update(hubs).where(hubs.c.feed_id == feed_id).values(denied))


def receive(db: Connection, feed_id: int, body: bytes, content_type: str | None, *, now: datetime) -> None:
    """Keep what a hub sent until a worker reads it; where too much waits already, let the feed itself be asked."""
    waiting = select(func.count()).select_from(pushes).where(pushes.c.feed_id == feed_id)
    if db.execute(waiting).scalar_one() >= MAX_PENDING:
        check_now(db, feed_id, now=now)
        return
    row = {"feed_id": feed_id, "received_at": now, "content_type": content_type, "body": body}
    db.execute(insert(pushes).values(row))
    db.execute(update(hubs).where(hubs.c.feed_id == feed_id).values(pushed_at=now))


def claim_pushes(db: Connection, *, now: datetime, limit: int, lease_s: float) -> list[Push]:
    """Return announcements that nobody has read, oldest first, and keep other workers off them for `lease_s`."""
    waiting = (
        select(pushes)
        .where(or_(pushes.c.claimed_until.is_(None), pushes.c.claimed_until <= now))
        .order_by(pushes.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = db.execute(waiting).mappings().all()
    until = now + timedelta(seconds=lease_s)
    db.execute(update(pushes).where(pushes.c.id.in_([row["id"] for row in rows])).values(claimed_until=until))
    return [Push(row["id"], row["feed_id"], row["body"], row["content_type"]) for row in rows]


def forget_push(db: Connection, push_id: int) -> None:
    """Forget an announcement that was read."""
    db.execute(delete(pushes).where(pushes.c.id == push_id))


def note_missed(db: Connection, feed_ids: Sequence[int], *, now: datetime) -> None:
    """Keep that a check of these feeds found what their hubs, if they have any, had not announced."""
    for some in chunks(feed_ids):
        db.execute(update(hubs).where(hubs.c.feed_id.in_(some)).values(missed_at=now))


def _note_asked(db: Connection, hub: Hub, callback_base: str, *, now: datetime) -> None:
    pause = min(FIRST_RETRY * 2 ** min(hub.n_tries, 16), LONGEST_RETRY)
    asked = {"asked_at": now, "next_try_at": now + pause, "n_tries": hub.n_tries + 1, "callback_base": callback_base}
    db.execute(update(hubs).where(hubs.c.feed_id == hub.feed_id).values(asked))


def _offers(db: Connection, feed_ids: Sequence[int]) -> dict[int, HubOffer]:
    question = select(hubs.c.feed_id, hubs.c.hub_url, hubs.c.topic_url)
    return {
        row.feed_id: HubOffer(row.hub_url, row.topic_url)
        for some in chunks(feed_ids)
        for row in db.execute(question.where(hubs.c.feed_id.in_(some)))
    }


def _new_row(feed_id: int, offer: HubOffer, now: datetime) -> dict[str, Any]:
    return {
        "feed_id": feed_id,
        "hub_url": offer.hub_url,
        "topic_url": offer.topic_url,
        "token": secrets.token_urlsafe(32),
        "secret": secrets.token_urlsafe(48),
        "next_try_at": now,
        "n_tries": 0,
    }


def _select_hubs() -> Select[Any]:
    return select(hubs, feeds.c.is_paused).join(feeds, feeds.c.id == hubs.c.feed_id)


def _hub(row: RowMapping) -> Hub:
    return Hub(
        feed_id=row["feed_id"],
        offer=HubOffer(row["hub_url"], row["topic_url"]),
        token=row["token"],
        secret=row["secret"],
        n_tries=row["n_tries"],
        lease_until=row["lease_until"],
        pushed_at=row["pushed_at"],
        error=row["error"],
        is_paused=row["is_paused"],
    )
