"""Opening the database, and its transactions."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError

from aggregator.errors import DiskFullError, StoreError
from aggregator.store.migrate import bring_up_to_date

BUSY_TIMEOUT_S = 30.0
"""How long a SQLite connection waits for another's transaction; ours take far less than a second each."""
CONNECT_TIMEOUT_S = 10
_MIGRATION_LOCK = 7_302_111_946
"""Any number, as long as every Broadsheet asks PostgreSQL for the same one."""
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in this file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def open_database(url: str) -> Engine:
    """Return the database at `url`, made or brought up to date where needed, in one transaction.

    Raises FutureDatabaseError where a newer Broadsheet wrote it, StoreError where it cannot be opened.
    """
    address = _address(url)
    engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)
    try:
        _migrate(engine)
    except DatabaseError as error:
        engine.dispose()
        raise _kind(error)(f"{_name(address)} cannot be opened: {_reason(error, address)}.") from error
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is kept as a whole or not at all (BEGIN IMMEDIATE on SQLite)."""
    with _in_words(engine), engine.begin() as db:
        yield db


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database and changes nothing."""
    with _in_words(engine), engine.connect() as db:
        if engine.dialect.name == "sqlite":
            db.execution_options(begin="BEGIN")
        else:
            db.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with _only_reading(db):
            yield db


@contextmanager
def _only_reading(db: Connection) -> Iterator[None]:
    # Said to the driver itself: SQLAlchemy would begin a transaction for each, and every page reads several times.
    sqlite = db.connection.driver_connection if db.dialect.name == "sqlite" else None
    if sqlite:
        sqlite.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        db.rollback()
        if sqlite and not db.invalidated:
            sqlite.execute("PRAGMA query_only = OFF")


@contextmanager
def _in_words(engine: Engine) -> Iterator[None]:
    """Turn a database that is gone, full, locked or broken into a sentence; faults of ours stay faults."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _in_a_sentence(error, engine.url) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise _in_a_sentence(error, engine.url) from error


def _in_a_sentence(error: DBAPIError, address: URL) -> StoreError:
    return _kind(error)(f"{_name(address)} does not work: {_reason(error, address)}.")


def _kind(error: DBAPIError) -> type[StoreError]:
    return DiskFullError if is_disk_full(error.orig) else StoreError


def is_disk_full(error: BaseException | None) -> bool:
    """Return whether the driver says that there is no room: SQLite in two ways, PostgreSQL by disk_full (class 53).

    SQLITE_IOERR_SHMSIZE is what the first to come hears, even to read: there is no room for what connections share.
    """
    no_room = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
    return getattr(error, "sqlite_errorcode", None) in no_room or getattr(error, "sqlstate", "") == "53100"


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "database.url is not the address of a database; write sqlite:////folder/file.db or "
            "postgresql://user:password@host/name, or leave it empty."
        ) from error
    if address.drivername not in _DRIVERS:
        raise StoreError(f"database.url names {address.drivername}, but only sqlite and postgresql can be used.")
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise StoreError("database.url names no file, and SQLite in memory would forget everything; name a file.")
    return address.set(drivername=_DRIVERS[address.drivername])


def _sqlite(address: URL) -> Engine:
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {path.parent} for the database cannot be made: {error.strerror}.") from error
    _keep_private(path)
    # Errors name their parameters otherwise: what is read, and addresses of private feeds, would stand in the log.
    # Each connection holds pages of its own; the one that was used last is used next, so that few hold many.
    engine = create_engine(address, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_use_lifo=True, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_private(path: Path) -> None:
    """Let nobody else on the machine read the database: it holds the key that signs sessions, and what was read.

    SQLite gives the files beside it the same mode. Where the mode cannot be changed, opening says what is wrong.
    """
    with suppress(OSError):
        if not path.exists():
            # Never opened where it exists: closing it again would drop the locks that SQLite holds in this process.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        path.chmod(path.stat().st_mode & 0o700)


def _set_up_sqlite(connection: Any, record: Any) -> None:
    # Transactions are begun by _begin_sqlite; the driver's own way begins them too late, at the first write.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Of each connection, in KiB: four times as much made no page, search or refresh quicker (bench/soak.md).
    connection.execute("PRAGMA cache_size = -8000")


def _begin_sqlite(db: Connection) -> None:
    db.exec_driver_sql(db.get_execution_options().get("begin", "BEGIN IMMEDIATE"))


def _postgresql(address: URL) -> Engine:
    timeout = {} if "connect_timeout" in address.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    engine = create_engine(address, connect_args=timeout, pool_pre_ping=True, hide_parameters=True)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, record: Any) -> None:
    # Moments of the first and the last year of our calendar cannot be told in every zone, but they can in UTC.
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _migrate(engine: Engine) -> None:
    with engine.begin() as db:
        if engine.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        bring_up_to_date(db, _name(engine.url))
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)


def _write_ahead(engine: Engine) -> None:
    """Let readers read while another writes. SQLite does not wait for others by itself here, so we do."""
    give_up_s = monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection = engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
            finally:
                connection.close()
        except DBAPIError:
            raise
        except Exception as error:
            if "locked" not in str(error) or monotonic() > give_up_s:
                raise
            threading.Event().wait(0.02)
        else:
            return


def _name(address: URL) -> str:
    if address.get_backend_name() == "sqlite":
        return f"The database {address.database}"
    return f"The database {address.set(drivername='postgresql', query={}).render_as_string(hide_password=True)}"


def _reason(error: DBAPIError, address: URL) -> str:
    """Return the driver's reason on one line, whatever it says about the password left out."""
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return "the disk is full"
    reason = " ".join(str(error.orig).split()).rstrip(".")
    return reason.replace(str(address.password), "***") if address.password else reason
