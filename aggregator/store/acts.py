"""What the owner did, newest last, each with a number by which it can be undone once. Nothing here is ever deleted."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select, update

from aggregator.errors import NotFoundError
from aggregator.models.acts import Act, ActKind, Subject
from aggregator.store.schema import acts


def keep(db: Connection, act: Act, do: Callable[[int], int]) -> Act:
    """Do what an act is made of and keep it; return it with its number, or without one where it changed nothing.

    `do` is handed the act's number and says how much it changed.
    """
    values = {name: value for name, value in asdict(act).items() if name != "id"}
    [act_id] = db.execute(insert(acts).values(values)).inserted_primary_key or (0,)
    n_changed = do(int(act_id))
    if not n_changed:
        db.execute(delete(acts).where(acts.c.id == act_id))
        return act
    kept = replace(act, id=int(act_id), n_articles=n_changed if _marks_articles(act) else 0)
    db.execute(update(acts).where(acts.c.id == act_id).values(n_articles=kept.n_articles))
    return kept


def latest(db: Connection, *, limit: int, before_id: int | None = None) -> list[Act]:
    """Return the acts, newest first."""
    question = select(acts)
    if before_id is not None:
        question = question.where(acts.c.id < before_id)
    return _read(db, question.order_by(acts.c.id.desc()).limit(limit))


def last(db: Connection) -> Act | None:
    """Return the newest act that was not undone."""
    found = _read(db, select(acts).where(acts.c.undone_at.is_(None)).order_by(acts.c.id.desc()).limit(1))
    return found[0] if found else None


def find_act(db: Connection, act_id: int) -> Act:
    """Return the act of this number; NotFoundError where there is none."""
    found = _read(db, select(acts).where(acts.c.id == act_id))
    if not found:
        raise NotFoundError(f"There is no act with the number {act_id}.")
    return found[0]


def mark_undone(db: Connection, act_id: int, *, now: datetime) -> bool:
    """Keep that an act was undone; return whether it was not so before. Of two at once, one hears that it was."""
    still = update(acts).where(acts.c.id == act_id, acts.c.undone_at.is_(None))
    return db.execute(still.values(undone_at=now)).rowcount == 1


def _marks_articles(act: Act) -> bool:
    return act.kind in (ActKind.READ, ActKind.UNREAD) or act.subject is Subject.ARTICLE


def _read(db: Connection, question: Select[Any]) -> list[Act]:
    return [_act(row) for row in db.execute(question).mappings()]


def _act(row: RowMapping) -> Act:
    return Act(**{**row, "kind": ActKind(row["kind"]), "subject": Subject(row["subject"])})
