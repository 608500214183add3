"""Databases as older versions left them: made by the migrations themselves, filled by what their tables say."""

from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection, Table, create_engine

from aggregator.store.migrate import VERSION_TABLE
from aggregator.store.search_index import is_of_index
from aggregator.store.upgrade import alembic_config, all_revisions

N_ROWS = 3
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
Rows = dict[str, list[dict[str, Any]]]


def released() -> list[str]:
    """Return every revision but the last, oldest first."""
    engine = create_engine("sqlite://")
    with engine.connect() as db:
        revisions = all_revisions(db)[::-1]
    engine.dispose()
    return revisions


def make_old(db: Connection, revision: str) -> Rows:
    """Make the database as it was at this revision, with some rows in each table; return them."""
    command.upgrade(alembic_config(db), revision)
    old = tables(db)
    for table in old.sorted_tables:
        for n in range(1, N_ROWS + 1):
            given = [column for column in table.columns if column.computed is None]
            db.execute(table.insert().values({column.name: value_of(column, n) for column in given}))
    return rows(db, old)


def tables(db: Connection) -> sa.MetaData:
    found = sa.MetaData()
    found.reflect(db, only=lambda name, _: name != VERSION_TABLE and not is_of_index(name))
    return found


def value_of(column: sa.Column[Any], n: int) -> Any:
    """Return the n-th value for a column: rows of the same number belong together."""
    if column.name == "id" or column.foreign_keys or column.name.endswith("_id"):
        return n
    match column.type:
        case sa.Boolean():
            return n % 2 == 0
        case sa.DateTime():
            return NOON
        case sa.Integer():
            return n
        case sa.Float():
            return n / 2
        case sa.JSON():
            return {"n": n}
        case sa.LargeBinary():
            return f"{column.table.name}.{column.name} {n}".encode()
    return f"{column.table.name}.{column.name} {n}"


def rows(db: Connection, of: sa.MetaData) -> Rows:
    return {table.name: [dict(row) for row in db.execute(in_order(table)).mappings()] for table in of.sorted_tables}


def in_order(table: Table) -> sa.Select[Any]:
    return table.select().order_by(*table.primary_key.columns)


def lost(before: Rows, after: Rows) -> list[str]:
    """Return what is gone or changed of tables and columns that are still there."""
    return [
        f"{name}.{column}: {old[column]} became {new.get(column, 'nothing')}"
        for name in before.keys() & after.keys()
        for old, new in zip_longest(before[name], after[name], fillvalue={})
        for column in old.keys() & (new.keys() or old.keys())
        if column not in new or old[column] != new[column]
    ]
