"""Publishers of one owner, on both databases: they count as one independent origin, and all of it can be undone."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, select

from aggregator import pipeline
from aggregator.config import StorySettings
from aggregator.errors import NotFoundError
from aggregator.store import articles, owners, stories, window
from aggregator.store.db import reading, transaction
from aggregator.store.digests import told_articles, undigested
from aggregator.store.schema import publishers
from aggregator.store.schema import stories as story_table
from aggregator.store.undoing import undo
from tests.integration.desk import DAY, HOUR, NOON, bring, entry, subscribe

TEXTS = {
    "alpha": "Houses fell in three villages near Tolmin, the mayor said, and a bridge is closed to lorries.",
    "beta": "Geologists measured a magnitude of 6.1 off Ardania and warned of tremors that follow for weeks.",
    "gamma": "Hospitals in the capital took in forty people whom glass had cut, and sent most of them home.",
    "delta": "Trains along the shore stand still until engineers have walked every tunnel, the railway says.",
}
TITLE = "Strong earthquake shakes the coast of Ardania and cuts off villages"


def four(db: Connection) -> list[int]:
    """Keep one article of each of four publishers; return these."""
    for n, (name, text) in enumerate(TEXTS.items()):
        said = replace(entry(f"{name}-news", at=name), title=TITLE, text=text)
        bring(db, subscribe(db, name), said, at=NOON - n * HOUR)
    ids = {row.domain: row.id for row in db.execute(select(publishers))}
    return [ids[f"{name}.example"] for name in TEXTS]


def names(db: Connection, publisher_id: int) -> list[str]:
    return [each.domain.removesuffix(".example") for each in owners.of_one_owner(db, publisher_id)]


def test_whoever_has_one_owner_has_it_with_all_the_others(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = four(db)
        assert names(db, a) == []
        owners.join(db, a, b, now=NOON)
        owners.join(db, d, c, now=NOON)
        assert (names(db, a), names(db, c)) == (["beta"], ["delta"])
        owners.join(db, b, d, now=NOON)
        assert names(db, a) == ["beta", "delta", "gamma"]
        assert owners.join(db, a, c, now=NOON).id == 0, "that was so already"
        assert owners.join(db, a, a, now=NOON).id == 0, "nobody is another"


def test_it_is_undone_exactly_and_in_any_order(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, _ = four(db)
        first, second = owners.join(db, a, b, now=NOON), owners.join(db, b, c, now=NOON)
        undo(db, first.id, now=NOON)
        assert (names(db, a), names(db, c)) == ([], ["beta"])
        undo(db, second.id, now=NOON)
        assert names(db, c) == []


def test_who_has_an_owner_of_its_own_leaves_the_others_together(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = four(db)
        owners.join(db, a, b, now=NOON)
        owners.join(db, b, c, now=NOON)
        parted = owners.part(db, b, now=NOON)
        assert (names(db, b), names(db, a)) == ([], ["gamma"])
        undo(db, parted.id, now=NOON)
        assert names(db, b) == ["alpha", "gamma"]
        assert owners.part(db, d, now=NOON).id == 0


def test_a_publisher_is_named_by_its_domain_or_its_one_name(engine: Engine) -> None:
    with transaction(engine) as db:
        a, *_ = four(db)
        assert owners.named(db, " ALPHA.example ").id == a
        with pytest.raises(NotFoundError, match="write its domain"):
            owners.named(db, "nobody")


def test_a_story_counts_one_owner_once_from_the_next_regroup_on_and_is_read_anew(engine: Engine) -> None:
    settings = StorySettings()
    with transaction(engine) as db:
        a, b, *_ = four(db)
    desk = pipeline.regroup(engine, None, settings, now=NOON).desk
    origins = select(story_table.c.n_publishers, story_table.c.n_origins)
    with transaction(engine) as db:
        [(n_publishers, before)] = db.execute(origins).all()
        signatures = {each.signature for each in undigested(db, None, since=NOON - DAY)}
        act = owners.join(db, a, b, now=NOON)
        [told] = [each for each in told_articles(db, [1, 2, 3, 4]) if each.publisher == "beta.example"]
        assert told.owner == "alpha.example"
        assert {each.signature for each in undigested(db, None, since=NOON - DAY)} != signatures
    desk = pipeline.regroup(engine, None, settings, now=NOON + HOUR, desk=desk).desk
    with transaction(engine) as db:
        [(n_still, after)] = db.execute(origins).all()
        undo(db, act.id, now=NOON)
    assert (n_publishers, n_still, after) == (4, 4, before - 1)
    pipeline.regroup(engine, None, settings, now=NOON + HOUR, desk=desk)
    with reading(engine) as db:
        assert db.execute(origins).all() == [(4, before)]
        assert {each.owner for each in window.window_articles(db, [1, 2])} == {""}
        assert len(articles.river(db, limit=9)) == 4
        assert stories.current_id(db, 1) == 1
