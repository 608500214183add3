"""How the machine does, as a page and as one word; and what the owner chooses on the pages."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import DatabaseSettings, Settings
from aggregator.models.pages import Condition
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.edition import NOON, Edition
from tests.forms import post
from web import create_app
from web.diagnosis import diagnose, size

WELL = Condition(
    worker_seen_at=NOON,
    regrouped_at=NOON - timedelta(minutes=1),
    encoder=None,
    encoder_error=None,
    n_feeds=3,
    n_paused=0,
    n_need_owner=0,
    n_slow=0,
    n_late=0,
    n_unencoded=0,
    n_ungrouped=0,
    n_announced=0,
    n_offered=0,
    database="SQLite",
    database_bytes=4_200_000,
    newest_edition_at=None,
)


def said(client: FlaskClient, path: str) -> str:
    return " ".join(client.get(path).get_data(as_text=True).split())


@pytest.mark.parametrize(
    ("ill", "what"),
    [
        ({"worker_seen_at": None}, "No worker was ever seen."),
        ({"worker_seen_at": NOON - timedelta(hours=2)}, "No worker was seen for 2 h."),
        ({"n_need_owner": 2}, "2 need you."),
        ({"n_late": 1}, "1 feed should have been asked long ago."),
        ({"encoder_error": "The model is not there."}, "The model is not there."),
        ({"regrouped_at": NOON - timedelta(hours=1), "n_ungrouped": 5}, "It is 1 h behind. 5 articles wait"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(client: FlaskClient, ill: dict[str, object], what: str) -> None:
    with client.application.test_request_context():
        well = list(diagnose(WELL, free_bytes=10**12, now=NOON))
        found = list(diagnose(replace(WELL, **ill), free_bytes=10**12, now=NOON))  # type: ignore[arg-type]
    assert all(each.is_good for each in well)
    [bad] = [each for each in found if not each.is_good]
    assert bad.what.startswith(what)
    assert bad.then.endswith(".")


def test_a_disk_that_is_nearly_full_is_said_before_it_is(client: FlaskClient) -> None:
    with client.application.test_request_context():
        found = list(diagnose(WELL, free_bytes=90_000_000, now=NOON))
    assert [(each.name, each.what) for each in found if not each.is_good] == [
        ("Disk", "90.0 MB free where the database is kept.")
    ]
    assert [size(n) for n in (12, 1_200, 3_400_000, 5_600_000_000)] == ["12 B", "1.2 kB", "3.4 MB", "5.6 GB"]


def test_the_page_of_health_says_what_needs_the_owner(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    assert "No worker was ever seen." in said(client, "/health")
    with transaction(engine) as db:
        memory.note_worker(db, now=NOON)
    shown = said(client, "/health")
    assert "All is well." in shown
    assert "SQLite" in shown


def test_the_one_word_for_watchers_tells_nothing_else(client: FlaskClient, engine: Engine, tmp_path: Path) -> None:
    reply = client.get("/healthz")
    assert (reply.status_code, reply.data) == (200, b"ok\n")
    engine.dispose()
    for file in tmp_path.iterdir():
        file.unlink()
    (tmp_path / "paper.db").write_bytes(b"no database" * 500)
    reply = client.get("/healthz")
    assert (reply.status_code, reply.data) == (503, b"failing\n")


def test_what_is_chosen_on_the_page_holds_for_every_browser(client: FlaskClient, edition: Edition) -> None:
    other = client.application.test_client()
    assert 'data-keys="off"' not in said(other, "/river")
    post(client, "/settings", text_size="large")
    shown = said(other, "/river")
    assert 'class="text-large"' in shown
    assert 'data-keys="off"' in shown
    post(client, "/settings", text_size="usual", has_keys="1", has_pictures="1")
    assert "text-large" not in said(other, "/river")


def test_what_cannot_be_chosen_is_left_as_it_comes(client: FlaskClient) -> None:
    assert post(client, "/settings", text_size="gigantic", language="tlh").status_code == 303
    assert '<html lang="en" dir="ltr" data-keys="off">' in said(client, "/settings")


def test_the_page_of_settings_shows_the_file_without_its_secrets(engine: Engine) -> None:
    secret = DatabaseSettings(url="postgresql://me:hunter2@db.example/news")
    app = create_app(engine, Settings(database=secret), clock=lambda: NOON, config_path=Path("/etc/paper/config.toml"))
    shown = said(app.test_client(), "/settings")
    assert "/etc/paper/config.toml" in shown
    assert "window_days" in shown
    assert "PostgreSQL" in shown
    assert "hunter2" not in shown
    assert "db.example" not in shown


def test_pictures_can_be_left_out_on_the_page(client: FlaskClient, edition: Edition) -> None:
    places = ["/", f"/story/{edition.story_ids['pictures']}"]
    assert all("/image/" in said(client, place) for place in places)
    post(client, "/settings", text_size="usual", has_keys="1")
    assert not any("/image/" in said(client, place) for place in places)
