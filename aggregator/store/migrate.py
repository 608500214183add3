"""Bringing a database up to date by the steps in `migrations`."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from aggregator.errors import FutureDatabaseError, StoreError
from aggregator.store.schema import metadata

VERSION_TABLE = "broadsheet_version"
"""Not Alembic's own name: on PostgreSQL the database may be shared with another program that uses that."""


def bring_up_to_date(db: Connection, name: str) -> None:
    """Take the steps that the database lacks, inside the caller's transaction; `name` stands in error messages."""
    config = alembic_config(db)
    steps = ScriptDirectory.from_config(config)
    revision = revision_of(db, name)
    if revision == steps.get_current_head():
        return
    if revision is not None and revision not in {step.revision for step in steps.walk_revisions()}:
        raise FutureDatabaseError(
            f"{name} was written by a newer Broadsheet (its version is {revision}); "
            "install that one, or name another database."
        )
    command.upgrade(config, "head")


def alembic_config(db: Connection) -> Config:
    """Return what Alembic has to know, wherever Broadsheet is installed."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = db
    return config


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
