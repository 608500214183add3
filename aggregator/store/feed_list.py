"""The list of feeds, however long: chosen, put in order and counted by the database, told of a page at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    ScalarSelect,
    Select,
    and_,
    case,
    distinct,
    func,
    or_,
    select,
    update,
)

from aggregator.models.feeds import Fault, FeedChoice, FeedOrder, FolderCount
from aggregator.models.pages import FirstSteps
from aggregator.store.feeds import delete_feed
from aggregator.store.folders import folder_at, remove_empty_folders
from aggregator.store.schema import entries, feeds, memberships, polls
from aggregator.store.statements import chunks, feed_title


def chosen(
    db: Connection,
    choice: FeedChoice,
    *,
    order: FeedOrder = FeedOrder.NAME,
    limit: int | None = None,
    offset: int = 0,
) -> list[int]:
    """Return the ids of these feeds, in this order."""
    ids = _matching(select(feeds.c.id), choice).order_by(*_order(order, choice.old_before)).limit(limit).offset(offset)
    return list(db.execute(ids).scalars())


def count(db: Connection, choice: FeedChoice) -> int:
    """Return how many these are."""
    return int(db.execute(_matching(select(func.count()), choice)).scalar_one())


def folder_counts(db: Connection, choice: FeedChoice) -> dict[int | None, FolderCount]:
    """Return what each folder holds of these feeds; those in no folder are under None."""
    n_need_owner = func.count(case((_needs_owner(choice.old_before), 1)))
    counts = _matching(select(feeds.c.folder_id, func.count(), n_need_owner), choice).group_by(feeds.c.folder_id)
    return {folder_id: FolderCount(n_feeds, n_worse) for folder_id, n_feeds, n_worse in db.execute(counts)}


def first_steps(db: Connection, *, limit: int) -> list[FirstSteps]:
    """Return how far the first feeds have come, always in the same order: as they were added."""
    wanted = (
        select(feeds.c.id, feed_title.label("shown"), polls.c.checked_at, polls.c.error)
        .join(polls, polls.c.feed_id == feeds.c.id)
        .order_by(feeds.c.id)
        .limit(limit)
    )
    rows = db.execute(wanted).mappings().all()
    counts = (
        select(
            entries.c.feed_id,
            func.count(distinct(entries.c.article_id)),
            func.count(distinct(memberships.c.article_id)),
        )
        .outerjoin(memberships, memberships.c.article_id == entries.c.article_id)
        .where(entries.c.feed_id.in_([row["id"] for row in rows]))
        .group_by(entries.c.feed_id)
    )
    counted = {feed_id: (n_articles, n_grouped) for feed_id, n_articles, n_grouped in db.execute(counts)}
    return [_steps(row, *counted.get(row["id"], (0, 0))) for row in rows]


def _steps(row: RowMapping, n_articles: int, n_grouped: int) -> FirstSteps:
    return FirstSteps(
        feed_id=row["id"],
        title=row["shown"],
        is_checked=row["checked_at"] is not None,
        error=row["error"],
        n_articles=n_articles,
        n_grouped=n_grouped,
    )


# --- acts on many ------------------------------------------------------------------------------------


def pause(db: Connection, feed_ids: Sequence[int], *, is_paused: bool, now: datetime) -> int:
    """Stop checking these feeds, or start again at once; return how many that changes."""
    n_changed = 0
    for some in chunks(feed_ids):
        others = select(feeds.c.id).where(feeds.c.id.in_(some), feeds.c.is_paused != is_paused)
        ids = db.execute(others).scalars().all()
        db.execute(update(feeds).where(feeds.c.id.in_(ids)).values(is_paused=is_paused))
        if not is_paused:
            db.execute(update(polls).where(polls.c.feed_id.in_(ids)).values(next_check_at=now))
        n_changed += len(ids)
    return n_changed


def move(db: Connection, feed_ids: Sequence[int], path: tuple[str, ...]) -> int:
    """Put these feeds into the folder at this path; () takes them out of all. Return how many were there."""
    folder_id = folder_at(db, path)
    n_moved = sum(
        db.execute(update(feeds).where(feeds.c.id.in_(some)).values(folder_id=folder_id)).rowcount
        for some in chunks(feed_ids)
    )
    remove_empty_folders(db)
    return n_moved


def check_now(db: Connection, feed_ids: Sequence[int], *, now: datetime) -> int:
    """Make these feeds due, but for those that are paused; return how many that is."""
    active = select(feeds.c.id).where(feeds.c.is_paused.is_(False))
    return sum(
        db.execute(
            update(polls).where(polls.c.feed_id.in_(some), polls.c.feed_id.in_(active)).values(next_check_at=now)
        ).rowcount
        for some in chunks(feed_ids)
    )


def delete(db: Connection, feed_ids: Sequence[int]) -> None:
    """Forget these feeds, with the articles that no other feed leads to."""
    for feed_id in feed_ids:
        delete_feed(db, feed_id)


def _matching(question: Select[Any], choice: FeedChoice) -> Select[Any]:
    found = question.select_from(feeds).join(polls, polls.c.feed_id == feeds.c.id)
    if choice.folder_ids is not None:
        is_there = feeds.c.folder_id.in_(choice.folder_ids) if choice.folder_ids else feeds.c.folder_id.is_(None)
        found = found.where(is_there)
    for word in choice.words.split():
        found = found.where(_says(feed_title, word) | _says(feeds.c.feed_url, word))
    if choice.needs_owner:
        found = found.where(_needs_owner(choice.old_before))
    return found.where(feeds.c.is_paused) if choice.is_paused else found


def _says(text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Whether a text holds this, in capitals or not; of letters beyond ASCII SQLite knows no capitals."""
    return text.contains(word, autoescape=True) | func.lower(text).contains(word.lower(), autoescape=True)


def _needs_owner(old_before: datetime) -> ColumnElement[bool]:
    """Whether its health, told in words, asks for the owner: aggregator.health says what that means."""
    is_old = and_(polls.c.checked_at.is_not(None), _newest_at() <= old_before)
    is_bad = or_(polls.c.error.is_not(None), polls.c.n_entries == 0, is_old)
    return or_(and_(feeds.c.is_paused.is_(False), is_bad), and_(feeds.c.is_paused, polls.c.fault == Fault.GONE.value))


def _newest_at() -> ScalarSelect[datetime]:
    of_feed = entries.alias()
    return select(func.max(of_feed.c.published_at)).where(of_feed.c.feed_id == feeds.c.id).scalar_subquery()


def _order(order: FeedOrder, old_before: datetime) -> list[ColumnElement[Any]]:
    by_name: list[ColumnElement[Any]] = [func.lower(feed_title), feeds.c.id]
    match order:
        case FeedOrder.NAME:
            return by_name
        case FeedOrder.PROBLEM:
            needs = case((_needs_owner(old_before), 0), else_=1)
            return [needs, polls.c.failing_since.asc().nulls_last(), *by_name]
        case FeedOrder.NEWEST:
            return [_newest_at().desc().nulls_last(), *by_name]
        case FeedOrder.SLOWEST:
            return [polls.c.took_s.desc().nulls_last(), *by_name]
