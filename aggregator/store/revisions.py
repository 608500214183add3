"""What articles said before their publishers rewrote them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, literal, select

from aggregator.models.articles import Revision
from aggregator.store.schema import UtcTime, articles, revisions
from aggregator.store.statements import chunks, insert_into

MAX_REVISIONS = 20
"""Of one article. The first and the latest stay: a page that is written on all day would fill the disk otherwise."""
MAX_CHARS = 20_000
"""Of a revision's text."""


def keep(db: Connection, article_ids: Sequence[int], *, now: datetime) -> None:
    """Keep what these articles say at present, before they are rewritten."""
    for some in chunks(article_ids):
        present = select(
            articles.c.id,
            articles.c.digest,
            literal(now, UtcTime),
            articles.c.title,
            func.substr(articles.c.text, 1, MAX_CHARS),
        ).where(articles.c.id.in_(some))
        columns = ["article_id", "digest", "changed_at", "title", "text"]
        db.execute(insert_into(db, revisions).from_select(columns, present).on_conflict_do_nothing())
        _forget_the_middle(db, some)


def revisions_of(db: Connection, article_id: int) -> list[Revision]:
    """Return what the article said before, oldest first."""
    question = select(revisions).where(revisions.c.article_id == article_id)
    rows = db.execute(question.order_by(revisions.c.changed_at, revisions.c.id))
    return [Revision(title=row.title, text=row.text, changed_at=row.changed_at) for row in rows]


def _forget_the_middle(db: Connection, article_ids: Sequence[int]) -> None:
    counts = (
        select(revisions.c.article_id)
        .where(revisions.c.article_id.in_(article_ids))
        .group_by(revisions.c.article_id)
        .having(func.count() > MAX_REVISIONS)
    )
    for article_id in db.execute(counts).scalars().all():
        of_article = select(revisions.c.id).where(revisions.c.article_id == article_id)
        ids = db.execute(of_article.order_by(revisions.c.changed_at, revisions.c.id)).scalars().all()
        db.execute(delete(revisions).where(revisions.c.id.in_(ids[1 : len(ids) - MAX_REVISIONS + 1])))
