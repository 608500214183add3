"""Bringing a database up to date by the steps in `migrations`."""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from aggregator.errors import FutureDatabaseError, StoreError
from aggregator.store.schema import metadata

VERSION_TABLE = "broadsheet_version"
"""Not Alembic's own name: on PostgreSQL the database may be shared with another program that uses that."""


def bring_up_to_date(db: Connection, name: str) -> None:
    """Take the steps that the database lacks, inside the caller's transaction; `name` stands in error messages."""
    revision = revision_of(db, name)
    if revision == newest_revision():
        return
    # Alembic takes as long to load as all the rest of the store, and is needed once per release.
    from aggregator.store.upgrade import all_revisions, upgrade

    if revision is not None and revision not in all_revisions(db):
        raise FutureDatabaseError(
            f"{name} was written by a newer Broadsheet (its version is {revision}); "
            "install that one, or name another database."
        )
    upgrade(db)


def newest_revision() -> str:
    """Return the revision that the last step leads to, which is the number that its file's name begins with."""
    return max(file.name[:4] for file in files("migrations.versions").iterdir() if file.name[:4].isdigit())


def revision_of(db: Connection, name: str) -> str | None:
    """Return the version of the database; None where it is empty, StoreError where others' tables are in it."""
    there = set(inspect(db).get_table_names())
    if VERSION_TABLE in there:
        found: str | None = db.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 -- our own constant
        return found
    others = there if db.dialect.name == "sqlite" else there & set(metadata.tables)
    if others:
        raise StoreError(f"{name} belongs to another program: it has a table {min(others)}. Name another database.")
    return None
