"""Folders: the owner's groups of feeds, which may lie in one another."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, and_, delete, exists, select

from aggregator.errors import NotFoundError
from aggregator.models import Folder
from aggregator.store.schema import feeds, folders, storable
from aggregator.store.statements import insert_into

MAX_FOLDER_CHARS = 200
"""Longer names are cut: PostgreSQL cannot index them, and no page can show them."""
FOLDER_MARK = " / "
"""Stands between the names of folders that lie in one another."""


def all_folders(db: Connection) -> list[Folder]:
    """Return every folder, parents before their children, by name."""
    rows = db.execute(select(folders.c.id, folders.c.name, folders.c.parent_id)).all()
    there = {row.id: Folder(row.id, row.name, row.parent_id) for row in rows}
    paths = _paths(there)
    return sorted(there.values(), key=lambda folder: sort_key(paths[folder.id]))


def folder_paths(db: Connection) -> dict[int | None, tuple[str, ...]]:
    """Return the names from the outermost folder to each; () for None, which is no folder."""
    return _paths({folder.id: folder for folder in all_folders(db)})


def find_folder(db: Connection, path: tuple[str, ...]) -> Folder:
    """Return the folder at this path; NotFoundError where there is none."""
    paths = folder_paths(db)
    for folder in all_folders(db):
        if paths[folder.id] == path:
            return folder
    raise NotFoundError(f"There is no folder {FOLDER_MARK.join(path)}.")


def inside(db: Connection, folder_id: int) -> frozenset[int]:
    """Return the folder and all that lie in it, however deep."""
    there = {folder_id}
    for folder in all_folders(db):  # parents come before their children
        if folder.parent_id in there:
            there.add(folder.id)
    return frozenset(there)


def sort_key(path: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return what puts paths in alphabetical order."""
    return tuple((name.casefold(), name) for name in path)


def _paths(there: Mapping[int, Folder]) -> dict[int | None, tuple[str, ...]]:
    """Return the names from the outermost folder to each."""
    paths: dict[int | None, tuple[str, ...]] = {None: ()}
    for folder in there.values():
        above = []
        inner: Folder | None = folder
        while inner is not None and inner.id not in paths:
            above.append(inner)
            inner = there.get(inner.parent_id) if inner.parent_id else None
        for each in reversed(above):
            paths[each.id] = (*paths[each.parent_id], each.name)
    return paths


def folder_at(db: Connection, path: Iterable[str]) -> int | None:
    """Return the id of the folder at this path, made where it is not there; None for no path."""
    folder_id: int | None = None
    for name in (storable(name).strip()[:MAX_FOLDER_CHARS] for name in path):
        if name:
            here = {"parent_id": folder_id, "name": name}
            db.execute(insert_into(db, folders).values(here).on_conflict_do_nothing())
            is_here = and_(folders.c.parent_id.is_not_distinct_from(folder_id), folders.c.name == name)
            folder_id = db.execute(select(folders.c.id).where(is_here)).scalar_one()
    return folder_id


def remove_empty_folders(db: Connection) -> None:
    """Remove folders that hold nothing, and those that hold nothing but such."""
    inner = folders.alias()
    holds_feed = exists().where(feeds.c.folder_id == folders.c.id)
    holds_folder = exists().where(inner.c.parent_id == folders.c.id)
    while db.execute(delete(folders).where(~holds_feed, ~holds_folder)).rowcount:
        pass
