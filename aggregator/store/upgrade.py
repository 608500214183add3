"""The steps in `migrations`, taken by Alembic; loaded only where a database lacks one."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(db: Connection) -> None:
    """Take the steps that the database lacks, inside the caller's transaction."""
    command.upgrade(alembic_config(db), "head")


def all_revisions(db: Connection) -> list[str]:
    """Return the revision that each step leads to, the newest first."""
    return [step.revision for step in ScriptDirectory.from_config(alembic_config(db)).walk_revisions()]


def alembic_config(db: Connection) -> Config:
    """Return what Alembic has to know, wherever Broadsheet is installed."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = db
    return config
