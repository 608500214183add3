"""Reading status, secrets, leases and progress, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import numpy as np
from sqlalchemy import Engine

from aggregator.models.encoders import Calibration, EncoderName
from aggregator.models.feeds import Poll
from aggregator.models.stories import Regrouping
from aggregator.store import articles, feeds, polling, reading
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.integration.desk import (
    DAY,
    HOUR,
    NOON,
    add_vectors,
    bring,
    bring_from,
    draft,
    entry,
    ids_by_title,
    save,
    subscribe,
)

MODEL = EncoderName("model", "1", 3)


def test_marking_counts_what_changed(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = bring_from(db, "a", "b", "c")
        assert reading.mark_articles(db, ids[:2], is_read=True, now=NOON).n_articles == 2
        assert reading.mark_articles(db, [*ids, 999], is_read=True, now=NOON).n_articles == 1
        assert reading.mark_articles(db, ids[:1], is_read=False, now=NOON).n_articles == 1
        assert reading.mark_articles(db, ids[:1], is_read=False, now=NOON).n_articles == 0
        assert reading.mark_articles(db, ids, is_read=True, now=NOON).n_articles == 1


def test_a_story_is_marked_as_a_whole(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, _ = save(db, Regrouping(stories=(draft([a, b]), draft([c]))))
        assert reading.mark_story(db, one, is_read=True, now=NOON).n_articles == 2
        assert {line.id for line in articles.river(db, limit=9, unread_only=True)} == {c}
        assert reading.mark_story(db, one, is_read=False, now=NOON).n_articles == 2


def test_what_arrived_after_the_page_was_made_stays_unread(engine: Engine) -> None:
    with transaction(engine) as db:
        gazette = subscribe(db)
        bring(db, gazette, entry("early"), now=NOON)
        bring_from(db, "other")
        bring(db, gazette, entry("late"), now=NOON + HOUR)
        seen = NOON + timedelta(minutes=1)
        assert reading.mark_feed(db, gazette, seen_before=seen, now=seen).n_articles == 1
        assert reading.mark_all(db, seen_before=seen, now=seen).n_articles == 1
        assert reading.mark_all(db, seen_before=seen, now=seen).n_articles == 0
        assert [line.title for line in articles.river(db, limit=9, unread_only=True)] == ["Title of late"]


def test_a_value_is_remembered_until_it_is_forgotten(engine: Engine) -> None:
    with transaction(engine) as db:
        assert memory.recall(db, "key") is None
        memory.remember(db, "key", "one")
        memory.remember(db, "key", "two")
        assert memory.recall(db, "key") == "two"
        memory.remember(db, "key", None)
        assert memory.recall(db, "key") is None


def test_processes_that_make_the_secret_key_at_once_have_the_same(engine: Engine) -> None:
    def ask(_: int) -> str:
        with transaction(engine) as db:
            return memory.secret_key(db)

    with ThreadPoolExecutor(4) as pool:
        (key,) = set(pool.map(ask, range(8)))
    assert len(bytes.fromhex(key)) == 32


def test_a_lease_has_one_holder_until_it_ends(engine: Engine) -> None:
    with transaction(engine) as db:
        assert memory.take_lease(db, "regroup", "one", now=NOON, lease_s=60)
        assert not memory.take_lease(db, "regroup", "two", now=NOON, lease_s=60)
        assert memory.take_lease(db, "regroup", "one", now=NOON + timedelta(seconds=50), lease_s=60)
        assert not memory.take_lease(db, "regroup", "two", now=NOON + timedelta(seconds=100), lease_s=60)
        assert memory.take_lease(db, "regroup", "two", now=NOON + timedelta(seconds=110), lease_s=60)
        memory.release_lease(db, "regroup", "one")
        assert not memory.take_lease(db, "regroup", "one", now=NOON + timedelta(seconds=110), lease_s=60)
        memory.release_lease(db, "regroup", "two")
        assert memory.take_lease(db, "regroup", "one", now=NOON + timedelta(seconds=110), lease_s=60)


def test_of_workers_that_want_a_lease_at_once_one_gets_it(engine: Engine) -> None:
    def take(number: int) -> bool:
        with transaction(engine) as db:
            return memory.take_lease(db, "regroup", str(number), now=NOON, lease_s=60)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(8))) == 1


def test_the_present_encoder_is_remembered_or_why_there_is_none(engine: Engine) -> None:
    with transaction(engine) as db:
        memory.remember_encoder(db, MODEL)
        assert memory.present_encoder(db) == MODEL
        memory.remember_encoder_error(db, "It is away.")
        assert memory.present_encoder(db) == MODEL
        assert memory.progress(db, since=NOON).encoder_error == "It is away."
        memory.remember_encoder(db, None)
        assert memory.present_encoder(db) is None
        assert memory.progress(db, since=NOON).encoder_error is None


def test_a_calibration_holds_for_one_version_of_one_model(engine: Engine) -> None:
    made = Calibration(
        scale=1.2,
        base=-0.03,
        middle=0.1,
        middles={"en": 0.1, "en sr": 0.2},
        bars={"en sr": 0.7},
        n_articles={},
        n_sure=9,
    )
    with transaction(engine) as db:
        assert memory.calibration(db, MODEL) is None
        memory.remember_calibration(db, MODEL, made)
        assert memory.calibration(db, MODEL) == made
        assert memory.calibration(db, replace(MODEL, version="2")) is None
        memory.remember_calibration(db, MODEL, None)
        assert memory.calibration(db, MODEL) is None


def test_progress_counts_what_is_done_and_what_is_left(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        bring_from(db, "old", at=NOON - 9 * DAY)
        gazette = feeds.find_feed(db, subscribe(db))
        polling.record_poll(
            db, Poll(feed_id=gazette.id, checked_at=NOON, next_check_at=NOON, error="Away.", n_failures=1)
        )
        feeds.set_paused(db, subscribe(db, "paused"), is_paused=True, now=NOON)
        memory.remember_encoder(db, MODEL)
        add_vectors(db, MODEL, [a], np.eye(3, dtype=np.float32)[:1])
        save(db, Regrouping(stories=(draft([a, b]),)))
        progress = memory.progress(db, since=NOON - DAY)
        assert sorted(ids_by_title(db).values())[:3] == sorted([a, b, c])
    assert (progress.n_feeds, progress.n_checked, progress.n_failing) == (6, 2, 1)
    assert (progress.n_articles, progress.n_unencoded, progress.n_ungrouped) == (3, 2, 1)
    assert progress.n_stories == 1


def test_without_an_encoder_any_vector_will_do(engine: Engine) -> None:
    with transaction(engine) as db:
        a, _ = bring_from(db, "a", "b")
        add_vectors(db, MODEL, [a], np.eye(3, dtype=np.float32)[:1])
        assert memory.progress(db, since=NOON - DAY).n_unencoded == 1
