"""The pages: a Flask application that shares nothing with the worker but the database."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from web import (
    acts,
    adding,
    changes,
    compressing,
    drawing,
    errors,
    explaining,
    feed,
    filters,
    first_run,
    folders,
    health,
    images,
    language,
    links,
    manage,
    marks,
    mutes,
    neighbours,
    offline,
    opml,
    others,
    pages,
    past,
    pieces,
    preferences,
    publishers,
    search,
    security,
    shelves,
    sign_in,
    sources,
    topics,
    trying,
    visits,
    websub,
)
from web.newsroom import open_newsroom

_ROOMS = (
    pages,
    past,
    offline,
    topics,
    manage,
    adding,
    feed,
    first_run,
    folders,
    opml,
    health,
    preferences,
    publishers,
    marks,
    acts,
    mutes,
    shelves,
    changes,
    others,
    search,
    trying,
)
"""Pages and acts that are always there."""

_FURNITURE = (
    links.add_links,
    filters.add_filters,
    pieces.add_pieces,
    drawing.add_drawings,
    explaining.add_explanations,
    sources.add_source_rows,
    preferences.add_preferences,
    first_run.add_first_steps,
    acts.add_words,
)
"""What templates may use."""


def create_app(
    engine: Engine, settings: Settings, *, clock: Callable[[], datetime], config_path: Path | None = None
) -> Flask:
    """Return the pages over this database; `clock` says what time it is (aware, UTC).

    Raises ConfigError where the settings name a time zone that there is not.
    """
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    open_newsroom(app, engine, settings, clock, config_path)
    with transaction(engine) as db:
        security.guard(app, settings.web, secret_key=memory.secret_key(db))
    compressing.compress_replies(app)
    language.add_languages(app, settings.web.language)
    sign_in.guard_door(app)
    security.ask_for_tokens(app, but_of=websub.blueprint)
    visits.note_visits(app)
    for furnish in _FURNITURE:
        furnish(app)
    images.add_images(app, settings)
    neighbours.add_neighbours(app)
    errors.add_error_pages(app)
    _version_static_files(app)
    for room in _ROOMS:
        app.register_blueprint(room.blueprint)
    if settings.web.public_url:
        app.register_blueprint(websub.blueprint)
    return app


def _version_static_files(app: Flask) -> None:
    """Make the address of a file of ours change when any of them does, so that browsers may keep them for ever."""
    files = sorted(path for path in Path(app.static_folder or "").rglob("*") if path.is_file())
    version = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]

    @app.url_defaults
    def _add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version)
