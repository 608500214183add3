"""Random runs, corrections and undoing, one after the other: what has to be true of ids whatever happens."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, select

from aggregator.errors import CorrectionError
from aggregator.models.stories import Regrouping, StoryDraft
from aggregator.store import changes, correcting, corrections, stories
from aggregator.store.db import transaction
from aggregator.store.schema import memberships, story_aliases
from aggregator.store.schema import stories as story_rows
from aggregator.stories.corrections import constraints, hold
from aggregator.stories.follow import settle
from tests.integration.desk import DAY, NOON, bring, draft, entry, ids_by_title, save, subscribe

N_ARTICLES = 24
N_STEPS = 50


class Life:
    """A paper to which anything may happen, by chance."""

    def __init__(self, db: Connection, seed: int) -> None:
        self.db = db
        self.chance = random.Random(seed)
        self.now = NOON
        self.seen: set[int] = set()
        feed_id = subscribe(db)
        bring(db, feed_id, *(entry(f"news{n}") for n in range(N_ARTICLES)))
        self.ids = sorted(ids_by_title(db).values())
        self.labels = {article_id: self.chance.randrange(6) for article_id in self.ids}

    def regroup(self) -> None:
        """Move some articles from cluster to cluster, hold to what the owner said, follow and save."""
        for article_id in self.chance.sample(self.ids, self.chance.choice([0, 1, 2, 8])):
            self.labels[article_id] = self.chance.randrange(8)
        said = corrections.active(self.db, since=NOON - DAY)
        labels = hold(np.array([self.labels[each] for each in self.ids]), constraints(said, self.ids))
        clusters = [
            frozenset(np.array(self.ids)[labels == label].tolist()) for label in range(int(labels.max(initial=-1)) + 1)
        ]
        firm = frozenset[int]().union(*(each.left | each.right for each in said))
        known = stories.known_stories(self.db, since=NOON - DAY)
        followed = settle(clusters, known, now=self.now, firm=firm)
        drafts = tuple(self._drafts(followed.clusters, [each.id if each else None for each in followed.stories]))
        save(self.db, Regrouping(stories=drafts, merges=followed.merges, waiting=followed.waiting), now=self.now)

    def correct(self) -> None:
        """Say something of stories, sensible or not."""
        one, other = (self.chance.choice(sorted(self.seen)) for _ in "12")
        article_id, act = self.chance.choice(self.ids), self.chance.randrange(4)
        with suppress(CorrectionError):
            if act == 0:
                correcting.not_this_story(self.db, one, article_id, now=self.now)
            elif act == 1:
                correcting.same_story(self.db, one, other, now=self.now)
            elif act == 2:
                correcting.keep_apart(self.db, one, other, now=self.now)
            else:
                correcting.move_article(self.db, article_id, one, now=self.now)

    def undo(self) -> None:
        """Undo some change, if it can be."""
        ledger = changes.latest(self.db, limit=20)
        if ledger:
            with suppress(CorrectionError), self.db.begin_nested():
                correcting.undo(self.db, self.chance.choice(ledger).id, now=self.now)

    def step(self) -> None:
        """Let something happen, a minute later."""
        self.now += timedelta(minutes=1)
        self.chance.choice([self.regroup, self.regroup, self.correct, self.undo])()

    def check(self) -> None:
        """Every article is in one story, every id lives or leads to one that does, and all totals are true."""
        living = {row.id: row for row in self.db.execute(select(story_rows))}
        aliases = {row[0]: row[1] for row in self.db.execute(select(story_aliases.c.old_id, story_aliases.c.story_id))}
        places = {row[0]: row[1] for row in self.db.execute(select(memberships.c.article_id, memberships.c.story_id))}
        assert sorted(places) == self.ids
        assert set(places.values()) == set(living)
        assert not living.keys() & aliases.keys()
        assert set(aliases.values()) <= living.keys()
        self.seen |= living.keys()
        assert self.seen == living.keys() | aliases.keys()
        for story_id, row in living.items():
            members = {article_id for article_id, place in places.items() if place == story_id}
            assert row.n_articles == len(members)
            assert {row.founder_id, row.lead_id} <= members

    def _drafts(self, clusters: tuple[frozenset[int], ...], ids: list[int | None]) -> Iterator[StoryDraft]:
        for cluster, story_id in zip(clusters, ids, strict=True):
            yield draft(sorted(cluster), story_id, n_publishers=1)


@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_no_article_is_lost_and_no_id_dies(engine: Engine, seed: int) -> None:
    with transaction(engine) as db:
        life = Life(db, seed)
        life.regroup()
        life.check()
        for _ in range(N_STEPS):
            life.step()
            life.check()
        life.regroup()
        held = constraints(corrections.active(db, since=NOON - DAY), life.ids)
        places = np.array([_story_of(db, each) for each in life.ids])
    assert all(len(set(places[rows].tolist())) == 1 for rows in held.together)
    assert not any(np.isin(places[left], places[right]).any() for left, right in held.apart)


def _story_of(db: Connection, article_id: int) -> int:
    place: int = db.execute(select(memberships.c.story_id).where(memberships.c.article_id == article_id)).scalar_one()
    return place
