"""The nouns, frozen; docs/glossary.md explains each.

Suffixes: `_at` is an aware UTC datetime, `_url` an address, `_html` sanitised HTML; `n_` counts.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, NewType
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

SafeHtml = NewType("SafeHtml", str)
"""HTML that may stand on a page; made only by `aggregator.parse.html.sanitise`."""

Vectors = NDArray[np.float32]
"""Unit-length embeddings, one row per article: shape (n, dim)."""


# --- subscriptions -----------------------------------------------------------------------------------


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

    published: tuple[datetime, ...] = ()
    """When its latest articles were published."""
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


# --- fetching ----------------------------------------------------------------------------------------


Form = tuple[tuple[str, str], ...]
"""The fields of a form and what they say, in order."""


@dataclass(frozen=True, slots=True)
class Request:
    """One document to ask for."""

    url: str
    validators: Validators = Validators()
    form: Form | None = None
    """Sent by POST where there is one; then any 2xx is a good answer, and no redirect is followed."""
    accept: str | None = None
    """The kinds of document that are wanted (RFC 9110 §12.5.1); None means feeds and sites that name one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A host that asked to be left alone (Retry-After)."""

    host: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole good answer."""

    request: Request
    url: str
    """Where the body came from, after redirects."""
    moved_to: str | None = None
    """The final address where every redirect on the way was permanent (301, 308)."""
    body: bytes
    content_type: str | None = None
    validators: Validators = Validators()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Header names in lower case."""
    after_s: float = field(default=0.0, compare=False)
    """How long after the first request of all this reply came."""
    took_s: float = field(default=0.0, compare=False)
    """From the first byte sent to the last byte read, redirects included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says that nothing changed (304)."""

    request: Request
    moved_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = field(default=0.0, compare=False)
    took_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No good answer, with the reason as a sentence for the owner."""

    request: Request
    why: str
    status: int | None = None
    """The HTTP status where there was one."""
    fault: Fault = Fault.OTHER
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: Hold | None = None
    """The host that said so, where it asked to be left alone."""
    after_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Nothing was sent, or sent on, because a host on the way asked to be left alone."""

    request: Request
    hold: Hold
    after_s: float = field(default=0.0, compare=False)


Reply = Fetched | NotModified | Failed | NotAsked


# --- what feeds say ----------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class HubOffer:
    """A hub that announces what a feed brings (WebSub), and the name of the feed there."""

    hub_url: str
    topic_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that a feed offers, and how far we came with it."""

    feed_id: int
    offer: HubOffer
    token: str = field(repr=False)
    """The last part of the address of ours that the hub was given; nobody else knows it."""
    secret: str = field(repr=False)
    """What the hub signs with."""
    n_tries: int = 0
    """How often it was asked since it last confirmed."""
    lease_until: datetime | None = None
    """Until when it announces the feed to us; None where it does not."""
    pushed_at: datetime | None = None
    error: str | None = None
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """What a hub sent of a feed."""

    id: int
    feed_id: int
    body: bytes
    content_type: str | None


@dataclass(frozen=True, slots=True)
class FeedOffer:
    """A feed that a web page says it has."""

    feed_url: str
    title: str = ""


# --- arrivals ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry, or an article at an address, that is kept already, as far as deciding on arrivals needs it."""

    article_id: int
    title: str
    """Of the article as kept."""
    digest: str = ""
    """Of what this entry said when it was last kept; an article found by its address has none."""
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
    """Articles at these canonical URLs, whichever feed brought them."""
    by_moment: Mapping[datetime, tuple[KnownEntry, ...]] = field(default_factory=dict)
    """Entries of this feed that were published at these moments, of entries that neither guid nor address tells."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What a feed's entries change; nothing where all of it is known."""

    new: tuple[NewArticle, ...] = ()
    more_entries: tuple[NewEntry, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    n_unchanged: int = 0


# --- what is kept ------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class EncoderName:
    """Which model made a vector; vectors of different names are never compared."""

    model: str
    version: str
    """Of the weights, so that a model that was changed in place is noticed."""
    dim: int


@dataclass(frozen=True, slots=True)
class Unencoded:
    """What an article says, to be encoded."""

    article_id: int
    title: str
    text: str
    digest: str
    """Of what it says: where that changed meanwhile, the vector is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How one model's cosines are read as those that the decision was fitted with. Languages are ISO 639-1 codes."""

    scale: float
    """Factor of a cosine, less the middle of its languages."""
    base: float
    """What the middle is read as: where it is with the model that the decision was fitted with."""
    middle: float
    """Of pairs whose languages have none of their own."""
    middles: Mapping[str, float]
    """Cosines of unrelated pairs, by language ("en") or pair of languages ("de en")."""
    bars: Mapping[str, float]
    """Calibrated cosines from which articles of two languages are about one happening, by pair of languages."""
    n_articles: Mapping[str, int]
    """That it was fitted on, by language."""
    n_sure: int
    """Pairs that words alone are sure of, on which the scale rests."""


# --- stories -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InWindow:
    """What is known of an article of the window before it is read."""

    article_id: int
    digest: str
    """Of what it says: another one when it was rewritten."""
    story_id: int | None
    is_encoded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowArticle:
    """An article as the story engine compares it."""

    id: int
    title: str
    text: str
    publisher: str
    """Registrable domain: what is one publisher, not one feed."""
    language: str | None
    published_at: datetime
    first_seen_at: datetime
    url: str | None = None
    origin: str | None = None
    """Whom the feed names as origin, where it does."""


STANDING_HALF_LIFE = timedelta(hours=6)
"""A story without news has half its standing after that, and a sixteenth after a day."""


class SharedKind(StrEnum):
    """What two articles have in common."""

    NAME = "name"
    NUMBER = "number"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Shared:
    """A word or a name of several words that two articles share, as they write it."""

    text: str
    kind: SharedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why an article is held to be about the same happening as the member nearest to it."""

    shared: tuple[Shared, ...]
    """What they share, in order of weight."""
    chance: float
    """That the two, by themselves, are one story: 0..1."""
    bar: float
    """From which they are."""
    n_decisive: int = 0
    """The first so many of what they share, without which they would be under the bar; 0 where that is not it."""
    without: float | None = None
    """The chance without those, or without all that is named here where there are none such."""
    days: int | None = None
    """Days between them from which they would have been under the bar; None where no number of days would do."""
    likeness: float | None = None
    """Cosine of their vectors, less what all articles of a language have in common; None without vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article's place in a story, with the evidence for it."""

    article_id: int
    score: float
    """Similarity to the nearest other member, 0..1; 1 for a story of one."""
    nearest_id: int | None = None
    copy_of_id: int | None = None
    """The article whose text this one (nearly) repeats."""


class ChangeKind(StrEnum):
    """What happened to the articles that a change tells of."""

    MERGE = "merge"
    """All of a story went into another, and its id with them."""
    SPLIT = "split"
    """Some left a story and founded another."""
    MOVE = "move"
    """Some left a story for another that was there."""
    APART = "apart"
    """None moved: two stories were told to stay two."""


class Actor(StrEnum):
    """Whose doing a change is."""

    ENGINE = "engine"
    OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line of the ledger: articles that went from one story to another, or were told not to.

    Ids may name what was deleted since; the titles are the headlines of that time.
    """

    id: int = 0
    """0 until it is kept."""
    at: datetime
    kind: ChangeKind
    by: Actor
    from_id: int
    to_id: int
    from_title: str
    to_title: str
    moved_ids: tuple[int, ...]
    stayed_ids: tuple[int, ...]
    """Articles that did not leave the story that others left."""
    joined_ids: tuple[int, ...]
    """Articles of the other story that were there before."""
    undone_at: datetime | None = None
    undoes_id: int | None = None
    """The engine's change that this one of the owner's undid."""


class CorrectionKind(StrEnum):
    """What the owner said of articles."""

    TOGETHER = "together"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What the owner said of two sets of articles, in force until it is undone.

    Together: all of `left` and `right` belong to one story. Apart: no story holds one of `left` and one of `right`.
    """

    id: int
    kind: CorrectionKind
    left: frozenset[int]
    right: frozenset[int]
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A pair of articles that the owner spoke of, as the engine compared them then."""

    pair: tuple[int, int]
    """By id, the smaller first."""
    is_same: bool
    """What the owner said: whether they belong to one story."""
    count: float
    """Its part in the correction: all lessons of one are worth 1 together."""
    features: Mapping[str, float]
    """What a pair is judged by, by name."""
    has_vectors: bool


DORMANT_AFTER = timedelta(hours=72)
"""Without news, a story is held to be over; it wakes up when some comes."""

CLOSED_AFTER = timedelta(days=14)
"""Without news, what is said later (an anniversary, a trial) is another happening, and another story."""


class StoryState(StrEnum):
    """How much is to be expected of a story."""

    LIVE = "live"
    DORMANT = "dormant"
    """Nothing new for three days; late articles still join."""
    CLOSED = "closed"
    """Nothing new for two weeks; it takes no new members."""

    @classmethod
    def of(cls, last_at: datetime, *, now: datetime) -> "StoryState":
        """Return the state of a story whose newest article was published at `last_at`."""
        silence = now - last_at
        if silence >= CLOSED_AFTER:
            return cls.CLOSED
        return cls.DORMANT if silence >= DORMANT_AFTER else cls.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStory:
    """A story as the store knows it before a regroup."""

    id: int
    founder_id: int
    """The article that the story was minted for; a split leaves the id with it."""
    lead_id: int
    article_ids: frozenset[int]
    """Its members inside the window."""
    created_at: datetime
    last_at: datetime | None = None
    """When its newest article was published."""
    n_older: int = 0
    """How many of its members are outside the window."""
    copy_ids: frozenset[int] = frozenset()
    """Those of `article_ids` that repeat another's text."""
    waiting_ids: frozenset[int] = frozenset()
    """Those of `article_ids` that the last run would have moved elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDraft:
    """A story as a regroup leaves it."""

    id: int | None
    """None where the story is new: the store mints the id."""
    founder_id: int
    lead_id: int
    members: tuple[Member, ...]
    n_publishers: int
    n_origins: int
    """Independent origins: publishers less those that only carry another's text."""
    first_at: datetime
    last_at: datetime
    rank: float
    rank_terms: Mapping[str, float] = field(default_factory=dict)
    """The factors that `rank` is the product of, by name."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A story that went into another; its id becomes an alias that redirects."""

    old_id: int
    into_id: int


@dataclass(frozen=True, slots=True)
class Regrouping:
    """The whole outcome of a regroup, ready to be saved in one transaction."""

    stories: tuple[StoryDraft, ...]
    merges: tuple[Merge, ...] = ()
    waiting: frozenset[int] = frozenset()
    """Members that the engine would have elsewhere; they move when the next run says so again."""


# --- what a story says -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArticle:
    """An article of a story, as what the story says is read from it."""

    id: int
    title: str
    text: str
    """Its beginning."""
    n_chars: int
    """Of its whole text."""
    publisher: str
    """Registrable domain."""
    publisher_name: str = ""
    language: str | None = None
    published_at: datetime
    copy_of_id: int | None = None
    origin: str | None = None
    """Whom the feed names as origin, where it does."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What some articles of a story say, without the words: all that telling what is new to a reader needs."""

    said_by: tuple[int, ...]
    """Ids of the articles that say it; the first is the one whose sentence stands for it."""
    near: tuple[int, ...]
    """Ids of the articles that say this, or nearly this: whoever read one of them learns nothing new from it."""
    particulars: tuple[int, ...]
    """Positions, among the particulars of the story, of the names and numbers that the sentence brings."""


@dataclass(frozen=True, slots=True)
class Account:
    """All that a story says, claim by claim, without the words."""

    article_ids: tuple[int, ...]
    """The articles that it was read from."""
    claims: tuple[Claim, ...] = ()
    """Those that most articles make come first."""
    particulars: tuple[tuple[int, ...], ...] = ()
    """The names and numbers of the story: of each, the ids of the articles that have it."""

    def new_to(self, read: Set[int]) -> tuple[int, ...]:
        """Return the positions of the claims that are new to whoever read these articles; none where none was read.

        A claim is new when no article that was read says it or nearly it, and it brings a name or a number that none
        of those has, nor a claim before it.
        """
        known = read & set(self.article_ids)
        if not known:
            return ()
        found, brought = [], set[int]()
        unseen = {place for place, holders in enumerate(self.particulars) if known.isdisjoint(holders)}
        for place, claim in enumerate(self.claims):
            brings = unseen.intersection(claim.particulars) - brought
            if brings and known.isdisjoint(claim.near):
                found.append(place)
                brought |= brings
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that an article gives."""

    number: float
    written: str
    """As the article writes it."""
    article_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on which reports differ, or that moved: what it counts, and what each article says, oldest first."""

    counts: str
    """One of the few things that are known to be counted ("killed"), or the noun as it is written."""
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a story."""

    name: str
    article_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What can be said of one article as a source of its story."""

    article_id: int
    voice: int
    """Whose reporting it is: articles with the same number speak with one voice, and count once."""
    origin: str | None = None
    """The agency or publisher whose text it names as its own."""
    own_share: float | None = None
    """Of its runs of words, those that no earlier article of another publisher has; None where there are too few."""
    is_teaser: bool = False
    """Whether its feed gives but the beginning, or very little."""
    is_paid: bool = False
    """Whether it says that the rest is for subscribers."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What a story says, in sentences of its articles."""

    account: Account
    sentences: tuple[str, ...] = ()
    """Of each claim of the account, the sentence that stands for it, word for word."""
    in_short: tuple[int, ...] = ()
    """The claims that give the story in a few sentences."""
    alone: tuple[int, ...] = ()
    """Claims that one publisher makes alone."""
    figures: tuple[Figure, ...] = ()
    names: tuple[Named, ...] = ()
    sources: tuple[SourceFacts, ...] = ()


# --- topics ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSample:
    """One of the articles by which a story is compared with others."""

    id: int
    title: str
    text: str
    """Its first words."""
    publisher: str = ""
    """Registrable domain."""
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicStory:
    """A story as topics are made of it."""

    id: int
    n_articles: int
    sample: tuple[ArticleSample, ...]
    """Some of its articles, never none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTopic:
    """A topic as the store knows it before topics are made anew."""

    id: int
    name: str
    words: Mapping[str, float]
    """What it was last characterised by, with weights: by these it is known again after a rest."""
    story_ids: frozenset[int]
    """The stories that it had, among those that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDraft:
    """A topic as it was made: a lasting group of stories."""

    id: int | None
    """None where the topic is new: the store mints the id."""
    name: str
    words: Mapping[str, float]
    story_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Retopicking:
    """The whole outcome of making topics, ready to be saved in one transaction."""

    topics: tuple[TopicDraft, ...]
    merges: tuple[Merge, ...] = ()


# --- what the owner does -----------------------------------------------------------------------------


class ActKind(StrEnum):
    """What the owner did."""

    READ = "read"
    UNREAD = "unread"
    STAR = "star"
    UNSTAR = "unstar"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    MUTE = "mute"
    UNMUTE = "unmute"


class Subject(StrEnum):
    """What an act was about."""

    STORY = "story"
    ARTICLE = "article"
    FEED = "feed"
    TOPIC = "topic"
    PUBLISHER = "publisher"
    NAMES = "names"
    """Stories in which certain names stand."""
    SEVERAL = "several"
    """Stories or articles that stood together on a page."""
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the owner did to stories, articles, feeds or topics, and may undo."""

    id: int = 0
    """0 where nothing changed by it, so that nothing was kept."""
    at: datetime
    kind: ActKind
    subject: Subject
    subject_id: int | None = None
    title: str = ""
    """What the subject was called then."""
    n_articles: int = 0
    """That were marked by it."""
    undone_at: datetime | None = None


class MarkKind(StrEnum):
    """What the owner holds of a story or a topic."""

    STAR = "star"
    FOLLOW = "follow"


class MuteKind(StrEnum):
    """What the owner does not want to see for a while."""

    STORY = "story"
    LIKENESS = "likeness"
    """Stories of its topic or, where it has none, with its names."""
    PUBLISHER = "publisher"
    """One publisher, in the story's topic or, where it has none, in the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """What is kept from the front page, until when, and what brings it back before."""

    id: int = 0
    """0 until it is kept."""
    kind: MuteKind
    title: str
    """The headline of the story, when it was muted."""
    story_id: int
    topic_id: int | None = None
    names: tuple[str, ...] = ()
    publisher_id: int | None = None
    bar: int | None = None
    """A story that so many publishers tell is shown all the same; None is never."""
    until: datetime | None = None
    """None is for ever."""
    made_at: datetime


# --- what pages show ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article in a list: everything but its body."""

    id: int
    title: str
    excerpt: str
    """The first words of its text."""
    url: str | None
    publisher: Publisher
    feed_id: int | None
    feed_title: str | None
    published_at: datetime
    first_seen_at: datetime
    language: str | None
    image_url: str | None
    is_read: bool
    story_id: int | None
    n_story_publishers: int = 1
    """How many publishers its story has, so that a list can point to it."""
    is_starred: bool = False


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic as far as a link to it needs it."""

    id: int
    name: str


class Report(NamedTuple):
    """An article of a story, as far as telling when it came needs it; a tuple, since a front page has a thousand."""

    article_id: int
    publisher_id: int
    published_at: datetime
    first_seen_at: datetime
    language: str | None = None
    country: str | None = None
    """Of its publisher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story as the front page shows it."""

    id: int
    headline: str
    lead: ArticleLine
    n_articles: int
    n_publishers: int
    n_origins: int
    n_unread: int
    countries: tuple[str, ...]
    first: ArticleLine
    """The earliest report."""
    last_at: datetime
    rank: float
    rank_terms: Mapping[str, float]
    lines: tuple[ArticleLine, ...]
    """Its articles, the lead first, then one line per publisher, newest first; of many publishers, the latest."""
    topic: TopicName | None = None
    reports: tuple[Report, ...] = ()
    """All its articles, in the order they were published."""
    is_starred: bool = False
    is_followed: bool = False
    n_new_facts: int | None = None
    """What is new to an owner who read some of it, but not all; None where that is not so, or not known."""

    @property
    def is_news(self) -> bool:
        """Whether it says something that the owner has not read: more of the same does not bring a story back."""
        return self.n_unread > 0 and self.n_new_facts != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLine:
    """A topic in the list of topics."""

    id: int
    name: str
    n_stories: int
    """Of those with news in the span that topics are made of."""
    first_at: datetime
    """The earliest report in any of its stories, as far back as they are kept."""
    last_at: datetime
    newest: ArticleLine
    """The lead article of the story with the latest news."""
    words: Mapping[str, float] = field(default_factory=dict)
    """What it is characterised by, with weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPage:
    """A topic as its own page shows it."""

    id: int
    name: str
    n_stories: int
    """Of all that it ever had and still has."""
    first_at: datetime | None
    """None where no story is left in it."""
    last_at: datetime
    is_followed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Starred:
    """A story or an article that the owner starred."""

    at: datetime
    story: StoryCard | None = None
    article: ArticleLine | None = None


@dataclass(frozen=True, slots=True)
class StoryName:
    """A story as far as a link to it needs it."""

    id: int
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteLine:
    """A mute as the list of mutes shows it."""

    mute: Mute
    """Its story under the id where it lives now."""
    topic: TopicName | None
    publisher: Publisher | None
    n_hidden: int
    """Stories with news in the window that it keeps from the front page now."""
    hidden: tuple[StoryName, ...]
    """The latest of them."""


@dataclass(frozen=True, slots=True)
class StoryMember:
    """An article of a story page, with why it is there."""

    article: Article
    member: Member
    feed_title: str | None
    evidence: Evidence | None = None
    """What it shares with the nearest member; None where that is not known."""


@dataclass(frozen=True, slots=True)
class StoryLink:
    """A story as far as a link to it needs it."""

    id: int
    headline: str
    language: str | None
    first_at: datetime
    n_publishers: int = 1


@dataclass(frozen=True, slots=True)
class Related:
    """A story that is like another without being it, and why it is named beside it."""

    story: StoryLink
    likeness: float
    """Cosine of the vectors of both lead articles."""
    names: tuple[str, ...] = ()
    """That several publishers write in both."""


@dataclass(frozen=True, slots=True)
class Retitle:
    """A headline that was changed."""

    article_id: int
    was: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Silent:
    """Publishers that had news while a story was reported, and none of it in the story."""

    publishers: tuple[Publisher, ...]
    """Some of them, those with the most news first."""
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPage:
    """A story with all its articles, oldest first."""

    card: StoryCard
    members: tuple[StoryMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed in the list of feeds: its polling and its counts beside it."""

    feed: Feed
    poll: Poll
    folder: str | None
    n_articles: int
    n_unread: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the work has come, for first run and for the status line."""

    n_feeds: int
    n_checked: int
    """Feeds that were checked at least once."""
    n_failing: int
    n_articles: int
    n_unencoded: int
    """Articles of the window without a vector of the present model."""
    n_ungrouped: int
    """Articles of the window that no regroup has seen."""
    n_stories: int
    """Stories of two or more publishers."""
    regrouped_at: datetime | None
    encoder_error: str | None
    """Why there is no model, in words; None where there is one."""
    succeeded_at: datetime | None = None
    """When a feed was last read."""


class FrontOrder(StrEnum):
    """In which order a front page shows its stories, and so which stories are on it."""

    TOP = "top"
    """By rank."""
    NEWEST = "newest"
    """What changed last comes first."""
    PUBLISHERS = "publishers"
    """What most publishers cover comes first."""
    FIRST = "first"
    """What was first reported last comes first."""
    UNREAD = "unread"
    """By rank, without what was read whole."""


VISIT_ENDS_AFTER = timedelta(minutes=30)
"""A visit is over when nothing was looked at for so long, as in statistics of the web."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The household's present time with the paper; what came since the one before is news to it."""

    since: datetime | None
    """When the one before ended; None for the first of all."""
    seen_at: datetime
    """When somebody was last known to be there."""

    @classmethod
    def first(cls, now: datetime) -> "Visit":
        """Return the first visit of all."""
        return cls(None, now)

    def at(self, now: datetime) -> "Visit":
        """Return the visit of somebody who is there now: this one, or the next where this one ended."""
        if now - self.seen_at >= VISIT_ENDS_AFTER:
            return Visit(self.seen_at, now)
        return Visit(self.since, max(now, self.seen_at))


@dataclass(frozen=True, slots=True)
class Arrived:
    """How much came since a moment."""

    n_articles: int
    n_feeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPage:
    """All that the front page is made of, as of one moment."""

    cards: tuple[StoryCard, ...]
    """Stories of two or more publishers, in the order that was asked for."""
    followed: tuple[StoryCard, ...]
    """Stories that the owner follows, the latest news first."""
    single: tuple[ArticleLine, ...]
    """What leads some of the stories that only one publisher covers, by rank."""
    n_single: int
    n_hidden: int
    """Stories of two or more publishers that would be here were they not muted."""
    folder_of: Mapping[int, str]
    """The outermost folder of each feed that has one and an article here."""
    progress: Progress
    visit: Visit | None
    """The present one; None before the first was noted."""
    arrived: Arrived
    """Since the visit before, as far as the window goes back; nothing where there was none."""


# --- past front pages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedStory:
    """A story as a front page of the past showed it; it stays so when the story goes on, is merged or deleted."""

    story_id: int
    headline: str
    language: str | None
    publishers: tuple[str, ...]
    """The headline's first, then some of the others."""
    n_publishers: int
    n_origins: int
    n_articles: int
    n_countries: int
    first_publisher: str
    first_at: datetime
    last_at: datetime
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """A front page of the past."""

    at: datetime
    stories: tuple[PrintedStory, ...]
    """As they were ranked."""


@dataclass(frozen=True, slots=True)
class EditionLine:
    """A front page of the past in a list of such."""

    at: datetime
    headline: str
    """Of its first story."""
    language: str | None
    n_stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the whole machine does, in figures."""

    worker_seen_at: datetime | None
    regrouped_at: datetime | None
    encoder: EncoderName | None
    encoder_error: str | None
    n_feeds: int
    n_paused: int
    n_need_owner: int
    n_slow: int
    n_late: int
    """Feeds whose time to be asked came long ago, and nobody asked."""
    n_unencoded: int
    n_ungrouped: int
    n_announced: int
    """Feeds that a hub announces now."""
    n_offered: int
    """Feeds that name a hub."""
    database: str
    """Its kind."""
    database_bytes: int
    newest_edition_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the owner chose on the pages, for every browser."""

    language: str = ""
    """That the pages speak; empty leaves it to config.toml and the browser."""
    text_size: Literal["usual", "large", "largest"] = "usual"
    has_keys: bool = True
    has_pictures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherRecord:
    """What a publisher did lately."""

    n_articles: int
    n_stories: int
    """Stories of several publishers that it is in."""
    n_first: int
    """Of these, how many it reported first."""
    n_copied: int
    """Of these, to how many it brought another's text."""
    n_alone: int
    """Stories that nobody else covered."""
    languages: tuple[tuple[str | None, int], ...]
    """What it writes in, with how many articles, the most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """How far a feed has come on first run."""

    feed_id: int
    title: str
    is_checked: bool
    error: str | None
    n_articles: int
    n_grouped: int


# --- bars that were tried ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """Stories that one bar makes of several of another."""

    n: int
    shown: tuple[tuple[int, ...], ...]
    """Of the largest, an article of each part, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedBar:
    """What some articles come to at one bar, beside the present one."""

    bar: float
    n_stories: int
    """Of two articles or more."""
    n_honoured: int
    """Of the owner's corrections, those that it comes to by itself."""
    joined: Remade
    """What are several stories at the present bar, and one at this."""
    parted: Remade
    """What is one story at the present bar, and several at this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The articles since a moment, grouped at several bars."""

    made_at: datetime
    since: datetime
    bar: float
    """The present one at that time."""
    n_articles: int
    n_corrections: int
    """Of the owner's, that can be judged by these articles."""
    bars: tuple[TriedBar, ...]
    """The lowest first."""
