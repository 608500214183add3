"""How steady stories are from one regroup to the next: which ids lead nowhere, which articles moved."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from aggregator.store.db import reading

MANY_PUBLISHERS = 3
"""Publishers from which a story is one that readers keep: its id has to lead somewhere for ever."""


@dataclass(frozen=True)
class Placed:
    """Which article is in which story, at one moment."""

    story_of: Mapping[int, int] = field(default_factory=dict)
    """By article id."""
    leads_to: Mapping[int, int] = field(default_factory=dict)
    """Where each id leads that a story has or had: to itself, or through an alias."""
    large: frozenset[int] = frozenset()
    """Stories of MANY_PUBLISHERS or more."""


@dataclass(frozen=True)
class Watch:
    """What has happened from regroup to regroup."""

    last: Placed = Placed()
    n_vanished: int = 0
    n_moved: int = 0

    def after(self, now: Placed) -> "Watch":
        """Return what has happened when one more regroup is done."""
        n_moved = sum(
            now.leads_to.get(story) != now.story_of[article]
            for article, story in self.last.story_of.items()
            if article in now.story_of
        )
        n_vanished = sum(story not in now.leads_to for story in self.last.large)
        return Watch(now, self.n_vanished + n_vanished, self.n_moved + n_moved)


def placed(engine: Engine) -> Placed:
    """Return where all articles are now."""
    with reading(engine) as db:
        members = db.execute(text("SELECT article_id, story_id FROM memberships")).all()
        stories = db.execute(text("SELECT id, n_publishers FROM stories")).all()
        aliases = db.execute(text("SELECT old_id, story_id FROM story_aliases")).all()
    return Placed(
        story_of={row.article_id: row.story_id for row in members},
        leads_to={row.old_id: row.story_id for row in aliases} | {row.id: row.id for row in stories},
        large=frozenset(row.id for row in stories if row.n_publishers >= MANY_PUBLISHERS),
    )
