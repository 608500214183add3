"""What the owner chooses on the pages, for every browser; and what config.toml says, which only a file can change."""

from dataclasses import fields
from typing import Any

import msgspec
from babel import Locale
from flask import Blueprint, Flask, flash, g, has_request_context, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext, refresh

from aggregator.config import Settings
from aggregator.errors import StoreError
from aggregator.models.front import FrontOrder
from aggregator.models.preferences import FrontSection, Preferences
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from web.catalogues import languages
from web.newsroom import engine, here, newsroom
from web.sign_in import is_inside
from web.words import gettext

blueprint = Blueprint("preferences", __name__)

ORDERS = {
    FrontOrder.TOP: lazy_gettext("Top"),
    FrontOrder.NEWEST: lazy_gettext("Newest change"),
    FrontOrder.PUBLISHERS: lazy_gettext("Most publishers"),
    FrontOrder.FIRST: lazy_gettext("First reported"),
    FrontOrder.UNREAD: lazy_gettext("Unread"),
}
"""In which the front page may stand."""

SECTIONS: dict[FrontSection, LazyString] = {
    "following": lazy_gettext("What you follow, where it has something new"),
    "folder": lazy_gettext("Stories by your folders"),
    "topic": lazy_gettext("Stories by topic"),
    "single": lazy_gettext("What only one publisher has"),
    "earlier": lazy_gettext("Stories of the days before"),
}
"""That the front page may do without; the best stories always stand there."""

SECRET = frozenset({"database.url"})
"""Told by their kind only."""


def add_preferences(app: Flask) -> None:
    """Let templates ask what the owner chose."""
    app.add_template_global(preferences)


def preferences() -> Preferences:
    """Return what the owner chose; strangers are shown the pages as they come."""
    try:
        chosen: Preferences = here().preferences
    except AttributeError:
        if not has_request_context():
            return Preferences()
        chosen = here().preferences = _kept()
    except RuntimeError:
        return Preferences()
    return chosen


@blueprint.get("/settings")
def show() -> ResponseReturnValue:
    """Show what can be chosen here, and what the file says."""
    room = newsroom()
    return render_template(
        "settings.html",
        languages={tag: Locale.parse(tag).get_display_name(tag) for tag in languages()},
        orders=ORDERS,
        front_sections=SECTIONS,
        sections=told(room.settings),
        config_path=room.config_path,
    )


@blueprint.post("/settings")
def save() -> ResponseReturnValue:
    """Keep what the owner chose."""
    form = request.form
    said = {
        "language": form.get("language", "") if form.get("language", "") in languages() else "",
        "text_size": form.get("text_size", "usual"),
        "has_keys": "has_keys" in form,
        "has_pictures": "has_pictures" in form,
        "front_order": form.get("front_order", FrontOrder.TOP),
        "without": [each for each in SECTIONS if each not in form.getlist("section")],
    }
    try:
        chosen = msgspec.convert(said, Preferences)
    except msgspec.ValidationError:
        chosen = msgspec.convert({**said, "text_size": "usual", "front_order": FrontOrder.TOP}, Preferences)
    with transaction(engine()) as db:
        memory.prefer(db, chosen)
    g.preferences = chosen
    refresh()
    g.pop("tongue", None)  # what is said from here on is said in the language that was chosen
    flash(gettext("Saved, for every browser."))
    return redirect(url_for("preferences.show"), code=303)


def told(settings: Settings) -> dict[str, dict[str, str]]:
    """Return what config.toml says, by section and key; what may hold a password is told by its kind only."""
    return {
        section.name: {
            key: _told(f"{section.name}.{key}", value)
            for key, value in msgspec.to_builtins(getattr(settings, section.name)).items()
        }
        for section in fields(Settings)
    }


def _told(name: str, value: Any) -> str:
    if name in SECRET:
        return "PostgreSQL" if str(value).startswith("postgres") else "SQLite"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _kept() -> Preferences:
    if not is_inside():
        return Preferences()
    try:
        with reading(engine()) as db:
            return memory.preferences(db)
    except StoreError:  # the page that says so is shown as it comes
        return Preferences()
