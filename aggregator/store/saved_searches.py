"""Searches that the owner keeps by name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from aggregator.errors import NotFoundError
from aggregator.store.schema import saved_searches


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search that the owner keeps by name."""

    id: int
    name: str
    query: str


def save(db: Connection, query: str, name: str, *, now: datetime) -> int:
    """Keep a search; return its number. One with the same words is kept once and takes the new name."""
    there: int | None = db.execute(select(saved_searches.c.id).where(saved_searches.c.query == query)).scalar()
    if there is not None:
        rename(db, there, name)
        return there
    values = {"query": query, "name": name, "saved_at": now}
    return int(db.execute(insert(saved_searches).values(values).returning(saved_searches.c.id)).scalar_one())


def all_saved(db: Connection) -> list[SavedSearch]:
    """Return every search that is kept, by name."""
    rows = db.execute(select(saved_searches.c.id, saved_searches.c.name, saved_searches.c.query)).mappings()
    return sorted((SavedSearch(**row) for row in rows), key=lambda each: (each.name.casefold(), each.id))


def find_saved(db: Connection, search_id: int) -> SavedSearch:
    """Return the search; NotFoundError where there is none of this number."""
    question = select(saved_searches.c.id, saved_searches.c.name, saved_searches.c.query)
    row = db.execute(question.where(saved_searches.c.id == search_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no saved search with the number {search_id}.")
    return SavedSearch(**row)


def rename(db: Connection, search_id: int, name: str) -> None:
    """Call the search something else."""
    db.execute(update(saved_searches).where(saved_searches.c.id == search_id).values(name=name))


def forget(db: Connection, search_id: int) -> None:
    """Keep the search no longer."""
    db.execute(delete(saved_searches).where(saved_searches.c.id == search_id))
