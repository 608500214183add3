"""Why each article is in its story, kept in few words: there is one of them per article."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from aggregator.models.evidence import Evidence
from aggregator.store.schema import articles, memberships

_DIGITS = 3


class Near(NamedTuple):
    """A member and the one nearest to it."""

    article_id: int
    nearest_id: int
    score: float


def unexplained(db: Connection, *, since: datetime, limit: int) -> list[Near]:
    """Return members published since then of whose nearness nothing has been said, newest first; copies need none."""
    is_open = (
        memberships.c.evidence.is_(None) & memberships.c.nearest_id.is_not(None) & memberships.c.copy_of_id.is_(None)
    )
    rows = db.execute(
        select(memberships.c.article_id, memberships.c.nearest_id, memberships.c.score)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(is_open, articles.c.published_at >= since)
        .order_by(articles.c.published_at.desc(), articles.c.id.desc())
        .limit(limit)
    )
    return [Near(row.article_id, row.nearest_id, row.score) for row in rows]


def add_evidence(db: Connection, found: Mapping[Near, Evidence | None]) -> None:
    """Keep what was found, and that nothing could be; not where another is the nearest by now."""
    rows = [
        {"of_article": near.article_id, "near": near.nearest_id, "said": packed(evidence)}
        for near, evidence in sorted(found.items(), key=lambda pair: pair[0].article_id)
    ]
    is_still = (memberships.c.article_id == bindparam("of_article")) & (memberships.c.nearest_id == bindparam("near"))
    if rows:
        db.execute(update(memberships).where(is_still).values(evidence=bindparam("said")), rows)


def packed(evidence: Evidence | None) -> list[Any]:
    """Return the evidence as a list, numbers cut to what a page shows; an empty one where there is none."""
    if evidence is None:
        return []
    cut = evidence._replace(
        chance=round(evidence.chance, _DIGITS),
        bar=round(evidence.bar, _DIGITS),
        without=_cut(evidence.without),
        likeness=_cut(evidence.likeness),
    )
    return list(cut)


def unpacked(kept: Sequence[Any] | None) -> Evidence | None:
    """Return the evidence that was kept; None where there is none."""
    return msgspec.convert(kept, Evidence) if kept else None


def _cut(number: float | None) -> float | None:
    return None if number is None else round(number, _DIGITS)
