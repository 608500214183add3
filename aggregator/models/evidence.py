"""Why an article is in its story."""

from dataclasses import dataclass
from enum import StrEnum


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
