"""What the owner does, and can undo."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    JOIN = "join"
    """Two publishers: they have one owner."""
    PART = "part"
    SAVE = "save"
    RENAME = "rename"
    FORGET = "forget"


class Subject(StrEnum):
    """What an act was about."""

    STORY = "story"
    ARTICLE = "article"
    FEED = "feed"
    TOPIC = "topic"
    PUBLISHER = "publisher"
    """In a story or a topic, whose number it has."""
    OWNER = "owner"
    """Of the publisher whose number it has."""
    SEARCH = "search"
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
