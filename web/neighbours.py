"""What is near in meaning, without a model: articles of the window that lie beside those found by their words."""

import threading
from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np
from flask import Flask, current_app
from sqlalchemy import Connection

from aggregator.models.encoders import EncoderName
from aggregator.models.values import Vectors
from aggregator.store import context
from aggregator.store import settings as memory
from aggregator.store.context import Leads
from aggregator.store.search import newest_with_vectors
from aggregator.store.window import vectors_of

MAX_ARTICLES = 20_000
"""The newest of the window that are compared: 31 MB with the bundled model, and 6 ms."""
READ_AT_ONCE = 4_000
"""Vectors that one request reads: after a start, the first searches see the newest only, and nobody waits."""
N_LOOKED_FROM = 10
"""Of the best articles that were found by their words."""
N_NEAR = 20
LIKENESS = 0.6
"""Cosine from which two articles are held to be about one matter. On the sample day, with the bundled model, half of
all pairs of one story reach it and 1 in 1,700 of others: what is called near is near, and little is."""

_KEY = "broadsheet-neighbours"


_LEADS = "broadsheet-leads"


def add_neighbours(app: Flask) -> None:
    """Give the application a memory of vectors, empty until somebody searches or opens a story."""
    app.extensions[_KEY] = Neighbours()
    app.extensions[_LEADS] = None


def leads(db: Connection, *, since: datetime) -> Leads:
    """Return the stories that another may be related to, as they were read once after the worker's last regroup."""
    at = memory.regrouped_at(db)
    kept: tuple[datetime, Leads] | None = current_app.extensions[_LEADS]
    if kept is not None and kept[0] == at:
        return kept[1]
    found = context.leads(db, since=since)
    current_app.extensions[_LEADS] = (at, found) if at else None
    return found


def near(
    db: Connection, article_ids: Sequence[int], *, since: datetime, but: Collection[int] = ()
) -> list[tuple[int, int, float]]:
    """Return (article, the one of these that it is nearest to, cosine), the nearest first; those in `but` left out."""
    neighbours: Neighbours = current_app.extensions[_KEY]
    return neighbours.near(db, article_ids, since=since, but=but)


class Neighbours:
    """Vectors of the window, read bit by bit and kept until the worker's next regroup."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: tuple[EncoderName, datetime | None] | None = None
        self._ids: list[int] = []
        self._vectors: Vectors = np.empty((0, 0), dtype=np.float32)

    def near(
        self, db: Connection, article_ids: Sequence[int], *, since: datetime, but: Collection[int] = ()
    ) -> list[tuple[int, int, float]]:
        """Return (article, the one of these that it is nearest to, cosine), the nearest first; `but` left out."""
        encoder = memory.present_encoder(db)
        if encoder is None:
            return []
        with self._lock:
            self._catch_up(db, encoder, since)
            ids, vectors = self._ids, self._vectors
        return nearest(ids, vectors, article_ids, but=but)

    def _catch_up(self, db: Connection, encoder: EncoderName, since: datetime) -> None:
        """Let go of what left the window, and read some of what came."""
        present = (encoder, memory.regrouped_at(db))
        if present == self._of:
            return
        if self._vectors.shape[1] != encoder.dim or (self._of and self._of[0] != encoder):
            self._ids, self._vectors = [], np.empty((0, encoder.dim), dtype=np.float32)
        wanted = newest_with_vectors(db, encoder, since=since, limit=MAX_ARTICLES)
        known, there = set(self._ids), set(wanted)
        missing = [each for each in wanted if each not in known]
        ids, fresh = vectors_of(db, encoder, missing[:READ_AT_ONCE])
        stays = [n for n, each in enumerate(self._ids) if each in there]
        self._vectors = np.concatenate([self._vectors[stays], fresh])
        self._ids = [*(self._ids[n] for n in stays), *ids]
        self._of = present if len(missing) <= READ_AT_ONCE else (encoder, None)


def nearest(
    ids: Sequence[int], vectors: Vectors, article_ids: Sequence[int], *, but: Collection[int] = ()
) -> list[tuple[int, int, float]]:
    """Return (id, the one of `article_ids` that it is nearest to, cosine) of the nearest, but for those and `but`.

    `vectors` are unit vectors of `ids`, shape (len(ids), dim).
    """
    place = {each: n for n, each in enumerate(ids)}
    looked_from = [each for each in article_ids if each in place][:N_LOOKED_FROM]
    if not looked_from:
        return []
    # One row for each of the few, not for each of the many: the largest of long rows is found twenty times as fast.
    cosines = vectors[[place[each] for each in looked_from]] @ vectors.T
    best = cosines.max(axis=0)
    own = {*article_ids, *but}
    near_enough = [int(n) for n in np.flatnonzero(best >= LIKENESS)]
    found = [
        (ids[n], looked_from[int(cosines[:, n].argmax())], float(best[n])) for n in near_enough if ids[n] not in own
    ]
    return sorted(found, key=lambda each: (-each[2], each[0]))[:N_NEAR]
