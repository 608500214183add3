"""Folders as the owner writes them: "World / Africa" lies two deep."""

from sqlalchemy import Connection

from aggregator.store import folders
from aggregator.store.folders import FOLDER_MARK


def path_from(text: str) -> tuple[str, ...]:
    """Return the path of folders that the owner wrote."""
    return tuple(name.strip() for name in text.split(FOLDER_MARK) if name.strip())


def written(path: tuple[str, ...]) -> str:
    """Return the path as the owner writes it."""
    return FOLDER_MARK.join(path)


def folder_names(db: Connection) -> dict[int, str]:
    """Return each folder's whole path by its id, in alphabetical order; parents come before their children."""
    paths = folders.folder_paths(db)
    return {folder.id: written(paths[folder.id]) for folder in folders.all_folders(db)}
