"""Past front pages."""

from dataclasses import dataclass
from datetime import datetime


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
