"""How the whole machine does, in figures: each a cheap question."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from aggregator.models.feeds import FeedChoice
from aggregator.models.pages import Condition
from aggregator.store import feed_list
from aggregator.store import settings as memory
from aggregator.store.schema import editions, feeds, hubs, polls

LATE_AFTER = timedelta(minutes=15)
"""A worker asks a feed within seconds of its time; many feeds take a few minutes."""


def condition(db: Connection, *, since: datetime, old_before: datetime, slow_s: float, now: datetime) -> Condition:
    """Return how the machine does; `since` is the start of the window, `slow_s` what makes a feed slow."""
    progress = memory.progress(db, since=since)
    active = feeds.c.is_paused.is_(False)
    polled = select(func.count()).select_from(feeds).join(polls, polls.c.feed_id == feeds.c.id)
    return Condition(
        worker_seen_at=memory.worker_seen_at(db),
        regrouped_at=progress.regrouped_at,
        encoder=memory.present_encoder(db),
        encoder_error=progress.encoder_error,
        n_feeds=progress.n_feeds,
        n_paused=_count(db, select(func.count()).select_from(feeds).where(feeds.c.is_paused)),
        n_need_owner=feed_list.count(db, FeedChoice(needs_owner=True, old_before=old_before)),
        n_slow=_count(db, polled.where(active, polls.c.took_s >= slow_s)),
        n_late=_count(db, polled.where(active, polls.c.next_check_at < now - LATE_AFTER)),
        n_unencoded=progress.n_unencoded,
        n_ungrouped=progress.n_ungrouped,
        n_announced=_count(db, select(func.count()).select_from(hubs).where(hubs.c.lease_until > now)),
        n_offered=_count(db, select(func.count()).select_from(hubs)),
        database="SQLite" if db.dialect.name == "sqlite" else "PostgreSQL",
        database_bytes=_size(db),
        newest_edition_at=db.execute(select(func.max(editions.c.at))).scalar(),
    )


def _count(db: Connection, question: Select[Any]) -> int:
    return int(db.execute(question).scalar_one())


def _size(db: Connection) -> int:
    if db.dialect.name == "sqlite":
        n_pages = db.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(n_pages) * int(db.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(db.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
