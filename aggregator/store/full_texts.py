"""Texts of articles as their own pages have them, for feeds whose owner wants that."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from aggregator.models.markup import SafeHtml
from aggregator.store.schema import articles, feeds, full_texts
from aggregator.store.search_index import index_articles
from aggregator.store.statements import chunks, insert_into

RETRIES = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""How long after each try in vain a page is asked for again; after the last of them it is not."""


def claim_wanted(db: Connection, *, since: datetime, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Return (id, address) of articles since then whose page is to be read, newest first; each counts as a try."""
    wanting = (
        db.execute(select(feeds.c.id).where(feeds.c.wants_full_text, feeds.c.is_paused.is_(False))).scalars().all()
    )
    found: list[Row[Any, Any, Any, Any]] = []
    for some in chunks(wanting):
        wanted = (
            select(articles.c.id, articles.c.url, articles.c.published_at, full_texts.c.n_tries)
            .outerjoin(full_texts, full_texts.c.article_id == articles.c.id)
            .where(
                articles.c.feed_id.in_(some),
                articles.c.published_at >= since,
                articles.c.url.is_not(None),
                or_(full_texts.c.article_id.is_(None), full_texts.c.next_try_at <= now),
            )
            .order_by(articles.c.published_at.desc(), articles.c.id.desc())
            .limit(limit)
        )
        found += db.execute(wanted).all()
    first = sorted(found, key=lambda row: (row.published_at, row.id), reverse=True)[:limit]
    for row in first:
        _note_try(db, row.id, row.n_tries or 0, now)
    return [(row.id, row.url) for row in first]


def keep_full_text(db: Connection, article_id: int, content: SafeHtml, *, now: datetime) -> None:
    """Keep what the article's page says; its vector stays, since only title and first sentences count for it."""
    kept = {"content_html": content, "fetched_at": now, "next_try_at": None, "error": None}
    db.execute(update(full_texts).where(full_texts.c.article_id == article_id).values(kept))
    index_articles(db, [article_id])


def note_failed(db: Connection, article_id: int, why: str) -> None:
    """Keep why the page could not be read; when it is asked for again was decided when it was asked for."""
    db.execute(update(full_texts).where(full_texts.c.article_id == article_id).values(error=why))


def want_again(db: Connection, article_ids: Sequence[int], *, now: datetime) -> None:
    """Let the pages of articles that were rewritten be read anew; what is kept of them stays until then."""
    for some in chunks(article_ids):
        rewritten = update(full_texts).where(full_texts.c.article_id.in_(some))
        db.execute(rewritten.values(n_tries=0, next_try_at=now))


def error_of(db: Connection, article_id: int) -> str | None:
    """Return why the article's page could not be read, where its feed's owner wants it read and it could not."""
    wants = feeds.c.wants_full_text & full_texts.c.content_html.is_(None)
    question = (
        select(full_texts.c.error)
        .join(articles, articles.c.id == full_texts.c.article_id)
        .join(feeds, feeds.c.id == articles.c.feed_id)
    )
    return db.execute(question.where(full_texts.c.article_id == article_id, wants)).scalar()


def _note_try(db: Connection, article_id: int, n_tries: int, now: datetime) -> None:
    again = now + RETRIES[n_tries] if n_tries < len(RETRIES) else None
    row = {"article_id": article_id, "n_tries": n_tries + 1, "next_try_at": again}
    add = insert_into(db, full_texts).values(row)
    tried = {name: add.excluded[name] for name in ("n_tries", "next_try_at")}
    db.execute(add.on_conflict_do_update(index_elements=["article_id"], set_=tried))
