"""Empty databases of the present version. Making one takes every step of the migrations, so they are copies of one."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from aggregator.store.db import open_database, sqlite_url


def open_blank(path: Path) -> Engine:
    """Return a new, empty SQLite database in this file."""
    return open_database(write_blank(path))


def write_blank(path: Path) -> str:
    """Put a new, empty SQLite database into this file; return its URL."""
    path.write_bytes(_blank())
    return sqlite_url(path)


@cache
def _blank() -> bytes:
    with TemporaryDirectory(prefix="broadsheet-blank-") as folder:
        path = Path(folder) / "blank.db"
        open_database(sqlite_url(path)).dispose()
        return path.read_bytes()
