"""How the machine does, in words, and what to do about each; pure but for the language it speaks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.models.pages import Condition
from web.filters import count, decimal, span
from web.words import gettext, ngettext, tell

AWAY_AFTER = timedelta(minutes=3)
LATE_REGROUP = timedelta(minutes=20)
LEAST_FREE_BYTES = 500 * 1024 * 1024
"""Under this the disk may be full before anybody looks again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, and how it does."""

    name: str
    what: str
    then: str = ""
    """What to do, where something is to be done."""
    see: str = ""
    """The list of feeds narrowed to those that are meant."""

    @property
    def is_good(self) -> bool:
        """Whether nothing need be done."""
        return not self.then


def diagnose(found: Condition, *, free_bytes: int | None, now: datetime) -> Iterator[Finding]:
    """Yield how each part does, in the order of the road that an article takes."""
    yield _worker(found, now)
    yield from _feeds(found)
    yield _model(found)
    yield _grouping(found, now)
    if found.n_offered:
        said = gettext("%(n)s of %(all)s feeds with a hub are announced.", n=found.n_announced, all=found.n_offered)
        yield Finding(gettext("Hubs"), said)
    yield Finding(gettext("Database"), f"{found.database}, {size(found.database_bytes)}.")
    if free_bytes is not None:
        yield _disk(free_bytes)
    if found.newest_edition_at:
        ago = span((now - found.newest_edition_at).total_seconds())
        yield Finding(gettext("Past front pages"), gettext("The newest was kept %(span)s ago.", span=ago))


def size(n_bytes: int) -> str:
    """Return so many bytes in the unit that suits them: "4.2 MB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{decimal(n_bytes / factor, 1)} {unit}"
    return f"{n_bytes} B"


def _worker(found: Condition, now: datetime) -> Finding:
    name = gettext("Worker")
    start = gettext("Start it with “broadsheet run” or “broadsheet worker”; without one no feed is read.")
    if found.worker_seen_at is None:
        return Finding(name, gettext("No worker was ever seen."), start)
    silent_s = (now - found.worker_seen_at).total_seconds()
    if silent_s > AWAY_AFTER.total_seconds():
        return Finding(name, gettext("No worker was seen for %(span)s.", span=span(silent_s)), start)
    return Finding(name, gettext("At work."))


def _feeds(found: Condition) -> Iterator[Finding]:
    name = gettext("Feeds")
    said = ngettext("%(n)s feed", "%(n)s feeds", found.n_feeds, n=count(found.n_feeds))
    paused = gettext("%(n)s paused", n=count(found.n_paused))
    yield Finding(name, f"{said}, {paused}.")
    if found.n_need_owner:
        said = ngettext("%(n)s needs you.", "%(n)s need you.", found.n_need_owner, n=count(found.n_need_owner))
        yield Finding(name, said, gettext("Each says in the list what is the matter."), see="problems")
    if found.n_late:
        said = ngettext(
            "%(n)s feed should have been asked long ago.",
            "%(n)s feeds should have been asked long ago.",
            found.n_late,
            n=count(found.n_late),
        )
        yield Finding(name, said, gettext("Look whether the worker is at work and what its log says."))
    if found.n_slow:
        said = ngettext("%(n)s answers slowly.", "%(n)s answer slowly.", found.n_slow, n=count(found.n_slow))
        yield Finding(name, said, see="slowest")


def _model(found: Condition) -> Finding:
    name = gettext("Model")
    if found.encoder_error:
        return Finding(name, tell(found.encoder_error), gettext("Until then stories are grouped by their words."))
    if found.encoder is None:
        return Finding(name, gettext("None: stories are grouped by their words."))
    waiting = gettext("%(n)s articles wait to be encoded.", n=count(found.n_unencoded)) if found.n_unencoded else ""
    return Finding(name, f"{found.encoder.model}. {waiting}".strip())


def _grouping(found: Condition, now: datetime) -> Finding:
    name = gettext("Grouping")
    if found.regrouped_at is None:
        return Finding(name, gettext("Nothing was grouped yet."))
    silent = now - found.regrouped_at
    waiting = gettext("%(n)s articles wait to be grouped.", n=count(found.n_ungrouped))
    if found.n_ungrouped and silent > LATE_REGROUP:
        behind = gettext("It is %(span)s behind.", span=span(silent.total_seconds()))
        return Finding(name, f"{behind} {waiting}", gettext("The worker's log says what holds it up."))
    last = gettext("Last done just now.")
    if silent >= timedelta(minutes=1):
        last = gettext("Last done %(span)s ago.", span=span(silent.total_seconds()))
    return Finding(name, f"{last} {waiting}" if found.n_ungrouped else last)


def _disk(free_bytes: int) -> Finding:
    name, said = gettext("Disk"), gettext("%(size)s free where the database is kept.", size=size(free_bytes))
    if free_bytes >= LEAST_FREE_BYTES:
        return Finding(name, said)
    return Finding(name, said, gettext("Make room, or move the database: a full disk stops everything."))
