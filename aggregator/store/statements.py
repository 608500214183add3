"""What SQLAlchemy leaves to us in order to say one thing to two databases."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import BindParameter, Connection, Insert, Table, bindparam, func
from sqlalchemy.dialects import postgresql, sqlite

from aggregator.store.schema import feeds

Value = TypeVar("Value")

CHUNK = 1_000
"""Values in one IN list; SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535."""

IDS: BindParameter[int] = bindparam("ids", expanding=True)
"""The place for a list of ids in a question that is built once: what pages ask takes longer to build than to answer."""

feed_title = func.coalesce(func.nullif(feeds.c.owner_title, ""), func.nullif(feeds.c.title, ""), feeds.c.feed_url)
"""What the owner calls the feed, else what it calls itself, else where it is."""


def insert_into(db: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that knows ON CONFLICT, which both databases have and SQL has not."""
    return sqlite.insert(table) if db.dialect.name == "sqlite" else postgresql.insert(table)


def n_rows(db: Connection, added: Insert) -> int:
    """Run an INSERT; return how many rows it added or, where it may, changed."""
    return db.execute(added, execution_options={"preserve_rowcount": True}).rowcount


def chunks(values: Sequence[Value], size: int = CHUNK) -> Iterator[Sequence[Value]]:
    """Yield the values in pieces that fit into a statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
