"""What changed in stories, and what the owner said of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
