"""What was found, put in order and together by story. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from aggregator.query.fusion import fused
from aggregator.query.language import Narrowing


class Hit(NamedTuple):
    """An article that was found, as far as putting hits in order needs it; a tuple, since a search finds a thousand."""

    article_id: int
    story_id: int | None
    published_at: datetime
    publisher_id: int
    language: str | None
    n_publishers: int
    """Of its story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found for a query: the newest, and which of all say it most plainly."""

    hits: tuple[Hit, ...] = ()
    """Newest first."""
    is_all: bool = True
    """Whether there are no more than these."""
    is_whole: bool = True
    """Whether all that hold the words were looked through for feeds and marks, and not the newest only."""
    in_title: tuple[Hit, ...] = ()
    """The newest with all words in the headline."""
    as_phrase: tuple[Hit, ...] = ()
    """The newest with the words side by side."""
    unknown: tuple[Narrowing, ...] = ()
    """What names nobody here."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """An article that was found by its meaning: it is near to one that was found by its words."""

    hit: Hit
    near_id: int
    likeness: float
    """Cosine of the two vectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was found of one story, or one article that is in none."""

    story_id: int | None
    hits: tuple[Hit, ...]
    """Those with all words in the headline first, then the newest; empty where it was found by its meaning alone."""
    nearby: tuple[Nearby, ...] = ()
    """The nearest first."""

    @property
    def first(self) -> Hit:
        """The article that stands for the group."""
        return self.hits[0] if self.hits else self.nearby[0].hit


class Order(StrEnum):
    """In which order groups stand."""

    BEST = "best"
    NEWEST = "newest"


Key = tuple[int, int]
"""Of a story, or of an article that is in none."""


def key_of(hit: Hit) -> Key:
    """Return what hits of one story share."""
    return (hit.story_id, 0) if hit.story_id is not None else (0, hit.article_id)


def grouped(found: Found, nearby: Sequence[Nearby] = (), *, order: Order) -> list[Group]:
    """Return the groups in order.

    The best are those that stand high in several lists: the newest, those with all words in the headline, those with
    the words side by side, those that most publishers report, and those near in meaning. The newest are found by words
    alone.
    """
    if order is Order.NEWEST:
        nearby = ()
    by_key: dict[Key, dict[int, Hit]] = {}
    for hit in (*found.hits, *((*found.in_title, *found.as_phrase) if order is Order.BEST else ())):
        by_key.setdefault(key_of(hit), {})[hit.article_id] = hit
    by_meaning: dict[Key, list[Nearby]] = {}
    for each in nearby:
        if each.hit.article_id not in by_key.get(key_of(each.hit), {}):
            by_meaning.setdefault(key_of(each.hit), []).append(each)
    keys = list(dict.fromkeys([*by_key, *by_meaning]))
    titles = {hit.article_id for hit in found.in_title} if order is Order.BEST else set()
    groups = {key: _group(key, by_key.get(key, {}), by_meaning.get(key, ()), titles) for key in keys}
    if order is Order.NEWEST:
        return sorted(groups.values(), key=lambda group: _age(group.first), reverse=True)
    scores = fused(_lists(found, nearby, groups))
    return [groups[key] for key in sorted(keys, key=lambda key: (scores[key], _age(groups[key].first)), reverse=True)]


def _lists(found: Found, nearby: Iterable[Nearby], groups: dict[Key, Group]) -> list[list[Key]]:
    reported = [key for key, group in groups.items() if group.first.n_publishers > 1]
    return [
        [key_of(hit) for hit in found.hits],
        [key_of(hit) for hit in found.in_title],
        [key_of(hit) for hit in found.as_phrase],
        sorted(reported, key=lambda key: groups[key].first.n_publishers, reverse=True),
        [key_of(each.hit) for each in nearby],
    ]


def _group(key: Key, hits: Mapping[int, Hit], nearby: Sequence[Nearby], titles: Collection[int]) -> Group:
    best = sorted(hits.values(), key=lambda hit: (hit.article_id in titles, _age(hit)), reverse=True)
    return Group(story_id=key[0] or None, hits=tuple(best), nearby=tuple(nearby))


def _age(hit: Hit) -> tuple[datetime, int]:
    return hit.published_at, hit.article_id
