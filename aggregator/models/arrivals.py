"""What a feed's entries change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models.entries import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry, or an article at an address, that is kept already, as far as deciding on arrivals needs it."""

    article_id: int
    title: str
    """Of the article as kept."""
    digest: str = ""
    """Of what this entry said when it was last kept; of an article found by its address, of what this feed said of it
    or, where it said nothing, of what the article says."""
    canonical_url: str | None = None
    """Of the article as kept."""
    published_at: datetime | None = None
    """Of the article as kept; None of one found by its address."""
    is_first: bool = True
    """Whether this feed was the first to bring the article: only its word may rewrite it."""
    is_in_feed: bool = True
    """Whether an entry of this feed leads to the article already."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept already of what a feed brings."""

    by_guid: Mapping[str, KnownEntry] = field(default_factory=dict)
    """Entries of this feed."""
    by_url: Mapping[str, KnownEntry] = field(default_factory=dict)
    """Articles that are, or once were, at these canonical URLs, whichever feed brought them."""
    by_moment: Mapping[datetime | None, tuple[KnownEntry, ...]] = field(default_factory=dict)
    """Entries of this feed that were published at these moments, of entries that neither guid nor address tells; under
    None the latest of all, for entries that have no date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """An entry that becomes an article."""

    entry: Entry
    publisher_domain: str
    publisher_name: str
    published_at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry that leads to an article that is kept already."""

    guid: str
    article_id: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """An entry that says something else than before."""

    article_id: int
    entry: Entry
    digest: str
    changes_article: bool
    """False where another feed brought the article first: then only the entry's digest is kept."""


@dataclass(frozen=True, slots=True)
class Move:
    """An article that its publisher put at another address."""

    article_id: int
    url: str
    canonical_url: str
    over_id: int | None = None
    """The article that another feed has brought at that address: the two are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What a feed's entries change; nothing where all of it is known."""

    new: tuple[NewArticle, ...] = ()
    more_entries: tuple[NewEntry, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    moves: tuple[Move, ...] = ()
    n_unchanged: int = 0
