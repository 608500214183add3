"""Every schema that was ever released is brought up to date with all that it holds.

The old databases are made by the migrations themselves, and filled by what their tables say of themselves: a migration
that is added is tested without anybody thinking of it.
"""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, make_url

from aggregator.errors import FutureDatabaseError
from aggregator.store.db import open_database
from aggregator.store.migrate import VERSION_TABLE, newest_revision
from aggregator.store.schema import metadata
from aggregator.store.search_index import is_of_index
from tests.old_databases import N_ROWS, lost, make_old, released, rows, tables

COMPARED = {
    "version_table": VERSION_TABLE,
    "compare_type": True,
    "include_name": lambda name, kind, _: kind != "table" or not is_of_index(name),
}


@pytest.fixture
def bare(database_url: str) -> Engine:
    """The database without anything that Broadsheet does when it opens it."""
    driver = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}[make_url(database_url).get_backend_name()]
    return create_engine(make_url(database_url).set(drivername=driver), poolclass=sa.NullPool)


@pytest.mark.parametrize("revision", released())
def test_a_database_of_each_version_is_brought_up_to_date_with_all_it_holds(
    bare: Engine, database_url: str, revision: str
) -> None:
    with bare.begin() as db:
        before = make_old(db, revision)
    assert all(len(of_table) == N_ROWS for of_table in before.values())
    engine = open_database(database_url)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts=COMPARED)
        assert compare_metadata(context, metadata) == []
        assert lost(before, rows(db, tables(db))) == []
        if db.dialect.name == "sqlite":
            assert db.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_the_number_of_the_newest_file_is_where_alembic_leads() -> None:
    assert newest_revision() == released()[-1]


def test_an_upgrade_that_fails_leaves_the_old_database_as_it_was(bare: Engine, database_url: str) -> None:
    with bare.begin() as db:
        before = make_old(db, released()[0])
        # What one of the later steps wants to make is there already, so that this step fails half-way.
        db.exec_driver_sql("CREATE TABLE sessions (id INTEGER)")
    with pytest.raises(Exception, match="sessions"):
        open_database(database_url)
    with bare.connect() as db:
        there = tables(db)
        assert set(there.tables) == {*before, "sessions"}
        assert {name: of_table for name, of_table in rows(db, there).items() if name != "sessions"} == before


def test_a_database_of_a_newer_version_is_left_alone(bare: Engine, database_url: str) -> None:
    with bare.begin() as db:
        before = make_old(db, "head")
        db.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(FutureDatabaseError, match=r"written by a newer Broadsheet \(its version is 9999\)"):
        open_database(database_url)
    with bare.connect() as db:
        assert rows(db, tables(db)) == before
