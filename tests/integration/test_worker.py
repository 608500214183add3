"""When the worker polls and groups, with a clock that the test turns."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy import text as sql

from aggregator import pipeline
from aggregator.config import EncodeSettings, FetchSettings, Settings
from aggregator.errors import EncoderError, StoreError
from aggregator.models.encoders import EncoderName
from aggregator.models.fetching import Request
from aggregator.models.pages import Progress
from aggregator.models.subscribing import Subscription
from aggregator.models.values import Vectors
from aggregator.refreshing import Tools
from aggregator.schedule import ENCODE_FOR_S, RETRY_MODEL_S, Every, Model, Worker, new_scheduler, run_now, utc_now
from aggregator.store import articles, digests, feeds, polling, topics, window
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from tests.blank import open_blank
from tests.hostile.paper import parse_here
from tests.integration.desk import bring, bring_from, entry, subscribe
from tests.server import Ask, Page, Site

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
RSS = b'<rss version="2.0"><channel><title>A</title><item><title>Fire</title><guid>1</guid></item></channel></rss>'
SETTINGS = Settings(fetch=FetchSettings(allowed_hosts=("127.0.0.0/8",)), encode=EncodeSettings(model="none"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "news.db")
    yield engine
    engine.dispose()


def progress(engine: Engine) -> Progress:
    with reading(engine) as db:
        return memory.progress(db, since=NOON - timedelta(days=7))


def test_a_feed_that_is_added_while_the_worker_runs_is_polled_and_grouped(engine: Engine):
    worker, stop = Worker(engine, SETTINGS), threading.Event()
    running = threading.Thread(target=worker.run, args=[stop])
    running.start()
    with Site({"/feed": RSS}) as site:
        with transaction(engine) as db:
            feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON)
        while running.is_alive() and (progress(engine).n_articles == 0 or progress(engine).n_ungrouped > 0):
            stop.wait(0.05)
        stop.set()
        running.join()
    assert (progress(engine).n_articles, progress(engine).n_ungrouped) == (1, 0)


def test_a_worker_that_is_stopped_waits_for_no_slow_host_and_holds_nothing_against_it(engine: Engine):
    patient = replace(SETTINGS, fetch=replace(SETTINGS.fetch, timeout_s=10.0))
    worker, stop = Worker(engine, patient), threading.Event()

    def stop_meanwhile(_: Ask) -> Page:
        stop.set()
        return Page(RSS, pause_s=60)

    with Site({"/feed": stop_meanwhile}) as site:
        with transaction(engine) as db:
            feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON)
        worker.run(stop)
        with transaction(engine) as db:
            [due] = polling.claim_due(db, now=utc_now(), limit=9, lease_s=60)
    assert due.poll.error is None


def test_whatever_is_asked_of_a_host_the_pause_that_it_wants_is_kept_for_all(engine: Engine):
    with Site({"/hub": Page(status=429, headers={"Retry-After": "3600"}), "/feed": RSS}) as site:
        ask = Worker(engine, SETTINGS, clock=lambda: NOON)._fetch(SETTINGS.fetch)
        list(ask([Request(site.at("/hub"), form=(("hub.mode", "subscribe"),))], now=NOON, held={}))
        with transaction(engine) as db:
            feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON)
        Worker(engine, SETTINGS, clock=lambda: NOON).poll(Tools(fetch=ask, parse=parse_here))
        assert site.paths() == ["/hub"]


def test_a_database_that_fails_is_said_in_a_sentence_once_and_not_at_every_run(
    engine: Engine, caplog: pytest.LogCaptureFixture
):
    worker, says = Worker(engine, SETTINGS), ["The disk is full.", "The disk is full.", "", "The disk is full."]

    def job() -> None:
        if why := says.pop():
            raise StoreError(why)

    for _ in range(4):
        worker.do(job)
    assert [(record.getMessage(), record.exc_info) for record in caplog.records] == [("The disk is full.", None)] * 2


def test_only_one_worker_groups_at_a_time(engine: Engine):
    with transaction(engine) as db:
        memory.take_lease(db, "regroup", "another worker", now=NOON, lease_s=60)
    Worker(engine, SETTINGS, clock=lambda: NOON).group()
    assert progress(engine).regrouped_at is None


class FakeEncoder:
    """Tells texts apart by their first word; fails where it is told to."""

    def __init__(self, version: str = "1", dim: int = 8) -> None:
        self.name = EncoderName("fake", version, dim)
        self.is_failing = False

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.is_failing:
            raise EncoderError("It has no memory left.")
        vectors = np.zeros((len(texts), self.name.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, len(text) % self.name.dim] = 1
        return vectors


class Shelf:
    """Where the worker looks for its model: there, or away."""

    def __init__(self, encoder: FakeEncoder | None = None) -> None:
        self.encoder = encoder
        self.n_looked = 0

    def load(self, _: EncodeSettings) -> FakeEncoder:
        self.n_looked += 1
        if self.encoder is None:
            raise EncoderError("There is no model here.")
        return self.encoder


class Clock:
    """A clock that the test turns, or that goes on by itself at every look."""

    def __init__(self, step: timedelta = timedelta()) -> None:
        self.now = NOON
        self.step = step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


def publish(engine: Engine, *names: str) -> None:
    with transaction(engine) as db:
        bring_from(db, *names, at=NOON - timedelta(hours=1))


def vectors(engine: Engine, encoder: FakeEncoder) -> list[int]:
    with reading(engine) as db:
        there = window.in_window(db, encoder.name, since=NOON - timedelta(days=7))
        return [each.article_id for each in there if each.is_encoded]


def story_ids(engine: Engine) -> dict[int, int | None]:
    with reading(engine) as db:
        return {line.id: line.story_id for line in articles.river(db, limit=999)}


def worker_with(engine: Engine, shelf: Shelf, clock: Clock) -> Worker:
    return Worker(engine, Settings(), clock=clock, load=shelf.load)


def test_what_was_missed_while_the_model_was_away_is_encoded_and_grouped_once_it_is_back(engine: Engine):
    shelf, clock = Shelf(), Clock()
    worker = worker_with(engine, shelf, clock)
    publish(engine, "a", "b")
    worker.group()
    assert progress(engine).encoder_error == "There is no model here."
    assert (progress(engine).n_ungrouped, progress(engine).regrouped_at) == (0, NOON)
    shelf.encoder = FakeEncoder()
    clock.now += timedelta(seconds=RETRY_MODEL_S / 2)
    worker.group()
    assert (shelf.n_looked, progress(engine).regrouped_at) == (1, NOON)
    clock.now += timedelta(seconds=RETRY_MODEL_S / 2)
    worker.group()
    assert (progress(engine).n_unencoded, progress(engine).encoder_error) == (0, None)
    assert progress(engine).regrouped_at == clock.now
    assert len(vectors(engine, shelf.encoder)) == 2


def test_a_model_that_was_missed_while_nothing_new_came_is_looked_for_all_the_same(engine: Engine):
    shelf, clock = Shelf(FakeEncoder()), Clock()
    publish(engine, "a")
    worker_with(engine, shelf, clock).group()
    with transaction(engine) as db:
        memory.remember_encoder_error(db, "It was away when Broadsheet started.")
    worker_with(engine, shelf, clock).group()
    assert progress(engine).encoder_error is None


def test_while_the_model_is_away_the_vectors_that_it_made_still_count(engine: Engine):
    shelf, clock = Shelf(FakeEncoder()), Clock()
    publish(engine, "a")
    worker_with(engine, shelf, clock).group()
    made, shelf.encoder = shelf.encoder, None
    assert made is not None
    model = Model(engine, EncodeSettings(), shelf.load)
    assert model.encoder(NOON) is None
    assert model.name() == made.name
    assert Model(engine, EncodeSettings(model="none"), shelf.load).name() is None


def test_a_model_that_fails_at_work_does_not_keep_articles_from_their_stories(engine: Engine):
    encoder, clock = FakeEncoder(), Clock()
    worker = worker_with(engine, Shelf(encoder), clock)
    encoder.is_failing = True
    publish(engine, "a")
    worker.group()
    assert (progress(engine).n_ungrouped, progress(engine).encoder_error) == (0, "It has no memory left.")
    encoder.is_failing = False
    clock.now += timedelta(seconds=RETRY_MODEL_S)
    worker.group()
    assert (progress(engine).n_unencoded, progress(engine).encoder_error) == (0, None)


def test_another_model_encodes_the_window_anew_and_stories_keep_their_ids(engine: Engine):
    old, new, clock = FakeEncoder(), FakeEncoder(version="2", dim=5), Clock()
    publish(engine, "a", "b", "c")
    worker_with(engine, Shelf(old), clock).group()
    before = story_ids(engine)
    worker_with(engine, Shelf(new), clock).group()
    assert (len(vectors(engine, old)), len(vectors(engine, new))) == (0, 3)
    assert story_ids(engine) == before


def test_a_long_window_is_encoded_bit_by_bit_the_newest_first_and_grouped_in_between(engine: Engine):
    encoder = FakeEncoder()
    publish(engine, *(f"piece {number}" for number in range(300)))
    slow = Clock(step=timedelta(seconds=ENCODE_FOR_S / 2))
    worker_with(engine, Shelf(encoder), slow).group()
    first = vectors(engine, encoder)
    assert 0 < len(first) < 300
    assert min(first) > 300 - len(first)
    assert progress(engine).n_ungrouped == 0
    worker_with(engine, Shelf(encoder), slow).group()
    assert len(vectors(engine, encoder)) == 300


def test_a_model_that_cannot_be_loaded_is_said_and_tried_again_later(engine: Engine, tmp_path: Path):
    model = Model(engine, EncodeSettings(model=str(tmp_path / "nothing")))
    assert model.encoder(NOON) is None
    assert progress(engine).encoder_error
    assert not model.is_worth_a_try(NOON + timedelta(seconds=RETRY_MODEL_S / 2))
    assert model.is_worth_a_try(NOON + timedelta(seconds=RETRY_MODEL_S))


def test_what_a_worker_that_was_stopped_left_unread_is_read_by_the_next_although_nothing_is_new(engine: Engine):
    text = "A strong earthquake shook the coast of Ardania before dawn and killed 12 people in Port Merrow. "
    with transaction(engine) as db:
        for name in ("one", "other"):
            brought = replace(entry(name, at=name), title="Earthquake kills 12 in Ardania", text=text + name)
            bring(db, subscribe(db, name), brought, at=NOON - timedelta(hours=1))
    pipeline.regroup(engine, None, SETTINGS.stories, now=NOON)
    Worker(engine, SETTINGS, clock=lambda: NOON).group()
    [story_id] = {each for each in story_ids(engine).values() if each}
    with reading(engine) as db:
        assert digests.find_digest(db, story_id) is not None


def test_without_a_model_by_choice_none_is_tried(engine: Engine):
    assert Model(engine, SETTINGS.encode).encoder(NOON) is None
    assert progress(engine).encoder_error is None


def test_topics_are_made_once_stories_were_grouped_and_then_now_and_then(engine: Engine):
    clock = Clock()
    worker = Worker(engine, SETTINGS, clock=clock)
    made: list[datetime | None] = []
    for minutes in (0, 1, 9, 11):
        clock.now = NOON + timedelta(minutes=minutes)
        with transaction(engine) as db:
            memory.remember(db, memory.REGROUPED_AT, clock.now.isoformat())
        worker.group()
        with reading(engine) as db:
            kept = memory.recall(db, topics.MADE_AT)
        made.append(datetime.fromisoformat(kept) if kept else None)
    assert made == [NOON, NOON, NOON, NOON + timedelta(minutes=11)]


# --- clocks that jump, machines that sleep ---


def test_a_machine_that_slept_for_an_hour_makes_up_for_one_run_not_for_thousands():
    runs, has_run, scheduler = itertools.count(), threading.Event(), new_scheduler()

    def run() -> None:
        next(runs)
        has_run.set()

    scheduler.add_job(run, Every(600), next_run_time=datetime.now(UTC) - timedelta(hours=1))
    scheduler.start()
    assert has_run.wait(60)
    scheduler.shutdown(wait=True)
    assert next(runs) == 1


def test_what_was_missed_in_a_year_is_not_counted_run_by_run():
    every, a_year_later = Every(0.5), NOON + timedelta(days=365)
    assert every.get_next_fire_time(NOON, a_year_later) == a_year_later + timedelta(seconds=0.5)


def test_a_job_goes_on_from_when_it_was_due_and_not_from_when_it_came_about():
    every, a_little_late = Every(2), NOON + timedelta(seconds=0.1)
    assert every.get_next_fire_time(NOON, a_little_late) == NOON + timedelta(seconds=2)


def test_a_job_that_waits_for_a_time_that_was_already_runs_at_once():
    has_run, scheduler = threading.Event(), new_scheduler()
    scheduler.add_job(has_run.set, Every(2), next_run_time=datetime.now(UTC) + timedelta(days=1))
    scheduler.start()
    run_now(scheduler, datetime.now(UTC))
    assert has_run.wait(60)
    scheduler.shutdown(wait=True)


def check(worker: Worker, clock: Clock, at: timedelta) -> None:
    """Let it be so late, and the worker do what it does then."""
    clock.now = NOON + at
    worker.heed_clock(new_scheduler())
    worker.poll(Tools(fetch=worker._fetch(SETTINGS.fetch), parse=parse_here))


def test_a_clock_that_jumps_ahead_a_day_and_back_asks_each_feed_once_each_time(engine: Engine):
    clock = Clock()
    worker = Worker(engine, SETTINGS, clock=clock)
    with Site({f"/{n}": RSS for n in range(3)}) as site:
        with transaction(engine) as db:
            for n in range(3):
                feeds.subscribe(db, Subscription(feed_url=site.at(f"/{n}")), now=NOON)
        for at, n_asks in (
            (timedelta(), 3),
            (timedelta(days=1), 6),
            (timedelta(minutes=1), 9),
            (timedelta(minutes=2), 9),
        ):
            check(worker, clock, at)
            check(worker, clock, at + timedelta(seconds=1))
            assert len(site.asks) == n_asks, at
        check(worker, clock, timedelta(hours=2))
        assert len(site.asks) == 12


def test_a_worker_that_starts_after_the_clock_was_set_back_does_not_wait_for_the_old_time(engine: Engine):
    clock = Clock()
    with Site({"/feed": RSS}) as site:
        with transaction(engine) as db:
            feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON)
        check(Worker(engine, SETTINGS, clock=clock), clock, timedelta(days=1))
        check(Worker(engine, SETTINGS, clock=clock), clock, timedelta())
        assert len(site.asks) == 2


def test_once_the_clock_is_set_back_no_job_waits_for_the_old_time(engine: Engine):
    clock, has_run, scheduler = Clock(), threading.Event(), new_scheduler()
    worker = Worker(engine, SETTINGS, clock=clock)
    scheduler.add_job(has_run.set, Every(2), next_run_time=datetime.now(UTC) + timedelta(days=1))
    scheduler.start()
    for at in (timedelta(days=1), timedelta(days=1, seconds=1)):
        clock.now = NOON + at
        worker.heed_clock(scheduler)
    assert not has_run.is_set()
    clock.now = NOON
    worker.heed_clock(scheduler)
    assert has_run.wait(60)
    scheduler.shutdown(wait=True)


def test_a_clock_that_is_set_back_while_the_database_fails_is_heeded_when_it_answers_again(engine: Engine):
    clock = Clock()
    worker = Worker(engine, SETTINGS, clock=clock)
    with Site({"/feed": RSS}) as site:
        with transaction(engine) as db:
            feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON)
        check(worker, clock, timedelta(days=1))
        with engine.begin() as db:
            db.execute(sql("ALTER TABLE polls RENAME TO away"))
        clock.now = NOON
        worker.do(worker.heed_clock, new_scheduler())
        with engine.begin() as db:
            db.execute(sql("ALTER TABLE away RENAME TO polls"))
        check(worker, clock, timedelta(seconds=1))
        assert len(site.asks) == 2


def test_a_pause_that_a_host_asked_for_in_another_time_is_over(engine: Engine):
    clock = Clock()
    worker = Worker(engine, SETTINGS, clock=clock)
    with Site({"/feed": Page(status=503, headers={"Retry-After": "7200"})}) as site:
        with transaction(engine) as db:
            feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON)
        check(worker, clock, timedelta(days=3))
        check(worker, clock, timedelta())
        assert len(site.asks) == 2
        check(worker, clock, timedelta(hours=1))
        assert len(site.asks) == 2


def test_a_lease_of_another_time_is_taken(engine: Engine):
    with transaction(engine) as db:
        memory.take_lease(db, "regroup", "another worker", now=NOON + timedelta(days=1), lease_s=60)
        assert memory.take_lease(db, "regroup", "this one", now=NOON, lease_s=60)
        assert not memory.take_lease(db, "regroup", "a third", now=NOON, lease_s=60)
