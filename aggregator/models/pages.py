"""What pages show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from aggregator.models.acts import Mute
from aggregator.models.encoders import EncoderName
from aggregator.models.evidence import Evidence
from aggregator.models.feeds import Feed, Poll, Publisher
from aggregator.models.stories import Member

EXCERPT_CHARS = 280
LAST_CHARS = 40
"""Of a word that is left out because it may be cut; what is longer is a line without spaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article in a list: everything but its body."""

    id: int
    title: str
    beginning: str
    """Of its text: EXCERPT_CHARS, and one more where it goes on."""
    url: str | None
    publisher: Publisher
    feed_id: int | None
    published_at: datetime
    first_seen_at: datetime
    language: str | None
    image_url: str | None
    is_read: bool
    story_id: int | None
    n_story_publishers: int = 1
    """How many publishers its story has, so that a list can point to it."""
    is_starred: bool = False

    @property
    def excerpt(self) -> str:
        """The first words of its text on one line, the last one whole, with an ellipsis where it goes on.

        Made when it is asked for: of a hundred lines few show it.
        """
        words = " ".join(self.beginning.split())
        if len(self.beginning) <= EXCERPT_CHARS:
            return words
        whole, _, last = words.rpartition(" ")
        return f"{(whole if whole and len(last) <= LAST_CHARS else words).rstrip(' ,;:.')} …"


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic as far as a link to it needs it."""

    id: int
    name: str


class Report(NamedTuple):
    """An article of a story, as far as telling when it came needs it; a tuple, since a front page has a thousand.

    They sort by when they were published. Moments are numbers (models/moments.py): most are only compared.
    """

    published_us: int
    article_id: int
    publisher_id: int
    first_seen_us: int
    language: str | None = None
    country: str | None = None
    """Of its publisher."""
    is_read: bool = False


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


class Outline(NamedTuple):
    """An article of a story, as far as telling who reported it needs it; a tuple, since a story has hundreds."""

    id: int
    publisher: Publisher
    title: str
    beginning: str
    """Of its text, where it has no title."""
    language: str | None
    published_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class StoryMember:
    """An article of a story page, with why it is there."""

    article: Outline
    member: Member
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
class Rewrite:
    """A text that was changed under the same headline."""

    article_id: int
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
