"""The window as the engine reads it: what is there, what of it is compared, and its vectors."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, false, func, select

from aggregator.models.encoders import EncoderName
from aggregator.models.stories import InWindow, WindowArticle
from aggregator.models.values import Halves, Vectors
from aggregator.store.articles import encoder_id, is_vector_of
from aggregator.store.owners import owner_domains
from aggregator.store.reach import reach
from aggregator.store.schema import articles, memberships, owners, publishers, vectors
from aggregator.store.statements import chunks

COMPARED_CHARS = 3_000
"""Characters of a text that the engine reads, and looks at fewer."""

READ_AT_ONCE = 1_000
"""Rows of a window that are held beside what is made of them."""


def in_window(db: Connection, encoder: EncoderName | None, *, since: datetime) -> list[InWindow]:
    """Return what the engine has to know of every article in its reach, to see what is news to it."""
    made_by = encoder_id(db, encoder) if encoder else None
    has_vector = is_vector_of(made_by) if made_by is not None else false()
    owner_of = owner_domains(db)
    rows = db.execute(
        select(
            articles.c.id,
            articles.c.digest,
            articles.c.publisher_id,
            memberships.c.story_id,
            vectors.c.article_id.is_not(None),
        )
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
        .outerjoin(vectors, has_vector)
        .where(reach(db, since=since).condition)
        .execution_options(yield_per=READ_AT_ONCE)
    )
    return [
        InWindow(article_id, story_id, bool(is_encoded), hash((digest, owner_of.get(publisher_id), bool(is_encoded))))
        for article_id, digest, publisher_id, story_id, is_encoded in rows
    ]


def window_articles(db: Connection, article_ids: Sequence[int]) -> list[WindowArticle]:
    """Return these articles as the engine compares them, with the beginnings of their texts."""
    speaker = publishers.alias()
    question = select(
        articles.c.id,
        articles.c.title,
        func.substr(articles.c.text, 1, COMPARED_CHARS).label("text"),
        publishers.c.domain.label("publisher"),
        func.coalesce(speaker.c.domain, "").label("owner"),
        articles.c.language,
        articles.c.published_at,
        articles.c.first_seen_at,
        func.coalesce(articles.c.canonical_url, articles.c.url).label("url"),
        func.coalesce(articles.c.origin_name, articles.c.origin_url).label("origin"),
    )
    question = question.join(publishers, publishers.c.id == articles.c.publisher_id)
    question = question.outerjoin(owners, owners.c.publisher_id == articles.c.publisher_id)
    question = question.outerjoin(speaker, speaker.c.id == owners.c.speaker_id)
    return [
        WindowArticle(**row)
        for some in chunks(article_ids)
        for row in db.execute(question.where(articles.c.id.in_(some))).mappings()
    ]


def vectors_of(db: Connection, encoder: EncoderName, article_ids: Sequence[int]) -> tuple[list[int], Vectors]:
    """Return those of these articles that have a vector of this encoder, and the unit vectors: (n, dim), float32."""
    ids, halves = halves_of(db, encoder, article_ids)
    return ids, _unit(halves.astype(np.float32))


def halves_of(db: Connection, encoder: EncoderName, article_ids: Sequence[int]) -> tuple[list[int], Halves]:
    """Return the same as they are kept, at half the size: (n, dim)."""
    question = select(vectors.c.article_id, vectors.c.vector).where(
        vectors.c.encoder_id == encoder_id(db, encoder), func.length(vectors.c.vector) == 2 * encoder.dim
    )
    ids: list[int] = []
    halves = [np.empty((0, encoder.dim), dtype="<f2")]
    for some in chunks(sorted(article_ids)):
        rows = db.execute(question.where(vectors.c.article_id.in_(some))).all()
        ids += [row.article_id for row in rows]
        halves.append(np.frombuffer(b"".join(row.vector for row in rows), dtype="<f2").reshape(-1, encoder.dim))
    return ids, np.concatenate(halves)


def _unit(found: Vectors) -> Vectors:
    """Return the vectors at length one again, in place."""
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return found
