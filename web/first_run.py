"""How far each feed has come while the first edition is made."""

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue

from aggregator.models.pages import FirstSteps
from aggregator.store import feed_list
from aggregator.store.db import reading
from web.filters import count
from web.newsroom import engine
from web.words import gettext, ngettext, tell

blueprint = Blueprint("first_run", __name__)

N_FEEDS = 60
"""That are told of by name: the starter pack, and most of whoever brings a list."""


def add_first_steps(app: Flask) -> None:
    """Let the page that waits for the first edition ask how far each feed has come."""
    app.add_template_global(first_steps)
    app.add_template_global(in_words, "step_in_words")


def first_steps() -> list[FirstSteps]:
    """Return how far the first feeds have come."""
    with reading(engine()) as db:
        return feed_list.first_steps(db, limit=N_FEEDS)


def in_words(steps: FirstSteps) -> str:
    """Say how far a feed has come: fetched, how much of it is new, how much of that is grouped."""
    if steps.error:
        return tell(steps.error)
    if not steps.is_checked:
        return gettext("waits to be fetched")
    return str(
        ngettext(
            "fetched, %(n)s article, %(grouped)s grouped",
            "fetched, %(n)s articles, %(grouped)s grouped",
            steps.n_articles,
            n=count(steps.n_articles),
            grouped=count(steps.n_grouped),
        )
    )


@blueprint.get("/progress/feeds.json")
def steps_json() -> ResponseReturnValue:
    """Say how far each feed has come, for the page that waits."""
    return jsonify({str(each.feed_id): in_words(each) for each in first_steps()})
