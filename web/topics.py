"""The pages of topics: lasting groups of stories."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from aggregator.models.pages import StoryCard
from aggregator.store import topics
from aggregator.store.db import reading
from aggregator.store.showing import Place
from web import filters, front, paging
from web.newsroom import engine, newsroom, now

blueprint = Blueprint("topics", __name__)

N_TOPICS = 150
N_STORIES = 40
"""Of one page of a topic: a card is about 2 kB."""


@blueprint.get("/topics")
def list_topics() -> ResponseReturnValue:
    """Show the topics that had news lately, those of the most stories first."""
    with reading(engine()) as db:
        lines = topics.topic_lines(db, since=_start(), limit=N_TOPICS)
    return render_template("topics.html", lines=lines)


@blueprint.get("/topic/<int:topic_id>")
def topic(topic_id: int) -> ResponseReturnValue:
    """Show a topic's stories, newest first; one that went into another leads there."""
    place = paging.place()
    with reading(engine()) as db:
        current_id = topics.current_id(db, topic_id)
        if current_id is None:
            abort(404)
        if current_id != topic_id:
            return redirect(url_for("topics.topic", topic_id=current_id))
        page = topics.find_topic(db, topic_id)
        cards = topics.stories_of_topic(db, topic_id, limit=N_STORIES + 1, after=Place(*place) if place else None)
    return render_template(
        "topic.html",
        page=page,
        days=_by_day(cards[:N_STORIES]),
        coverage=front.coverage(cards[:N_STORIES]),
        older=_older(topic_id, cards),
        is_resting=page.last_at < _start(),
    )


def _start() -> datetime:
    """Return the moment from which on stories are looked at when topics are made."""
    return now() - timedelta(days=newsroom().settings.stories.topic_days)


def _older(topic_id: int, cards: Sequence[StoryCard]) -> str | None:
    """Return where the topic's older stories are; None where there are none."""
    if len(cards) <= N_STORIES:
        return None
    last = cards[N_STORIES - 1]
    return url_for("topics.topic", topic_id=topic_id, before=last.last_at.isoformat(), id=last.id)


def _by_day(cards: Sequence[StoryCard]) -> Iterator[tuple[str, list[StoryCard]]]:
    for day, of_day in groupby(cards, key=lambda card: filters.day(card.last_at)):
        yield day, list(of_day)
