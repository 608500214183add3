"""Marking what was read, what is to be kept and what to be followed. Nothing is ever marked by merely being shown."""

from datetime import datetime

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from aggregator.models.acts import Act, MarkKind
from aggregator.store import articles, feeds, marks, reading, stories, topics
from aggregator.store.db import transaction
from web.acts import done
from web.newsroom import engine, now

blueprint = Blueprint("marks", __name__)

MAX_TOGETHER = 500
"""Stories or articles that one page marks together; no page shows more."""


@blueprint.post("/article/<int:article_id>/<any(read,unread,star,unstar):act>")
def mark_article(article_id: int, act: str) -> ResponseReturnValue:
    """Mark one article, and with read and unread what repeats its text."""
    with transaction(engine()) as db:
        articles.find_article(db, article_id)
        return done(_mark_article(db, article_id, act))


@blueprint.post("/story/<int:story_id>/<any(read,unread,star,unstar,follow,unfollow):act>")
def mark_story(story_id: int, act: str) -> ResponseReturnValue:
    """Mark every article of a story, or the story itself, under whichever of its ids it is named."""
    with transaction(engine()) as db:
        current_id = stories.current_id(db, story_id)
        if current_id is None:
            abort(404)
        return done(_mark_story(db, current_id, act))


@blueprint.post("/topic/<int:topic_id>/<any(follow,unfollow):act>")
def mark_topic(topic_id: int, act: str) -> ResponseReturnValue:
    """Follow a topic, or do so no more."""
    with transaction(engine()) as db:
        current_id = topics.current_id(db, topic_id)
        if current_id is None:
            abort(404)
        return done(marks.follow_topic(db, current_id, is_on=act == "follow", now=now()))


@blueprint.post("/feed/<int:feed_id>/read")
def mark_feed(feed_id: int) -> ResponseReturnValue:
    """Mark what a feed had brought when the page was made."""
    with transaction(engine()) as db:
        feeds.find_feed(db, feed_id)
        return done(reading.mark_feed(db, feed_id, seen_before=_page_made_at(), now=now()))


@blueprint.post("/read")
def mark_all() -> ResponseReturnValue:
    """Mark what was there when the page was made: the stories or articles that the form names, or else everything."""
    with transaction(engine()) as db:
        if "stories" in request.form or "articles" in request.form:
            together = (_numbers("stories"), _numbers("articles"))
            return done(reading.mark_these(db, *together, seen_before=_page_made_at(), now=now()))
        return done(reading.mark_all(db, seen_before=_page_made_at(), now=now()))


def _mark_article(db: Connection, article_id: int, act: str) -> Act:
    if act in ("star", "unstar"):
        return reading.star_article(db, article_id, is_starred=act == "star", now=now())
    return reading.mark_articles(db, [article_id], is_read=act == "read", now=now())


def _mark_story(db: Connection, story_id: int, act: str) -> Act:
    if act in ("read", "unread"):
        return reading.mark_story(db, story_id, is_read=act == "read", now=now())
    kind = MarkKind.STAR if act in ("star", "unstar") else MarkKind.FOLLOW
    return marks.mark_story(db, story_id, kind, is_on=act == kind, now=now())


def _numbers(field: str) -> list[int]:
    """Return the numbers in a field, "12 15 18"; a 400 where there is anything else in it."""
    words = request.form.get(field, "").split()
    if len(words) > MAX_TOGETHER or not all(word.isascii() and word.isdecimal() for word in words):
        abort(400)
    return [int(word) for word in words]


def _page_made_at() -> datetime:
    try:
        moment = datetime.fromisoformat(request.form["seen_before"])
    except (KeyError, ValueError):
        abort(400)
    if moment.tzinfo is None:
        abort(400)
    return moment
