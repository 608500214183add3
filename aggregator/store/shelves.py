"""What the owner starred, as its page lists it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, tuple_, union_all

from aggregator.models.acts import MarkKind, Subject
from aggregator.models.pages import Starred
from aggregator.store import marks
from aggregator.store.articles import lines_of
from aggregator.store.schema import Id, UtcTime, article_status
from aggregator.store.showing import story_cards


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the list of what is starred goes on."""

    at: datetime
    subject: Subject
    subject_id: int


def starred(db: Connection, *, limit: int, after: Shelf | None = None) -> list[Starred]:
    """Return the stories and articles that are starred, the latest star first; `after` is the last one before."""
    of_stories = marks.marked_stories(MarkKind.STAR).subquery()
    both = union_all(
        select(
            of_stories.c.made_at.label("at"), literal(Subject.STORY).label("subject"), of_stories.c.story_id.label("id")
        ),
        select(article_status.c.starred_at, literal(Subject.ARTICLE), article_status.c.article_id).where(
            article_status.c.starred_at.is_not(None)
        ),
    ).subquery()
    question = select(both)
    place = (both.c.at, both.c.subject, both.c.id)
    if after is not None:
        mark = tuple_(literal(after.at, UtcTime), literal(after.subject), literal(after.subject_id, Id))
        question = question.where(tuple_(*place) < mark)
    rows = db.execute(question.order_by(*(column.desc() for column in place)).limit(limit)).all()
    cards = {card.id: card for card in story_cards(db, [row.id for row in rows if row.subject == Subject.STORY])}
    lines = {line.id: line for line in lines_of(db, [row.id for row in rows if row.subject == Subject.ARTICLE])}
    return [
        Starred(at=row.at, story=cards[row.id])
        if row.subject == Subject.STORY
        else Starred(at=row.at, article=lines[row.id])
        for row in rows
    ]


def n_starred(db: Connection) -> int:
    """Return how many stories and articles are starred."""
    of_stories = select(func.count()).select_from(marks.marked_stories(MarkKind.STAR).subquery())
    of_articles = select(func.count()).where(article_status.c.starred_at.is_not(None))
    return int(db.execute(of_stories).scalar_one()) + int(db.execute(of_articles).scalar_one())
