"""Trying bars and choosing one: the pages, and the worker that they ask."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from aggregator.config import EncodeSettings, Settings
from aggregator.models.bars import Remade, Trial, TriedBar
from aggregator.schedule import Worker
from aggregator.store import bars
from aggregator.store.db import reading, transaction
from tests.edition import NOON, Edition, correct_some, sample_day, write_printed
from tests.forms import token
from web import create_app

SETTINGS = Settings(encode=EncodeSettings(model="none"))


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return write_printed(tmp_path / "paper.db", sample_day())


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    return create_app(engine, SETTINGS, clock=lambda: NOON).test_client()


def post(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    return client.post(path, data={"csrf_token": token(client), **fields}, follow_redirects=True)


def shown(client: FlaskClient, path: str = "/engine") -> str:
    return client.get(path).get_data(as_text=True)


def trial(edition: Edition) -> Trial:
    ids = list(edition.article_ids.values())
    none = Remade(n=0, shown=())
    return Trial(
        made_at=NOON,
        since=NOON - timedelta(days=1),
        bar=0.5,
        n_articles=len(ids),
        n_corrections=3,
        bars=(
            TriedBar(bar=0.4, n_stories=4, n_honoured=1, joined=Remade(n=14, shown=((ids[0], ids[1]),)), parted=none),
            TriedBar(bar=0.5, n_stories=5, n_honoured=2, joined=none, parted=none),
            TriedBar(bar=0.6, n_stories=6, n_honoured=3, joined=none, parted=Remade(n=1, shown=((ids[2], 10**9),))),
        ),
    )


def test_before_anything_was_tried_the_page_offers_it(client):
    assert "Try other bars" in shown(client)
    assert "The worker is at it" in post(client, "/engine/try").get_data(as_text=True)


def test_the_worker_tries_bars_and_the_page_shows_them(engine, edition, client):
    correct_some(engine, edition)
    post(client, "/engine/try")
    Worker(engine, SETTINGS, clock=lambda: NOON).group()
    with reading(engine) as db:
        made = bars.latest_trial(db)
        assert bars.wanted_at(db) is None
    assert made is not None
    assert made.n_articles > 0
    page = shown(client)
    assert "Try again" in page
    assert all(f"{tried.bar:.2f}" in page for tried in made.bars)


def test_a_bar_shows_what_it_would_join_and_take_apart(engine, edition, client):
    with transaction(engine) as db:
        bars.keep_trial(db, trial(edition))
    lower, higher = shown(client, "/engine?bar=0.41"), shown(client, "/engine?bar=0.6")
    assert "Would be one story" in lower
    assert "And 13 more" in lower
    assert "Would be stories of their own" in higher
    assert "An article that is gone by now" in higher
    assert "3 of 3" in higher


def test_a_bar_that_was_tried_can_be_chosen_and_taken_back(engine, edition, client):
    with transaction(engine) as db:
        bars.keep_trial(db, trial(edition))
    for wanted in ("0.6", "0.4"):
        assert "stories follow" in post(client, "/engine/bar", bar=wanted).get_data(as_text=True)
    with reading(engine) as db:
        assert bars.chosen_bar(db) == 0.4
    post(client, "/engine/bar/undo")
    with reading(engine) as db:
        assert bars.chosen_bar(db) == 0.6
    assert "Take that back" not in shown(client)


@pytest.mark.parametrize("wanted", ["0.9", "nan", "much", ""])
def test_a_bar_that_was_not_tried_is_refused(engine, edition, client, wanted):
    with transaction(engine) as db:
        bars.keep_trial(db, trial(edition))
    assert post(client, "/engine/bar", bar=wanted).status_code == 422
    with reading(engine) as db:
        assert bars.chosen_bar(db) is None


def test_the_first_choice_taken_back_leaves_the_bar_to_the_configuration(engine):
    with transaction(engine) as db:
        bars.take_back(db)
        bars.choose_bar(db, 0.6)
        bars.choose_bar(db, 0.6)
        bars.take_back(db)
        assert bars.chosen_bar(db) is None
        assert bars.bar_before(db) == (False, None)


def test_a_chosen_bar_groups_the_whole_window_anew(engine, edition):
    before = n_stories(engine)
    with transaction(engine) as db:
        bars.choose_bar(db, 0.99)
    Worker(engine, SETTINGS, clock=lambda: NOON).group()
    assert n_stories(engine) > before


def test_a_bar_chosen_while_no_worker_ran_is_seen_at_its_start(engine, edition):
    with transaction(engine) as db:
        bars.choose_bar(db, 0.3)
    Worker(engine, SETTINGS, clock=lambda: NOON).group()
    with reading(engine) as db:
        assert bars.holding_bar(db) == 0.3


def n_stories(engine: Engine) -> int:
    with reading(engine) as db:
        return int(db.execute(text("SELECT count(DISTINCT story_id) FROM memberships")).scalar_one())
