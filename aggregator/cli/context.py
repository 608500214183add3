"""What every command starts from: settings, database, clock."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click
from platformdirs import user_config_path, user_data_path
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError

from aggregator.config import Settings, load_settings
from aggregator.errors import ConfigError
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
    settings = load_settings(path)
    if path:
        _refuse_open_secret(path, settings)
    return Context(settings=settings, config_path=path)


def _refuse_open_secret(path: Path, settings: Settings) -> None:
    """Raise ConfigError where the file holds the database's password and others on this machine may read it."""
    try:
        has_password = bool(make_url(settings.database.url or "sqlite://").password)
    except ArgumentError:
        return  # opening the database says what is wrong with its address
    if has_password and os.name == "posix" and path.stat().st_mode & 0o044:
        raise ConfigError(
            f"{path} holds the database's password, and others on this machine can read it; "
            f"keep it to yourself with: chmod 600 {path}"
        )


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)
