"""Which articles lack a vector, and keeping the vectors that were made.

Apart from the articles themselves: a refresh needs those, and starts a sixth sooner without numpy.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, select

from aggregator.models.encoders import EncoderName, Unencoded
from aggregator.models.values import Vectors
from aggregator.store.articles import encoder_id, is_vector_of
from aggregator.store.reach import reach
from aggregator.store.schema import articles, encoders
from aggregator.store.schema import vectors as table
from aggregator.store.statements import chunks, insert_into


def unencoded(db: Connection, encoder: EncoderName, *, since: datetime, limit: int) -> list[Unencoded]:
    """Return articles in the engine's reach without a vector of this encoder, newest first."""
    rows = db.execute(
        select(articles.c.id, articles.c.title, articles.c.text, articles.c.digest)
        .outerjoin(table, is_vector_of(encoder_id(db, encoder)))
        .where(reach(db, since=since).condition, table.c.article_id.is_(None))
        .order_by(articles.c.published_at.desc(), articles.c.id.desc())
        .limit(limit)
    )
    return [Unencoded(row.id, row.title, row.text, row.digest) for row in rows]


def add_vectors(
    db: Connection, encoder: EncoderName, said: Sequence[Unencoded], vectors: Vectors, *, now: datetime
) -> None:
    """Keep one vector per article, as float16, with the encoder's name and version beside it; older ones go.

    `vectors` are of what the articles `said`, shape (len(said), dim). Those that were deleted or rewritten meanwhile
    are left out: they have no vector, or still want one. Raises ValueError for another shape and for what is no number.
    """
    if vectors.shape != (len(said), encoder.dim):
        raise ValueError(f"{len(said)} articles of {encoder.dim} numbers each cannot be {vectors.shape}.")
    if not np.isfinite(vectors).all():
        raise ValueError("A vector has to be of finite numbers.")
    says_now = _lock_words(db, [each.article_id for each in said])
    made_by = _add_encoder(db, encoder)
    halves = vectors.astype("<f2")
    rows = [
        {"article_id": each.article_id, "encoder_id": made_by, "made_at": now, "vector": half.tobytes()}
        for each, half in sorted(zip(said, halves, strict=True), key=lambda pair: pair[0].article_id)
        if says_now.get(each.article_id) == each.digest
    ]
    add = insert_into(db, table)
    newer = {name: add.excluded[name] for name in ("encoder_id", "made_at", "vector")}
    if rows:
        db.execute(add.on_conflict_do_update(index_elements=["article_id"], set_=newer), rows)


def _lock_words(db: Connection, article_ids: Sequence[int]) -> dict[int, str]:
    """Return the digest of what each of these articles says; nobody rewrites it until the transaction ends."""
    question = select(articles.c.id, articles.c.digest).order_by(articles.c.id).with_for_update(read=True)
    return {
        row.id: row.digest
        for some in chunks(sorted(article_ids))
        for row in db.execute(question.where(articles.c.id.in_(some)))
    }


def _add_encoder(db: Connection, encoder: EncoderName) -> int:
    if not encoder_id(db, encoder):
        values = {"model": encoder.model, "version": encoder.version, "dim": encoder.dim}
        db.execute(insert_into(db, encoders).values(values).on_conflict_do_nothing())
    return encoder_id(db, encoder)
