"""What the owner said of stories: constraints on every later run, kept until they are undone."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from aggregator.models import Correction, CorrectionKind
from aggregator.store.schema import articles, correction_articles, corrections, settings
from aggregator.store.settings import recall, remember
from aggregator.store.statements import chunks, insert_into

REVISION = "corrections_revision"


def revision(db: Connection) -> int:
    """Return a number that grows with every correction, and with every one undone."""
    return int(recall(db, REVISION) or 0)


def locked_revision(db: Connection) -> int:
    """Return the same; until the transaction ends nobody corrects anything.

    A regroup may be kept only if no correction was made since it read the stories: else it would take that back.
    """
    db.execute(insert_into(db, settings).values(key=REVISION, value="0").on_conflict_do_nothing())
    return int(db.execute(select(settings.c.value).where(settings.c.key == REVISION).with_for_update()).scalar_one())


def begin(db: Connection) -> None:
    """Begin to correct something: others who would wait until the transaction ends."""
    remember(db, REVISION, str(locked_revision(db) + 1))


def add(
    db: Connection,
    change_id: int,
    kind: CorrectionKind,
    left: Collection[int],
    right: Collection[int],
    *,
    now: datetime,
) -> int:
    """Keep a correction that a line of the ledger tells of; return its id."""
    both = sorted({*left, *right})
    newest_at = max(
        db.execute(select(func.max(articles.c.published_at)).where(articles.c.id.in_(some))).scalar_one()
        for some in chunks(both)
    )
    values = {"change_id": change_id, "kind": kind, "made_at": now, "newest_at": newest_at}
    [correction_id] = db.execute(insert(corrections).values(values)).inserted_primary_key or (0,)
    rows = [{"correction_id": correction_id, "article_id": each, "is_left": each in left} for each in both]
    db.execute(insert(correction_articles), rows)
    return int(correction_id)


def remove(db: Connection, change_id: int) -> int:
    """Forget the corrections that this line of the ledger tells of; return how many there were."""
    return db.execute(delete(corrections).where(corrections.c.change_id == change_id)).rowcount


def active(db: Connection, *, since: datetime) -> list[Correction]:
    """Return the corrections, oldest first, that name an article published since then."""
    rows = db.execute(
        select(corrections, correction_articles.c.article_id, correction_articles.c.is_left)
        .join(correction_articles, correction_articles.c.correction_id == corrections.c.id)
        .where(corrections.c.newest_at >= since)
    ).all()
    sides: dict[tuple[int, bool], set[int]] = defaultdict(set)
    for row in rows:
        sides[row.id, row.is_left].add(row.article_id)
    return [
        Correction(
            id=row.id,
            kind=CorrectionKind(row.kind),
            left=frozenset(sides[row.id, True]),
            right=frozenset(sides[row.id, False]),
            made_at=row.made_at,
        )
        for _, row in sorted({row.id: row for row in rows}.items())
    ]
