"""What the owner chose on the pages; config.toml holds the rest."""

from dataclasses import dataclass
from typing import Literal

from aggregator.models.front import FrontOrder

FrontSection = Literal["following", "folder", "topic", "single", "earlier"]
"""A section that the front page may do without. Its stories stand in others, or are not shown."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the owner chose on the pages, for every browser."""

    language: str = ""
    """That the pages speak; empty leaves it to config.toml and the browser."""
    text_size: Literal["usual", "large", "largest"] = "usual"
    has_keys: bool = True
    has_pictures: bool = True
    front_order: FrontOrder = FrontOrder.TOP
    """Of the front page, where it is asked for in none."""
    without: tuple[FrontSection, ...] = ()
    """Sections that the front page does not have."""
