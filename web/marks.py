"""Marking what was read. Nothing is ever marked by merely being shown."""

from datetime import datetime

from flask import Blueprint, abort, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from aggregator.store import feeds, reading, stories
from aggregator.store.db import transaction
from web.filters import many
from web.newsroom import engine, now
from web.security import way_back

blueprint = Blueprint("marks", __name__)


@blueprint.post("/article/<int:article_id>/<any(read,unread):status>")
def mark_article(article_id: int, status: str) -> ResponseReturnValue:
    """Mark one article."""
    with transaction(engine()) as db:
        act = reading.mark_articles(db, [article_id], is_read=status == "read", now=now())
    return _done(act.n_articles, status)


@blueprint.post("/story/<int:story_id>/<any(read,unread):status>")
def mark_story(story_id: int, status: str) -> ResponseReturnValue:
    """Mark every article of a story, under whichever of its ids it is named."""
    with transaction(engine()) as db:
        current_id = stories.current_id(db, story_id)
        if current_id is None:
            abort(404)
        act = reading.mark_story(db, current_id, is_read=status == "read", now=now())
    return _done(act.n_articles, status)


@blueprint.post("/feed/<int:feed_id>/read")
def mark_feed(feed_id: int) -> ResponseReturnValue:
    """Mark what a feed had brought when the page was made."""
    with transaction(engine()) as db:
        feeds.find_feed(db, feed_id)
        act = reading.mark_feed(db, feed_id, seen_before=_page_made_at(), now=now())
    return _done(act.n_articles, "read")


@blueprint.post("/read")
def mark_all() -> ResponseReturnValue:
    """Mark everything that was there when the page was made; what arrived since stays unread."""
    with transaction(engine()) as db:
        act = reading.mark_all(db, seen_before=_page_made_at(), now=now())
    return _done(act.n_articles, "read")


def _page_made_at() -> datetime:
    try:
        moment = datetime.fromisoformat(request.form["seen_before"])
    except (KeyError, ValueError):
        abort(400)
    if moment.tzinfo is None:
        abort(400)
    return moment


def _done(n_changed: int, status: str) -> ResponseReturnValue:
    said = f"Marked {many(n_changed, 'article')} {status}."
    if request.accept_mimetypes.best == "application/json":
        return jsonify(n_changed=n_changed, said=said)
    flash(said)
    return redirect(way_back(request.form.get("next")), code=303)
