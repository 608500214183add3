"""Stories, their members and the aliases of those that were merged."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from aggregator.models import KnownStory, Regrouping, StoryCard, StoryPage


def known_stories(db: Connection, *, since: datetime) -> list[KnownStory]:
    """Return the stories that have a member published since then, by id."""
    raise NotImplementedError


def save(db: Connection, regrouping: Regrouping, *, n_articles: int, encoder: str | None, now: datetime) -> list[int]:
    """Keep the outcome of a regroup; return the ids of its stories, in its order.

    New stories get an id that was never used before. Members not in the regrouping (older than the window) stay.
    An article is in one story at most. Rows that say the same as before are not written.
    """
    raise NotImplementedError


def front_page(db: Connection, *, since: datetime, limit: int, min_publishers: int = 2) -> list[StoryCard]:
    """Return the stories with news since then, by rank, best first."""
    raise NotImplementedError


def n_single(db: Connection, *, since: datetime) -> int:
    """Return how many stories with news since then only one publisher covers."""
    raise NotImplementedError


def find_story(db: Connection, story_id: int) -> StoryPage:
    """Return the story with all its articles; NotFoundError where there is none of this id."""
    raise NotImplementedError


def current_id(db: Connection, story_id: int) -> int | None:
    """Return the id under which this story lives now, through any number of merges; None where it never was."""
    raise NotImplementedError


def story_cards(db: Connection, story_ids: Sequence[int]) -> list[StoryCard]:
    """Return these stories as cards, in this order; ids that are not there are left out."""
    raise NotImplementedError


def take_out(db: Connection, article_ids: Sequence[int]) -> None:
    """Take these articles out of their stories, which close over the gap or, left empty, go away."""
    raise NotImplementedError
