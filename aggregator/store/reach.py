"""Which articles a regroup reaches: those of the window, and older ones once, when they come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, union_all

from aggregator.store.schema import articles, settings

GROUPED_TO = "grouped_to"
"""Under this key stands the highest number of an article up to which all were reached once."""

OLD_AT_ONCE = 5_000
"""Numbers of articles older than the window that one regroup reaches: a new list of feeds brings 100,000 at once."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Articles published since then, and those numbered after `after` up to `to`, whenever they were published."""

    since: datetime
    after: int
    to: int

    @property
    def condition(self) -> ColumnElement[bool]:
        """What says of an article that it is reached."""
        is_old = and_(articles.c.id > self.after, articles.c.id <= self.to, articles.c.published_at < self.since)
        # Two questions, for one with OR makes SQLite walk through the archive where it has to put rows in order.
        parts = (articles.c.published_at >= self.since, is_old)
        return articles.c.id.in_(union_all(*(select(articles.c.id).where(part) for part in parts)))


def reach(db: Connection, *, since: datetime) -> Reach:
    """Return what the next regroup of a window that begins then reaches."""
    kept = db.execute(select(settings.c.value).where(settings.c.key == GROUPED_TO)).scalar()
    newest = db.execute(select(func.max(articles.c.id))).scalar() or 0
    after = int(kept or 0)
    return Reach(since, after, min(newest, after + OLD_AT_ONCE))
