"""What every command starts from: settings, database, clock."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from platformdirs import user_config_path, user_data_path
from sqlalchemy import Engine

from aggregator.config import Settings, load_settings
from aggregator.store.db import open_database, sqlite_url


@dataclass(frozen=True, slots=True)
class Context:
    """Settings, and where they came from."""

    settings: Settings
    config_path: Path | None

    def open(self) -> Engine:
        """Return the owner's database, made or brought up to date where needed."""
        url = self.settings.database.url or sqlite_url(user_data_path("broadsheet") / "broadsheet.db")
        return open_database(url)

    def served_at(self, host: str | None, port: int | None) -> "Context":
        """Return the same context with what the command line says about where to serve."""
        web = self.settings.web
        served = replace(web, host=host or web.host, port=port or web.port)
        return replace(self, settings=replace(self.settings, web=served))


pass_context = click.make_pass_decorator(Context)


def find_context(config_path: Path | None) -> Context:
    """Return the context for the file that was named, else for the one in the configuration folder, if any."""
    usual = user_config_path("broadsheet") / "config.toml"
    path = config_path or (usual if usual.exists() else None)
    return Context(settings=load_settings(path), config_path=path)


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)
