"""Nothing that opens anything stands in a log, a message, an export or a file that others can read."""

import logging
import os
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from aggregator.cli.main import broadsheet
from aggregator.config import Settings
from aggregator.errors import ConfigError
from aggregator.models.feeds import Feed
from aggregator.models.subscribing import Subscription
from aggregator.parse.urls import feed_url_problem, masked
from aggregator.refreshing import Refreshed, in_words
from aggregator.store import sessions
from aggregator.store import settings as memory
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from aggregator.subscribing import subscribe_all
from tests.edition import NOON, print_edition
from web import create_app

SECRET = "hunter2hunter2"

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


@pytest.mark.parametrize("url", [f"https://me:{SECRET}@a.example/feed", f"https://{SECRET}@a.example/feed"])
def test_an_address_with_a_password_is_refused_without_repeating_it(url: str) -> None:
    assert "user name or a password" in str(feed_url_problem(url))
    assert SECRET not in str(feed_url_problem(url))
    assert SECRET not in masked(url)
    assert "a.example" in masked(url)


def test_an_at_sign_elsewhere_is_no_password() -> None:
    assert feed_url_problem("https://social.example/@paper/feed?by=a@b.example") is None
    assert masked("https://social.example/@paper") == "https://social.example/@paper"


def test_an_import_names_what_it_refuses_without_its_password(tmp_path: Path) -> None:
    opml = tmp_path / "list.opml"
    opml.write_text(
        f'<opml version="2.0"><body><outline text="A" xmlUrl="https://me:{SECRET}@a.example/feed"/></body></opml>'
    )
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/news.db"\n')
    said = CliRunner().invoke(broadsheet, ["--config", str(config), "import", str(opml)])
    assert "a.example" in said.output
    assert "not valid" in said.output
    assert SECRET not in said.output
    engine = open_database(sqlite_url(tmp_path / "web.db"))
    client = create_app(engine, Settings(), clock=lambda: NOON).test_client()
    token = client.get("/import").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, "opml": (BytesIO(opml.read_bytes()), "list.opml")}
    reply = client.post("/import", data=data, follow_redirects=True)
    assert "https://…@a.example/feed" in reply.get_data(as_text=True)
    assert SECRET not in reply.get_data(as_text=True)
    engine.dispose()


def test_logs_name_a_feed_without_the_key_in_its_address() -> None:
    url = f"https://a.example/private/{SECRET}/feed?token={SECRET}"
    for title in ("", url):
        feed = Feed(id=7, feed_url=url, title=title, added_at=NOON)
        for why in (None, "It answered 404."):
            assert "Feed 7 at a.example" in in_words(Refreshed(feed=feed, why=why))
            assert SECRET not in in_words(Refreshed(feed=feed, why=why))


def test_an_error_of_the_database_does_not_repeat_what_was_asked_for(engine: Engine) -> None:
    def fail() -> None:
        with transaction(engine) as db:
            for _ in range(2):
                db.execute(text("INSERT INTO settings (key, value) VALUES (:key, 'x')"), {"key": SECRET})

    with pytest.raises(IntegrityError) as caught:
        fail()
    assert "hidden" in str(caught.value)
    assert SECRET not in str(caught.value).split("DETAIL")[0]


def test_an_export_holds_no_secret_of_ours(engine: Engine) -> None:
    print_edition(engine)
    with transaction(engine) as db:
        sessions.set_password_hash(db, SECRET)
        list(subscribe_all(db, [Subscription(feed_url=f"https://me:{SECRET}@a.example/")], now=NOON))
        sessions.set_password_hash(db, None)
    exported = (
        create_app(engine, Settings(), clock=lambda: NOON).test_client().get("/export.opml").get_data(as_text=True)
    )
    with reading(engine) as db:
        assert memory.secret_key(db) not in exported
    assert SECRET not in exported
    assert "north-wire.example" in exported


def test_signing_in_logs_neither_password_nor_session(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with transaction(engine) as db:
        sessions.set_password_hash(db, "$argon2id$no real hash")
    client = create_app(engine, Settings(), clock=lambda: NOON).test_client()
    token = client.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    client.post("/sign-in", data={"csrf_token": token, "password": SECRET})
    assert SECRET not in caplog.text


@posix_only
def test_nobody_else_reads_the_database(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    first = open_database(sqlite_url(path))
    with transaction(first) as db:
        memory.secret_key(db)
        files = [each for each in tmp_path.iterdir() if each.name.startswith("news.db")]
        assert len(files) > 1
        assert [each.name for each in files if each.stat().st_mode & 0o077] == []
    first.dispose()
    path.chmod(0o644)
    open_database(sqlite_url(path)).dispose()
    assert path.stat().st_mode & 0o077 == 0


@posix_only
def test_a_config_with_a_password_that_others_can_read_is_refused_in_words(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "postgresql://me:{SECRET}@127.0.0.1:9/news"\n')
    config.chmod(0o640)
    refused = CliRunner().invoke(broadsheet, ["--config", str(config), "feeds"])
    assert isinstance(refused.exception, ConfigError)
    assert str(refused.exception).endswith(f"chmod 600 {config}")
    assert SECRET not in str(refused.exception)
    config.chmod(0o600)
    tried = CliRunner().invoke(broadsheet, ["--config", str(config), "feeds"])
    assert "cannot be opened" in str(tried.exception)
    assert SECRET not in str(tried.exception)
