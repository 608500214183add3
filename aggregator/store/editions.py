"""Front pages of the past, which nothing that happens to stories changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, delete, insert, select

from aggregator.models.editions import Edition, EditionLine, PrintedStory
from aggregator.store.schema import editions
from aggregator.store.statements import chunks


def keep_edition(db: Connection, edition: Edition) -> None:
    """Keep this front page."""
    lead = edition.stories[0]
    db.execute(
        insert(editions).values(
            at=edition.at,
            headline=lead.headline,
            language=lead.language,
            n_stories=len(edition.stories),
            stories=msgspec.to_builtins(edition.stories),
        )
    )


def drop_editions(db: Connection, moments: Sequence[datetime]) -> None:
    """Forget the front pages of these moments."""
    for some in chunks(moments):
        db.execute(delete(editions).where(editions.c.at.in_(some)))


def all_moments(db: Connection) -> Sequence[datetime]:
    """Return when front pages were kept, oldest first."""
    return db.execute(select(editions.c.at).order_by(editions.c.at)).scalars().all()


def edition_at(db: Connection, moment: datetime) -> Edition | None:
    """Return the front page that stood at this moment: the latest of those until then; None before the first."""
    return _edition(db, select(editions).where(editions.c.at <= moment).order_by(editions.c.at.desc()))


def edition_after(db: Connection, moment: datetime) -> Edition | None:
    """Return the first front page after this moment; None where there is none."""
    return _edition(db, select(editions).where(editions.c.at > moment).order_by(editions.c.at))


def edition_lines(db: Connection, *, since: datetime, until: datetime) -> list[EditionLine]:
    """Return the front pages from `since` up to before `until`, newest first."""
    lines = select(editions.c.at, editions.c.headline, editions.c.language, editions.c.n_stories)
    rows = db.execute(lines.where(editions.c.at >= since, editions.c.at < until).order_by(editions.c.at.desc()))
    return [EditionLine(*row) for row in rows]


def _edition(db: Connection, question: Select[Any]) -> Edition | None:
    row = db.execute(question.limit(1)).mappings().first()
    if row is None:
        return None
    return Edition(row["at"], msgspec.convert(row["stories"], tuple[PrintedStory, ...]))
