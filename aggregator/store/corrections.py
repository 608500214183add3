"""What the owner said of stories: constraints on every later run, kept until they are undone."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from aggregator.models.corrections import Correction, CorrectionKind, Lesson
from aggregator.models.encoders import EncoderName
from aggregator.store.schema import articles, correction_articles, corrections, settings
from aggregator.store.settings import recall, remember
from aggregator.store.statements import chunks, insert_into

REVISION = "corrections_revision"
SEEN = "corrections_seen"


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


def are_unseen(db: Connection) -> bool:
    """Whether something was corrected, or a correction undone, since the last regroup that was kept."""
    return revision(db) != int(recall(db, SEEN) or 0)


def mark_seen(db: Connection, seen: int) -> None:
    """Keep that a regroup knew of all corrections up to this revision."""
    remember(db, SEEN, str(seen))


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
    return _read(db, corrections.c.newest_at >= since)


def unlearned(db: Connection, encoder: EncoderName | None, *, since: datetime) -> list[Correction]:
    """Return those of which it is not kept what there was to learn from them, with this encoder."""
    kept = select(corrections.c.id, corrections.c.lessons).where(corrections.c.newest_at >= since)
    of = _name(encoder)
    missing = [row.id for row in db.execute(kept) if (row.lessons or {}).get("of") != of]
    return [each for some in chunks(missing) for each in _read(db, corrections.c.id.in_(some))]


def keep_lessons(db: Connection, encoder: EncoderName | None, lessons: Mapping[int, Sequence[Lesson]]) -> None:
    """Keep what was learned from these corrections, by id; those that were undone meanwhile are left out."""
    for correction_id, found in lessons.items():
        kept = {"of": _name(encoder), "pairs": msgspec.to_builtins(found)}
        db.execute(update(corrections).where(corrections.c.id == correction_id).values(lessons=kept))


def lessons(db: Connection, encoder: EncoderName | None) -> list[Lesson]:
    """Return what was ever learned with this encoder from corrections that hold, newest first."""
    newest_first = select(corrections.c.lessons).order_by(corrections.c.made_at.desc(), corrections.c.id.desc())
    kept = db.execute(newest_first.where(corrections.c.lessons.is_not(None))).scalars()
    of = _name(encoder)
    return [lesson for each in kept if each["of"] == of for lesson in msgspec.convert(each["pairs"], list[Lesson])]


def _read(db: Connection, which: ColumnElement[bool]) -> list[Correction]:
    question = (
        select(
            corrections.c.id,
            corrections.c.kind,
            corrections.c.made_at,
            correction_articles.c.article_id,
            correction_articles.c.is_left,
        )
        .join(correction_articles, correction_articles.c.correction_id == corrections.c.id)
        .where(which)
    )
    rows = db.execute(question).all()
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


def _name(encoder: EncoderName | None) -> str:
    return f"{encoder.model} {encoder.version}" if encoder else "words"
