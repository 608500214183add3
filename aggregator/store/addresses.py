"""Where articles are: at the address that their publishers give now, and known at those they gave before."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from aggregator.models.arrivals import Move
from aggregator.store.schema import articles, former_addresses, url_key
from aggregator.store.statements import chunks, insert_into

MAX_FORMER = 8
"""Former addresses of one article: a feed that gives another with every check would fill the disk otherwise."""


def at_former(db: Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return by the key of an address which article was there once."""
    question = select(former_addresses.c.key, former_addresses.c.article_id)
    return {
        row.key: row.article_id
        for some in chunks(keys)
        for row in db.execute(question.where(former_addresses.c.key.in_(some)))
    }


def move(db: Connection, moves: Iterable[Move]) -> None:
    """Let articles be at their new addresses, and stay known at the old ones; of two that go to one, the last goes.

    Nothing goes where another article is: that may have come since this was decided.
    """
    by_key = {url_key(each.canonical_url): each for each in moves}
    moved = {by_key[key].article_id: key for key in by_key.keys() - _taken(db, list(by_key))}
    before = former_addresses.alias()
    n_before = select(func.count()).where(before.c.article_id == articles.c.id).scalar_subquery()
    for some in chunks(sorted(moved)):
        there = select(articles.c.key, articles.c.id).where(articles.c.id.in_(some), n_before < MAX_FORMER)
        add = insert_into(db, former_addresses).from_select(["key", "article_id"], there)
        db.execute(add.on_conflict_do_nothing())
        db.execute(_MOVE, [_row(by_key[key], key) for key in map(moved.__getitem__, some)])


def _taken(db: Connection, keys: Sequence[bytes]) -> set[bytes]:
    question = select(articles.c.key)
    return {key for some in chunks(keys) for key in db.execute(question.where(articles.c.key.in_(some))).scalars()}


def _row(to: Move, key: bytes) -> dict[str, Any]:
    return {"of_article": to.article_id, "at_key": key, "at": to.canonical_url, "link": to.url}


_MOVE = (
    update(articles)
    .where(articles.c.id == bindparam("of_article"))
    .values(key=bindparam("at_key"), canonical_url=bindparam("at"), url=bindparam("link"))
)
