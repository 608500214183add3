"""Lists that the owner brought to the pages: fetched by the worker, shown, and imported when the owner says so."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from aggregator.errors import NotFoundError
from aggregator.models.subscribing import Import, ImportOutcome, ImportResult, ImportState, Subscription
from aggregator.store.schema import import_lines, imports
from aggregator.store.statements import chunks

FORGOTTEN_AFTER = timedelta(days=7)


def begin(db: Connection, source: str, folder: tuple[str, ...], *, now: datetime) -> int:
    """Keep that a list is wanted; return the import's id. What was asked for long ago is forgotten."""
    db.execute(delete(imports).where(imports.c.asked_at < now - FORGOTTEN_AFTER))
    row = {"source": source, "folder": list(folder), "asked_at": now, "state": ImportState.WANTED, "n_done": 0}
    [import_id] = db.execute(insert(imports).values(row)).inserted_primary_key or (0,)
    return int(import_id)


def show(db: Connection, import_id: int, foreseen: Sequence[ImportOutcome]) -> None:
    """Keep the feeds of the list, and what would become of each."""
    rows = [
        {
            "import_id": import_id,
            "position": position,
            "wanted": msgspec.json.encode(each.subscription).decode(),
            "result": each.result,
            "why": each.why,
        }
        for position, each in enumerate(foreseen)
    ]
    for some in chunks(rows):
        db.execute(insert(import_lines), some)
    db.execute(update(imports).where(imports.c.id == import_id).values(state=ImportState.SHOWN))


def fail(db: Connection, import_id: int, why: str) -> None:
    """Keep why there is no list."""
    db.execute(update(imports).where(imports.c.id == import_id).values(state=ImportState.FAILED, error=why))


def claim_wanted(db: Connection, *, now: datetime, lease_s: float) -> list[Import]:
    """Return imports whose lists are to be fetched, and keep other workers off them for `lease_s`."""
    is_free = or_(imports.c.claimed_until.is_(None), imports.c.claimed_until <= now)
    wanted = select(imports.c.id).where(imports.c.state == ImportState.WANTED, is_free).order_by(imports.c.id)
    ids = db.execute(wanted.with_for_update(skip_locked=True)).scalars().all()
    until = now + timedelta(seconds=lease_s)
    db.execute(update(imports).where(imports.c.id.in_(ids)).values(claimed_until=until))
    return [find_import(db, import_id) for import_id in ids]


def are_wanted(db: Connection) -> bool:
    """Whether any list is to be fetched."""
    return db.execute(select(imports.c.id).where(imports.c.state == ImportState.WANTED).limit(1)).first() is not None


def find_import(db: Connection, import_id: int) -> Import:
    """Return the import; NotFoundError where there is none of this id, or none any more."""
    row = db.execute(select(imports).where(imports.c.id == import_id)).mappings().first()
    if row is None:
        raise NotFoundError("There is no such list, or it was brought more than a week ago; bring it again.")
    counted = (
        select(import_lines.c.result, func.count()).where(import_lines.c.import_id == import_id).group_by("result")
    )
    return Import(
        id=row["id"],
        source=row["source"],
        folder=tuple(row["folder"]),
        asked_at=row["asked_at"],
        state=ImportState(row["state"]),
        error=row["error"],
        n_done=row["n_done"],
        n_of={ImportResult(result): n for result, n in db.execute(counted)},
    )


def lines(
    db: Connection, import_id: int, *, limit: int, offset: int = 0, result: ImportResult | None = None
) -> list[ImportOutcome]:
    """Return what became, or would become, of the feeds of a list, in its order."""
    wanted = select(import_lines).where(import_lines.c.import_id == import_id)
    if result is not None:
        wanted = wanted.where(import_lines.c.result == result)
    rows = db.execute(wanted.order_by(import_lines.c.position).limit(limit).offset(offset)).mappings()
    return [
        ImportOutcome(
            msgspec.json.decode(row["wanted"], type=Subscription), ImportResult(row["result"]), why=row["why"]
        )
        for row in rows
    ]


def claim_step(db: Connection, import_id: int, *, limit: int) -> tuple[int, list[Subscription]]:
    """Return the next feeds of a list that was begun, and at which position they start; nobody else has them."""
    row = db.execute(select(imports).where(imports.c.id == import_id).with_for_update()).mappings().one()
    start: int = row["n_done"]
    return start, [each.subscription for each in lines(db, import_id, limit=limit, offset=start)]


def keep_step(db: Connection, import_id: int, start: int, outcomes: Sequence[ImportOutcome], *, n_all: int) -> None:
    """Keep what became of these feeds of a list, which begin at this position."""
    line = (import_lines.c.import_id == import_id) & (import_lines.c.position == bindparam("at"))
    changes = update(import_lines).where(line).values(result=bindparam("became"), why=bindparam("because"))
    rows = [{"at": start + n, "became": each.result, "because": each.why} for n, each in enumerate(outcomes)]
    if rows:
        db.execute(changes, rows)
    n_done = start + len(rows)
    state = ImportState.DONE if n_done >= n_all else ImportState.RUNNING
    db.execute(update(imports).where(imports.c.id == import_id).values(n_done=n_done, state=state))
