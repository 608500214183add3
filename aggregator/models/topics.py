"""Lasting groups of stories."""

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.models.stories import Merge


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
