"""Noting that somebody is here. Opening a page changes nothing: the page says so after a while, and every act does."""

from contextlib import suppress

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue

from aggregator.errors import StoreError
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from web.newsroom import engine, now
from web.security import SAFE_METHODS
from web.sign_in import is_inside

blueprint = Blueprint("visits", __name__)


def note_visits(app: Flask) -> None:
    """Take every act of somebody who may act for a sign that they are here."""
    app.register_blueprint(blueprint)
    app.after_request(_note)


@blueprint.post("/visit")
def visit() -> ResponseReturnValue:
    """Take the word of a page that it is looked at; what there is to do is done after every act."""
    return "", 204


def _note(reply: Response) -> Response:
    if request.method not in SAFE_METHODS and reply.status_code < 400 and is_inside():
        # What was done is done, and is not called a failure because this note could not be kept.
        with suppress(StoreError), transaction(engine()) as db:
            memory.note_visit(db, now=now())
    return reply
