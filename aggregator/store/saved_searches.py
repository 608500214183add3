"""Searches that the owner keeps by name. What becomes of one is an act, and can be undone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from aggregator.errors import NotFoundError
from aggregator.models.acts import Act, ActKind, Subject
from aggregator.store import acts
from aggregator.store.schema import saved_searches


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that the owner keeps by name."""

    id: int
    name: str
    query: str


_IS_KEPT = saved_searches.c.ended_by.is_(None)


def save(db: Connection, query: str, name: str, *, now: datetime) -> Act:
    """Keep a search. One with the same words is kept once and takes the new name."""
    return _put(db, ActKind.SAVE, query, name, now=now)


def all_saved(db: Connection) -> list[SavedSearch]:
    """Return every search that is kept, by name."""
    question = select(saved_searches.c.id, saved_searches.c.name, saved_searches.c.query).where(_IS_KEPT)
    found = (SavedSearch(**row) for row in db.execute(question).mappings())
    return sorted(found, key=lambda each: (each.name.casefold(), each.id))


def find_saved(db: Connection, search_id: int) -> SavedSearch:
    """Return the search; NotFoundError where none of this number is kept."""
    question = select(saved_searches.c.id, saved_searches.c.name, saved_searches.c.query)
    row = db.execute(question.where(saved_searches.c.id == search_id, _IS_KEPT)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no saved search with the number {search_id}.")
    return SavedSearch(**row)


def rename(db: Connection, search_id: int, name: str, *, now: datetime) -> Act:
    """Call the search something else; NotFoundError where none of this number is kept."""
    return _put(db, ActKind.RENAME, find_saved(db, search_id).query, name, now=now)


def forget(db: Connection, search_id: int, *, now: datetime) -> Act:
    """Keep the search no longer; NotFoundError where none of this number is kept."""
    found = find_saved(db, search_id)
    act = Act(at=now, kind=ActKind.FORGET, subject=Subject.SEARCH, subject_id=found.id, title=found.name)
    still = update(saved_searches).where(saved_searches.c.id == search_id, _IS_KEPT)
    return acts.keep(db, act, lambda by: db.execute(still.values(ended_by=by)).rowcount)


def take_back(db: Connection, act: Act) -> None:
    """Forget what an act kept, and keep again what it ended; a search is never kept twice."""
    ended = select(saved_searches.c.query).where(saved_searches.c.ended_by == act.id)
    made = saved_searches.c.made_by == act.id
    db.execute(delete(saved_searches).where(made | (saved_searches.c.query.in_(ended) & _IS_KEPT)))
    db.execute(update(saved_searches).where(saved_searches.c.ended_by == act.id).values(ended_by=None))


def _put(db: Connection, kind: ActKind, query: str, name: str, *, now: datetime) -> Act:
    """Keep these words under this name, in the place of what they were kept under."""
    same = select(saved_searches.c.name).where(saved_searches.c.query == query, _IS_KEPT)

    def do(act_id: int) -> int:
        if db.execute(same).scalar() == name:
            return 0
        before = update(saved_searches).where(saved_searches.c.query == query, _IS_KEPT)
        db.execute(before.values(ended_by=act_id))
        values = {"query": query, "name": name, "saved_at": now, "made_by": act_id}
        return db.execute(insert(saved_searches).values(values)).rowcount

    return acts.keep(db, Act(at=now, kind=kind, subject=Subject.SEARCH, title=name), do)
