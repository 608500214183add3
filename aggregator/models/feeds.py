"""Feeds, whose they are, and how their polling goes."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Folder:
    """The owner's group of feeds; folders may lie in folders."""

    id: int
    name: str
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who stands behind one or more feeds, known by registrable domain."""

    id: int
    domain: str
    name: str
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One subscribed document at `feed_url`: what it is, and what the owner chose for it."""

    id: int
    feed_url: str
    title: str
    site_url: str | None = None
    folder_id: int | None = None
    language: str | None = None
    country: str | None = None
    is_paused: bool = False
    interval_s: int | None = None
    """How often the owner wants it checked; None leaves it to the feed's own rhythm."""
    moved_from_url: str | None = None
    """Where it was before it moved here for good."""
    moved_at: datetime | None = None
    wants_full_text: bool = False
    """Whether the owner wants the texts of its articles fetched from their own pages."""
    added_at: datetime

    @property
    def log_name(self) -> str:
        """What logs call it: its title, or where it lies, since the rest of an address may be the key to it."""
        if self.title and self.title != self.feed_url:
            return self.title
        return f"Feed {self.id} at {urlsplit(self.feed_url).hostname or 'no host'}"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How often a feed itself wishes to be asked."""

    ttl_s: int | None = None
    """Not sooner than after so long (RSS `ttl`, `sy:updatePeriod`)."""
    skip_hours: frozenset[int] = frozenset()
    """Hours of the day, 0 to 23 in UTC, in which nobody need ask (RSS `skipHours`)."""
    skip_days: frozenset[int] = frozenset()
    """Days of the week, Monday is 0, in which nobody need ask (RSS `skipDays`)."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask again with (RFC 9110 §8.8), sent back word for word."""

    etag: str | None = None
    last_modified: str | None = None


class Fault(StrEnum):
    """Why a check failed, as far as that decides what is done about it."""

    GONE = "gone"
    """The publisher says that it is gone for good (410)."""
    MISSING = "missing"
    """There is nothing at its address (404)."""
    WEB_PAGE = "web page"
    """A web page came in its place."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What is known of a feed's polling: when, how it went, when again."""

    feed_id: int
    validators: Validators = Validators()
    body_hash: str | None = None
    """sha256 of the last body that was parsed and kept: the same body is not parsed twice."""
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_check_at: datetime
    error: str | None = None
    """Why the last check failed, in the owner's words; None after a good one."""
    n_failures: int = 0
    """Failed checks in a row."""
    fault: Fault | None = None
    failing_since: datetime | None = None
    wishes: Wishes = Wishes()
    fresh_s: float = 0.0
    """How long an answer stays fresh, as the server said when it last said anything of it (RFC 9111 §4.2.1)."""
    whole_at: datetime | None = None
    """When the last whole body came, and not just the word that nothing changed."""
    moving_to: str | None = None
    """Where it was led to by permanent redirects, in the last `n_moves` checks in a row."""
    n_moves: int = 0
    took_s: float | None = None
    """How long the last good answer took, redirects included."""
    n_entries: int | None = None
    """How many entries the document held when it was last read."""
    items: bytes = field(default=b"", repr=False)
    """What tells the items that are kept when they come again unchanged, so that they are not read again."""
    searched_at: datetime | None = None
    """When the site was last searched for another address of the feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What a feed brought lately, as far as deciding when to ask it again needs it."""

    published_us: tuple[int, ...] = ()
    """When its latest articles were published, as models/moments.py counts it: a refresh reads twenty of each feed."""
    n_stories: int = 0
    """Stories of several publishers that its recent articles are in."""
    n_first: int = 0
    """Of these, how many it reported first."""
    n_copied: int = 0
    """Of these, to how many it brought another's text."""
    is_announced: bool = False
    """Whether a hub announces what it brings, and missed nothing since it last did."""


@dataclass(frozen=True, slots=True)
class DueFeed:
    """A feed that was claimed for a check, with what the check needs to know."""

    feed: Feed
    poll: Poll
    facts: FeedFacts = FeedFacts()

    @property
    def is_new(self) -> bool:
        """Whether no check has ever succeeded; only then may its address turn out to be a site."""
        return self.poll.succeeded_at is None


class FeedOrder(StrEnum):
    """In which order feeds are listed."""

    NAME = "name"
    PROBLEM = "problem"
    """Those that need the owner first, the longest failing before the others."""
    NEWEST = "newest"
    SLOWEST = "slowest"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChoice:
    """Which feeds are listed, or meant by an act."""

    folder_ids: frozenset[int] | None = None
    """Only feeds directly in these; empty for those in none, None for all."""
    words: str = ""
    """Only feeds with these in their name or address."""
    needs_owner: bool = False
    is_paused: bool = False
    """Only paused ones."""
    old_before: datetime
    """A feed that brought nothing since then needs its owner."""

    @property
    def is_all(self) -> bool:
        """Whether no feed is left out."""
        return self.folder_ids is None and not (self.words or self.needs_owner or self.is_paused)


@dataclass(frozen=True, slots=True)
class FolderCount:
    """What a folder holds, without what lies in folders in it."""

    n_feeds: int = 0
    n_need_owner: int = 0
