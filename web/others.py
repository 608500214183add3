"""Choosing the other story of a correction: from those most like it, or from what words find."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from aggregator.models.pages import ArticleLine, StoryCard
from aggregator.query.hits import Order, grouped
from aggregator.query.language import parse_query
from aggregator.store import search, showing, stories
from aggregator.store.articles import lines_of
from aggregator.store.db import reading
from web import neighbours
from web.newsroom import engine, local, now, window_start

blueprint = Blueprint("others", __name__)

N_OTHERS = 12
_NUMBER = re.compile(r"#?(\d{1,18})|\S*/story/(\d{1,18})")
"""What names one story: its number, or the address of its page."""


@dataclass(frozen=True, slots=True)
class Other:
    """A story that may be chosen."""

    card: StoryCard
    likeness: float | None
    """Cosine of its nearest article to one of this story's; None where words found it."""


@blueprint.get("/story/<int:story_id>/other")
def choose(story_id: int) -> ResponseReturnValue:
    """Ask which story this one is the same as, must be kept apart from, or shall give one article to."""
    asked = request.args.get("q", "").strip()
    with reading(engine()) as db:
        card = showing.find_card(db, story_id)
        article = _article(db, card, request.args.get("article", type=int))
        likeness = dict.fromkeys(_named(db, asked)) if asked else _likest(db, card, article)
        likeness.pop(card.id, None)
        others = _others(db, likeness)
    return render_template("other.html", card=card, article=article, asked=asked, others=others)


def _article(db: Connection, card: StoryCard, article_id: int | None) -> ArticleLine | None:
    """Return the article that shall be moved, where one is asked for; 404 where it is not in the story."""
    if article_id is None:
        return None
    lines = lines_of(db, [article_id])
    if not lines or lines[0].story_id != card.id:
        abort(404)
    return lines[0]


def _named(db: Connection, asked: str) -> list[int]:
    """Return the story of that number, or those in which the words occur, the best first."""
    if number := _NUMBER.fullmatch(asked):
        current_id = stories.current_id(db, int(number[1] or number[2]))
        if current_id:
            return [current_id]
    groups = grouped(search.find(db, parse_query(asked, now=local(now()))), order=Order.BEST)
    return [group.story_id for group in groups if group.story_id][: N_OTHERS + 1]


def _likest(db: Connection, card: StoryCard, article: ArticleLine | None) -> dict[int, float | None]:
    """Return the stories that hold what is nearest to these articles, and how near; the nearest first."""
    looked_from = [article.id] if article else [line.id for line in card.lines]
    own = {report.article_id for report in card.reports}  # of a large story they would be all that is near
    near = neighbours.near(db, looked_from, since=window_start(), but=own)
    story_of = {line.id: line.story_id for line in lines_of(db, [each for each, _of, _cosine in near])}
    found: dict[int, float | None] = {}
    for each, _of, cosine in near:
        story_id = story_of.get(each)
        if story_id is not None:
            found.setdefault(story_id, cosine)
    return found


def _others(db: Connection, likeness: Mapping[int, float | None]) -> Sequence[Other]:
    ids = list(likeness)[:N_OTHERS]
    cards = {card.id: card for card in showing.story_cards(db, ids)}
    return [Other(cards[each], likeness[each]) for each in ids if each in cards]
