"""Which feeds the list shows, and how it is folded; pure but for what it asks the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from aggregator.health import OLD_AFTER
from aggregator.models.feeds import FeedChoice, FeedOrder, Folder, FolderCount
from aggregator.models.pages import FeedLine
from aggregator.store import feed_list, folders
from web.newsroom import now
from web.paths import folder_names

N_FOLDED = 60
"""With more feeds than that, folders are folded until one is opened."""
N_LINES = 100
"""Feeds on one page."""
NO_FOLDER = 0
"""Stands in addresses for the feeds that are in no folder."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A folder in the list, and what it holds with all that lies in it."""

    id: int
    name: str
    n_feeds: int
    n_need_owner: int


def choice_from(db: Connection, said: "MultiDict[str, str]") -> FeedChoice:
    """Return which feeds a query or a form narrows the list to."""
    folder_id = said.get("folder", type=int)
    inside: frozenset[int] | None = None
    if folder_id is not None:
        inside = folders.inside(db, folder_id) if folder_id != NO_FOLDER else frozenset()
    return FeedChoice(
        folder_ids=inside,
        words=said.get("q", "").strip()[:200],
        needs_owner=said.get("only") == "problems",
        is_paused=said.get("only") == "paused",
        old_before=_old_before(),
    )


def view_of(said: "MultiDict[str, str]") -> dict[str, str]:
    """Return what narrows and orders the list, as addresses and forms carry it."""
    return {name: said[name] for name in ("folder", "q", "only", "sort", "all") if said.get(name, "") != ""}


def everything() -> FeedChoice:
    """Return the choice that leaves none out."""
    return FeedChoice(old_before=_old_before())


def _old_before() -> datetime:
    return now() - OLD_AFTER


def is_folded(said: "MultiDict[str, str]", n_all: int) -> bool:
    """Whether only the folders are shown: where there are many feeds and nobody asked for some."""
    return n_all > N_FOLDED and not view_of(said)


def order_from(said: "MultiDict[str, str]") -> FeedOrder:
    """Return in which order the feeds are wanted."""
    wanted = said.get("sort", "")
    return FeedOrder(wanted) if wanted in set(FeedOrder) else FeedOrder.NAME


def folders_shown(db: Connection) -> list[Shown]:
    """Return every folder with what it holds, in alphabetical order; the feeds in none come last."""
    names = folder_names(db)
    counts = feed_list.folder_counts(db, everything())
    whole = _with_inner(counts, folders.all_folders(db))
    shown = [Shown(each, name, whole[each].n_feeds, whole[each].n_need_owner) for each, name in names.items()]
    loose = counts.get(None)
    return [*shown, *([Shown(NO_FOLDER, "", loose.n_feeds, loose.n_need_owner)] if loose and names else [])]


def _with_inner(counts: Mapping[int | None, FolderCount], every: Sequence[Folder]) -> dict[int, FolderCount]:
    """Return of each folder what it holds with what lies in folders in it; parents come before their children."""
    whole = {each.id: counts.get(each.id, FolderCount()) for each in every}
    for each in reversed(every):
        if each.parent_id in whole:
            inner, outer = whole[each.id], whole[each.parent_id]
            both = FolderCount(outer.n_feeds + inner.n_feeds, outer.n_need_owner + inner.n_need_owner)
            whole[each.parent_id] = both
    return whole


def grouped(lines: Sequence[FeedLine]) -> dict[str | None, list[FeedLine]]:
    """Return the feeds under the names of their folders."""
    found: dict[str | None, list[FeedLine]] = {}
    for line in sorted(lines, key=lambda line: (line.folder or "").casefold()):
        found.setdefault(line.folder or "", []).append(line)
    return found
