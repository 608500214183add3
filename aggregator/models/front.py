"""The front page, and who looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.models.pages import ArticleLine, Progress, StoryCard


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
