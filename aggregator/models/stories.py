"""Stories as the engine makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class InWindow:
    """What is known of an article of the window before it is read."""

    article_id: int
    story_id: int | None
    is_encoded: bool
    reads: int
    """A number for what it says, whose reporting it is and whether it has a vector: another, in this process, where any
    of these changed. A window has fifty thousand of them; digests would take four times the room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowArticle:
    """An article as the story engine compares it."""

    id: int
    title: str
    text: str
    publisher: str
    """Registrable domain: what is one publisher, not one feed."""
    owner: str = ""
    """The domain that speaks for all publishers of one owner, where the owner of the paper knows of several."""
    language: str | None
    published_at: datetime
    first_seen_at: datetime
    url: str | None = None
    origin: str | None = None
    """Whom the feed names as origin, where it does."""


STANDING_HALF_LIFE = timedelta(hours=6)
"""A story without news has half its standing after that, and a sixteenth after a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An article's place in a story, with the evidence for it."""

    article_id: int
    score: float
    """Similarity to the nearest other member, 0..1; 1 for a story of one."""
    nearest_id: int | None = None
    copy_of_id: int | None = None
    """The article whose text this one (nearly) repeats."""


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
