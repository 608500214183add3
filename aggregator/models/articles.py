"""Articles as they are kept."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.models.feeds import Publisher
from aggregator.models.markup import SafeHtml


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A published piece as kept."""

    id: int
    feed_id: int | None
    """The feed that brought it first; None when that feed was deleted."""
    publisher: Publisher
    url: str | None
    title: str
    text: str
    content_html: SafeHtml
    author: str | None
    published_at: datetime
    """Never later than first seen; first seen where the feed gave none."""
    first_seen_at: datetime
    language: str | None
    image_url: str | None
    is_read: bool = False
    is_starred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an article said before its publisher rewrote it."""

    title: str
    text: str
    """The first words, where the text was long."""
    changed_at: datetime
    """When something else was first seen in its place."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping a feed's entries came to, in counts."""

    n_new: int = 0
    n_changed: int = 0
    n_unchanged: int = 0
