"""Why an article is in its story."""

from enum import StrEnum
from typing import NamedTuple


class SharedKind(StrEnum):
    """What two articles have in common, in a letter: there is one of them per word that is kept."""

    NAME = "n"
    NUMBER = "#"
    WORD = "w"


class Shared(NamedTuple):
    """A word or a name of several words that two articles share, as they write it."""

    text: str
    kind: SharedKind


class Evidence(NamedTuple):
    """Why an article is held to be about the same happening as the member nearest to it.

    It is kept and read as it is, a tuple: the page of a story reads hundreds.
    """

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
