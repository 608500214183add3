"""The walls around the pages."""

import re
import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings, WebSettings
from tests.edition import NOON, Edition
from web import create_app
from web.security import CONTENT_SECURITY_POLICY, is_our_name


@pytest.fixture
def app(engine: Engine) -> Flask:
    return create_app(engine, Settings(), clock=lambda: NOON)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_errors_carry_the_headers_too(client: FlaskClient) -> None:
    assert client.get("/nothing").headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_an_act_cannot_be_opened_like_a_page(client: FlaskClient) -> None:
    reply = client.get("/read")
    assert reply.status_code == 405
    assert "behind a button" in reply.get_data(as_text=True)


@pytest.mark.parametrize(("site", "encoding"), [("same-origin", "gzip"), ("none", "gzip"), ("cross-site", None)])
def test_what_another_site_asks_for_is_not_compressed(
    client: FlaskClient, edition: Edition, site: str, encoding: str | None
) -> None:
    reply = client.get("/search?q=port", headers={"Accept-Encoding": "gzip", "Sec-Fetch-Site": site})
    assert reply.headers.get("Content-Encoding") == encoding


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "press.localhost:1"])
def test_loopback_names_are_ours(client: FlaskClient, host: str) -> None:
    assert client.get("/keys", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", "a b"])
def test_foreign_names_are_refused_in_words(client: FlaskClient, host: str) -> None:
    reply = client.get("/keys", headers={"Host": host})
    assert reply.status_code == 400
    assert "trusted_hosts" in reply.get_data(as_text=True)


def test_the_owner_may_name_further_hosts() -> None:
    settings = WebSettings(host="192.168.1.5", trusted_hosts=("news.example", "fd00::5"))
    assert is_our_name("news.example", settings)
    assert is_our_name("192.168.1.5:8080", settings)
    assert is_our_name("[fd00::5]:8080", settings)
    assert not is_our_name("192.168.1.6:8080", settings)


@pytest.mark.parametrize("host", ["192.168.1.6:8080", "192.168.1.6", "[fd00::7]:8080", "localhost:8080"])
def test_served_everywhere_the_pages_answer_to_addresses_which_nobody_can_redirect(host: str) -> None:
    assert is_our_name(host, WebSettings(host="0.0.0.0"))
    assert is_our_name(host, WebSettings(host="::"))


@pytest.mark.parametrize("host", ["0.0.0.0:8080", "[::]:8080", "evil.example", "192.168.1.6.evil.example", "1", ""])
def test_served_everywhere_the_pages_answer_to_no_name_for_that(host: str) -> None:
    assert not is_our_name(host, WebSettings(host="0.0.0.0"))


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/keys").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "https:evil.example",
        "/\\evil.example",
        "/\t/evil.example/",
        "/\n/evil.example/river",
        "/river\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/nothing",
        "",
        "/read",
    ],
)
def test_an_act_leads_back_only_to_pages_of_ours(client: FlaskClient, edition: Edition, wanted: str) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/keys").get_data(as_text=True))
    assert token
    reply = client.post("/read", data={"csrf_token": token[1], "next": wanted, "seen_before": NOON.isoformat()})
    assert reply.location == "/"


def test_the_next_start_knows_the_sessions_of_the_last(engine: Engine) -> None:
    keys = {create_app(engine, Settings(), clock=lambda: NOON).config["SECRET_KEY"] for _ in range(2)}
    assert len(keys) == 1


def test_static_files_may_be_kept_and_pages_may_not(client: FlaskClient) -> None:
    shown = client.get("/keys")
    assert shown.headers["Cache-Control"] == "private, no-cache"
    found = re.search(r'href="(/static/broadsheet\.css\?v=\w+)"', shown.get_data(as_text=True))
    assert found
    with client.get(found[1]) as reply:
        assert "immutable" in reply.headers["Cache-Control"]


def test_a_database_that_cannot_be_read_is_a_page_that_says_what_to_do(
    client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    client.get("/")
    engine.dispose()
    for file in tmp_path.iterdir():
        file.unlink()
    sqlite3.connect(tmp_path / "paper.db").close()
    reply = client.get("/")
    assert reply.status_code == 503
    assert "The database cannot be read" in reply.get_data(as_text=True)
