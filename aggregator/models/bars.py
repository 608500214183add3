"""Bars that were tried on yesterday."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """Stories that one bar makes of several of another."""

    n: int
    shown: tuple[tuple[int, ...], ...]
    """Of the largest, an article of each part, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedBar:
    """What some articles come to at one bar, beside the present one."""

    bar: float
    n_stories: int
    """Of two articles or more."""
    n_honoured: int
    """Of the owner's corrections, those that it comes to by itself."""
    joined: Remade
    """What are several stories at the present bar, and one at this."""
    parted: Remade
    """What is one story at the present bar, and several at this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The articles since a moment, grouped at several bars."""

    made_at: datetime
    since: datetime
    bar: float
    """The present one at that time."""
    n_articles: int
    n_corrections: int
    """Of the owner's, that can be judged by these articles."""
    bars: tuple[TriedBar, ...]
    """The lowest first."""
