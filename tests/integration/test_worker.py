"""When the worker polls and groups, with a clock that the test turns."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from aggregator.config import EncodeSettings, FetchSettings, Settings
from aggregator.models import Progress, Subscription
from aggregator.schedule import RETRY_MODEL_S, Model, Worker
from aggregator.store import feeds
from aggregator.store import settings as memory
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from tests.server import Site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RSS = b'<rss version="2.0"><channel><title>A</title><item><title>Fire</title><guid>1</guid></item></channel></rss>'
SETTINGS = Settings(fetch=FetchSettings(allowed_hosts=("127.0.0.0/8",)), encode=EncodeSettings(model="none"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(sqlite_url(tmp_path / "news.db"))
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


def test_only_one_worker_groups_at_a_time(engine: Engine):
    with transaction(engine) as db:
        memory.take_lease(db, "regroup", "another worker", now=NOON, lease_s=60)
    Worker(engine, SETTINGS, clock=lambda: NOON).group()
    assert progress(engine).regrouped_at is None


def test_a_model_that_cannot_be_loaded_is_said_and_tried_again_later(engine: Engine, tmp_path: Path):
    settings = Settings(encode=EncodeSettings(model=str(tmp_path / "nothing")))
    model = Model(engine, settings)
    assert model.encoder(NOON) is None
    assert progress(engine).encoder_error
    assert not model.is_worth_a_try(NOON + timedelta(seconds=RETRY_MODEL_S / 2))
    assert model.is_worth_a_try(NOON + timedelta(seconds=RETRY_MODEL_S))


def test_without_a_model_by_choice_none_is_tried(engine: Engine):
    assert Model(engine, SETTINGS).encoder(NOON) is None
    assert progress(engine).encoder_error is None
