"""Folders: the owner's groups of feeds, which may lie in one another."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, and_, delete, exists, select, update

from aggregator.errors import FolderError, NotFoundError
from aggregator.models.feeds import Folder
from aggregator.store.schema import feeds, folders, storable
from aggregator.store.statements import insert_into

MAX_FOLDER_CHARS = 200
"""Longer names are cut: PostgreSQL cannot index them, and no page can show them."""
FOLDER_MARK = " / "
"""Stands between the names of folders that lie in one another."""


def all_folders(db: Connection) -> list[Folder]:
    """Return every folder, parents before their children, by name."""
    there = _all(db)
    paths = _paths(there)
    return sorted(there.values(), key=lambda folder: sort_key(paths[folder.id]))


def folder_paths(db: Connection) -> dict[int | None, tuple[str, ...]]:
    """Return the names from the outermost folder to each; () for None, which is no folder."""
    return _paths(_all(db))


def _all(db: Connection) -> dict[int, Folder]:
    return {row.id: Folder(row.id, row.name, row.parent_id) for row in db.execute(_FOLDERS)}


_FOLDERS = select(folders.c.id, folders.c.name, folders.c.parent_id)


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


def create(db: Connection, path: tuple[str, ...]) -> int | None:
    """Make the folder at this path, which stays although it holds nothing; return its id, None for no path."""
    folder_id = folder_at(db, path)
    db.execute(update(folders).where(folders.c.id == folder_id).values(is_kept=True))
    return folder_id


def move(db: Connection, folder_id: int, path: tuple[str, ...]) -> int:
    """Rename the folder, or put it elsewhere, with all that it holds; return the id of what is at the path then.

    Where a folder is there already the two become one. Raises FolderError for a path that no folder can have.
    """
    if not path:
        raise FolderError("A folder needs a name.")
    parent_id = folder_at(db, path[:-1])
    if parent_id in inside(db, folder_id):
        remove_empty_folders(db)
        raise FolderError("A folder cannot lie in itself.")
    there = _put(db, folder_id, parent_id, storable(path[-1]).strip()[:MAX_FOLDER_CHARS])
    remove_empty_folders(db)
    return there


def dissolve(db: Connection, folder_id: int) -> None:
    """Delete the folder; what it holds goes into the one around it."""
    parent_id = db.execute(select(folders.c.parent_id).where(folders.c.id == folder_id)).scalar()
    _empty_into(db, folder_id, parent_id)


def _put(db: Connection, folder_id: int, parent_id: int | None, name: str) -> int:
    is_here = and_(folders.c.parent_id.is_not_distinct_from(parent_id), folders.c.name == name)
    there: int | None = db.execute(select(folders.c.id).where(is_here)).scalar()
    if there is None or there == folder_id:
        db.execute(update(folders).where(folders.c.id == folder_id).values(parent_id=parent_id, name=name))
        return folder_id
    _empty_into(db, folder_id, there)
    return there


def _empty_into(db: Connection, folder_id: int, other_id: int | None) -> None:
    """Move what a folder holds into another, or out of all, and delete it."""
    held = db.execute(select(folders.c.id, folders.c.name).where(folders.c.parent_id == folder_id)).all()
    # Out of the way first: one of what it holds may have its own name.
    db.execute(update(folders).where(folders.c.id == folder_id).values(name=f"\x1f{folder_id}"))
    for each in held:
        _put(db, each.id, other_id, each.name)
    db.execute(update(feeds).where(feeds.c.folder_id == folder_id).values(folder_id=other_id))
    db.execute(delete(folders).where(folders.c.id == folder_id))


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
    """Remove folders that hold nothing, and those that hold nothing but such; those that the owner made stay."""
    inner = folders.alias()
    holds_feed = exists().where(feeds.c.folder_id == folders.c.id)
    holds_folder = exists().where(inner.c.parent_id == folders.c.id)
    is_idle = and_(~holds_feed, ~holds_folder, folders.c.is_kept.is_(False))
    while db.execute(delete(folders).where(is_idle)).rowcount:
        pass
