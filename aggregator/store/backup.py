"""A copy of the whole database, as it is at one moment."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from aggregator.errors import DiskFullError, StoreError
from aggregator.store.db import is_disk_full


def back_up(engine: Engine, path: Path) -> int:
    """Write the database to a new file, while others go on writing to it; return how many bytes that is.

    The copy is what one reader sees at one moment (SQLite's online backup), is looked through before it gets its name,
    and can be opened in the place of the original. Raises StoreError where it cannot be made.
    """
    if engine.dialect.name != "sqlite":
        raise StoreError(
            "PostgreSQL makes copies of its databases itself: pg_dump --format=custom --file=FILE with the database's "
            "address writes one, and pg_restore --clean --if-exists --dbname with the address brings it back."
        )
    if path.exists():
        raise StoreError(f"{path} is there already; name a file that is not.")
    part = path.with_name(f"{path.name}.part")
    try:
        _copy(engine, part)
        part.replace(path)
    except sqlite3.Error as error:
        if is_disk_full(error):
            raise DiskFullError(f"The copy {path} cannot be made: the disk is full.") from error
        raise StoreError(f"The copy {path} cannot be made: {error}.") from error
    except OSError as error:
        raise StoreError(f"The copy {path} cannot be made: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return path.stat().st_size


def _copy(engine: Engine, part: Path) -> None:
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(engine.raw_connection()) as source, closing(sqlite3.connect(part)) as target:
        source.driver_connection.backup(target)  # type: ignore[union-attr]  # all at once: in steps, writers restart it
        found = target.execute("PRAGMA integrity_check").fetchone()[0]
        # One file, not three: what stands beside a database in WAL mode would have to be moved with it.
        target.execute("PRAGMA journal_mode = DELETE")
    if found != "ok":
        raise StoreError(f"The database is damaged, and its copy would be too: {found}.")
