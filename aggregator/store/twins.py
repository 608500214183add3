"""Two that turn out to be one: a feed or an article at another address, and what becomes of what was there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, true, update

from aggregator.models.arrivals import Move
from aggregator.store import articles as pieces
from aggregator.store import stories
from aggregator.store.folders import remove_empty_folders
from aggregator.store.schema import (
    act_articles,
    article_status,
    articles,
    correction_articles,
    entries,
    feed_key,
    feeds,
    former_addresses,
    guid_key,
)
from aggregator.store.statements import insert_into

_OWNERS = ("owner_title", "folder_id", "language", "country", "interval_s")
"""What the owner chose for a feed."""


def follow_move(db: Connection, feed_id: int, feed_url: str, *, now: datetime) -> int:
    """Follow a feed to the address that it moved to for good, and remember where it was; return the id that has it."""
    from_url = db.execute(select(feeds.c.feed_url).where(feeds.c.id == feed_id)).scalar()
    there = change_feed_url(db, feed_id, feed_url)
    db.execute(update(feeds).where(feeds.c.id == there).values(moved_from_url=from_url, moved_at=now))
    return there


def become_one(db: Connection, moves: Iterable[Move]) -> None:
    """Let an article that moved to where another feed has brought it already be one with what is there."""
    for each in moves:
        if each.over_id is not None:
            published_at = select(articles.c.published_at).where(articles.c.id == each.article_id).scalar_subquery()
            led = update(entries).where(entries.c.article_id == each.over_id)
            db.execute(led.values(article_id=each.article_id, published_at=published_at))
            known_at = update(former_addresses).where(former_addresses.c.article_id == each.over_id)
            db.execute(known_at.values(article_id=each.article_id))
            _merge_articles(db, each.over_id, each.article_id)


def change_feed_url(db: Connection, feed_id: int, feed_url: str) -> int:
    """Move the subscription to another address; return the id that holds it then.

    Where that address is subscribed to already, the two become one: the other keeps its id and what the owner chose
    for it, and takes over the entries, with their reading status, and whatever was chosen for this one only.
    """
    there: int | None = db.execute(select(feeds.c.id).where(feeds.c.feed_key == feed_key(feed_url))).scalar()
    if there == feed_id:
        return feed_id
    if there is None:
        values = {"feed_url": feed_url, "feed_key": feed_key(feed_url)}
        db.execute(update(feeds).where(feeds.c.id == feed_id).values(values))
        return feed_id
    db.execute(select(feeds.c.id).where(feeds.c.id.in_([feed_id, there])).order_by(feeds.c.id).with_for_update())
    _move_entries(db, feed_id, there)
    _hand_over_choices(db, feed_id, there)
    db.execute(delete(feeds).where(feeds.c.id == feed_id))
    remove_empty_folders(db)
    return there


def _move_entries(db: Connection, from_id: int, to_id: int) -> None:
    """Move a feed's entries to another; of an entry that both have, one stays."""
    theirs, there = entries.alias(), articles.alias()
    same_guid = (theirs.c.feed_id == to_id) & (theirs.c.guid_key == entries.c.guid_key)
    same_words = (there.c.title == articles.c.title) | (there.c.digest == articles.c.digest)
    twice = db.execute(
        select(
            entries.c.id,
            entries.c.guid,
            entries.c.article_id,
            there.c.id.label("stays"),
            (articles.c.canonical_url.is_(None) & same_words).label("is_same"),
        )
        .join(theirs, same_guid)
        .join(articles, articles.c.id == entries.c.article_id)
        .join(there, there.c.id == theirs.c.article_id)
        .where(entries.c.feed_id == from_id)
    ).all()
    for row in twice:
        if row.article_id == row.stays or row.is_same:
            db.execute(delete(entries).where(entries.c.id == row.id))
            if row.article_id != row.stays:
                _merge_articles(db, row.article_id, row.stays)
        else:  # two pieces that only share a guid
            guid = f"{row.guid}#{from_id}"
            db.execute(update(entries).where(entries.c.id == row.id).values(guid=guid, guid_key=guid_key(guid)))
    db.execute(update(entries).where(entries.c.feed_id == from_id).values(feed_id=to_id))
    pieces.hand_over(db, from_id)


def _merge_articles(db: Connection, old_id: int, new_id: int) -> None:
    """Forget an article that is kept under another number too; marks and corrections go over to that."""
    if db.execute(select(exists().where(entries.c.article_id == old_id))).scalar():
        return
    _hand_over_status(db, old_id, new_id)
    told = correction_articles.alias()
    is_told = exists().where(told.c.correction_id == correction_articles.c.correction_id, told.c.article_id == new_id)
    correct = update(correction_articles).where(correction_articles.c.article_id == old_id, ~is_told)
    db.execute(correct.values(article_id=new_id))
    stories.take_out(db, [old_id])
    pieces.forget(db, [old_id])


def _hand_over_status(db: Connection, old_id: int, new_id: int) -> None:
    status = db.execute(select(article_status).where(article_status.c.article_id == old_id)).mappings().first()
    if status is None:
        return
    mark = insert_into(db, article_status).values({**status, "article_id": new_id})
    kept = {name: func.coalesce(article_status.c[name], mark.excluded[name]) for name in status if name != "article_id"}
    db.execute(mark.on_conflict_do_update(index_elements=["article_id"], set_=kept))
    other = act_articles.alias()
    is_there = exists().where(other.c.act_id == act_articles.c.act_id, other.c.article_id == new_id)
    by_acts = update(act_articles).where(act_articles.c.article_id == old_id, ~is_there)
    db.execute(by_acts.values(article_id=new_id))


def _hand_over_choices(db: Connection, from_id: int, to_id: int) -> None:
    """Give a feed what the owner chose for another where nothing was chosen for it."""
    chosen = db.execute(select(*(feeds.c[name] for name in _OWNERS)).where(feeds.c.id == from_id)).mappings().one()
    own: dict[str, Any] = {
        name: func.coalesce(feeds.c[name], value) for name, value in chosen.items() if value is not None
    }
    if db.execute(select(feeds.c.wants_full_text).where(feeds.c.id == from_id)).scalar():
        own["wants_full_text"] = true()
    if own:
        db.execute(update(feeds).where(feeds.c.id == to_id).values(own))
