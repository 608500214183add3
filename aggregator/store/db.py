"""Opening the database, and its transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in this file."""
    raise NotImplementedError


def open_database(url: str) -> Engine:
    """Return the database at `url`, made or brought up to date where needed, in one transaction.

    Raises FutureDatabaseError where a newer Broadsheet wrote it, StoreError where it cannot be opened.
    """
    raise NotImplementedError


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is kept as a whole or not at all (BEGIN IMMEDIATE on SQLite)."""
    raise NotImplementedError


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database and changes nothing."""
    raise NotImplementedError
