"""What every view works with: the database, the settings and one moment per request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, current_app, g
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.errors import ConfigError

_KEY = "broadsheet"


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What the factory was handed."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime]
    zone: ZoneInfo | None
    """The owner's time zone; None is the machine's own."""
    config_path: Path | None = None
    """Where the settings were read; None where there is no file."""


def open_newsroom(
    app: Flask, engine: Engine, settings: Settings, clock: Callable[[], datetime], config_path: Path | None = None
) -> None:
    """Put what the views need where they find it; ConfigError for a time zone that nobody knows."""
    app.extensions[_KEY] = Newsroom(engine, settings, clock, _zone(settings.web.time_zone), config_path)


def newsroom() -> Newsroom:
    """Return what the factory of the present application was handed."""
    room: Newsroom = current_app.extensions[_KEY]
    return room


def here() -> Any:
    """Return Flask's `g`, where the present page keeps what is found once for it; RuntimeError outside of any.

    Asked itself and not through its proxy, which takes ten times as long: a page asks a thousand times.
    """
    return g._get_current_object()


def engine() -> Engine:
    """Return the database."""
    return newsroom().engine


def now() -> datetime:
    """Return the moment of this request: the same for everything on its page."""
    try:
        moment: datetime = here().now
    except AttributeError:
        moment = here().now = newsroom().clock()
    return moment


def window_start() -> datetime:
    """Return the moment from which on articles are grouped and counted."""
    return now() - timedelta(days=newsroom().settings.stories.window_days)


def today() -> date:
    """Return the day of this request on the owner's calendar."""
    try:
        day: date = here().today
    except AttributeError:
        day = here().today = local(now()).date()
    return day


def local(moment: datetime) -> datetime:
    """Return the moment as the owner's clock shows it."""
    return moment.astimezone(newsroom().zone)


def moment_of(day: date, clock: time = time.min) -> datetime:
    """Return the moment at which the owner's clock and calendar show that."""
    zone = newsroom().zone
    naive = datetime.combine(day, clock)
    return (naive.replace(tzinfo=zone) if zone else naive.astimezone()).astimezone(UTC)


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"web.time_zone: there is no time zone {name!r}; write a name such as Europe/Vienna."
        ) from error
