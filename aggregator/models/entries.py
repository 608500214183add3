"""What feeds say."""

from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models.feeds import Wishes
from aggregator.models.markup import SafeHtml


@dataclass(frozen=True, slots=True)
class IndexWords:
    """The words by which an article is found, in order, a blank between each two."""

    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item as a feed states it: sanitised, links resolved, dates in UTC."""

    guid: str
    """Known inside its feed by this; made from link, title and text where the feed gives none."""
    url: str | None = None
    canonical_url: str | None = None
    """`url` without what only tracks the reader; the same for every entry that leads to the same piece."""
    domain: str | None = None
    """Registrable domain of `url`: whose piece this is."""
    title: str = ""
    text: str = ""
    """Plain text of the longest body the feed gives, paragraphs apart by blank lines."""
    content_html: SafeHtml = SafeHtml("")
    author: str | None = None
    published_at: datetime | None = None
    language: str | None = None
    image_url: str | None = None
    origin_name: str | None = None
    """Whom the feed itself names as origin (RSS `<source>`, Atom `source`)."""
    origin_url: str | None = None
    words: IndexWords | None = field(default=None, repr=False, compare=False)
    """Those of title and text, where whoever read the entry found them: that takes as long as keeping it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document that was understood."""

    title: str = ""
    site_url: str | None = None
    language: str | None = None
    wishes: Wishes = Wishes()
    hub_url: str | None = None
    """Where it says that its hub is."""
    self_url: str | None = None
    """What it calls its own address."""
    entries: tuple[Entry, ...] = ()
    items: bytes = field(default=b"", repr=False)
    """What tells its items when they come again unchanged; empty where nothing can."""
    n_cut: int = 0
    """Items that are not among the entries, because they were known and are there unchanged."""
    is_whole: bool = True
    """Whether the document goes on to its end."""
    is_last_whole: bool = True
    """Whether the last of its entries does."""


@dataclass(frozen=True, slots=True)
class FeedOffer:
    """A feed that a web page says it has."""

    feed_url: str
    title: str = ""
