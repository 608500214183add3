"""What the owner asks to subscribe to, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed as the owner asks for it: by hand, from an OPML outline or from the starter pack."""

    feed_url: str
    title: str | None = None
    """What the owner calls it; None where that is what it calls itself."""
    own_title: str = ""
    """What it calls itself, where that is known."""
    site_url: str | None = None
    folder: tuple[str, ...] = ()
    language: str | None = None
    country: str | None = None
    is_paused: bool = False
    interval_s: int | None = None
    wants_full_text: bool = False
    outline: Mapping[str, str] = field(default_factory=dict)
    """What else a list says of it (description, category, version, created), word for word."""


class ImportResult(StrEnum):
    """What became of one subscription that was asked for."""

    ADDED = "added"
    ALREADY_THERE = "already there"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """One line of the answer to an import."""

    subscription: Subscription
    result: ImportResult
    why: str = ""
    feed_id: int | None = None


class ImportState(StrEnum):
    """How far an import of a list has come."""

    WANTED = "wanted"
    """Its list lies at an address and was not fetched yet."""
    SHOWN = "shown"
    """Its list was read; nothing is changed until the owner says so."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A subscription list that the owner brought to the pages, and how far it has come."""

    id: int
    source: str
    """The name of the file, or the address."""
    folder: tuple[str, ...]
    """What all of it is put into."""
    asked_at: datetime
    state: ImportState
    error: str | None
    n_done: int
    n_of: Mapping[ImportResult, int]
    """What became, or would become, of its feeds."""

    @property
    def n_all(self) -> int:
        """How many feeds the list holds, the same one twice included."""
        return sum(self.n_of.values())


@dataclass(frozen=True, slots=True)
class Headline:
    """The newest of what a feed has, before anything of it is kept."""

    title: str
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed that was found at an address, and what it would bring."""

    feed_url: str
    title: str = ""
    language: str | None = None
    n_entries: int = 0
    per_day: float | None = None
    """How often it publishes; None where its entries do not tell."""
    newest: tuple[Headline, ...] = ()
    error: str | None = None
    """Why it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A look at what an address would bring, before the owner subscribes."""

    id: int
    url: str
    folder: tuple[str, ...]
    asked_at: datetime
    is_done: bool
    error: str | None
    found: tuple[Candidate, ...] = ()
