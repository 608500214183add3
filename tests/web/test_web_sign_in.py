"""Signing in and out, and who stays outside."""

import re
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator import passwords
from aggregator.config import Settings, WebSettings
from aggregator.errors import ConfigError
from aggregator.store import sessions
from aggregator.store.db import transaction
from tests.edition import NOON, Edition
from web import create_app

PASSWORD = "a few words in a row"
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(
    PASSWORD
)  # a hash says how it is compared: this one fast
PROXY = "10.9.8.7"


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A paper with a password."""
    set_password(engine, HASHED)
    return engine


class Clock:
    """Says the time that a test wants it to be."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(engine: Engine, clock: Clock) -> Flask:
    return create_app(engine, Settings(web=WebSettings(trusted_proxies=(PROXY,))), clock=clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def set_password(engine: Engine, hashed: str | None) -> None:
    with transaction(engine) as db:
        sessions.set_password_hash(db, hashed)


def token(client: FlaskClient, **options: object) -> str:
    shown = client.get("/sign-in", **options).get_data(as_text=True)  # type: ignore[arg-type]
    found = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert found
    return found[1]


def sign_in(client: FlaskClient, password: str = PASSWORD, *, to: str = "/river", **options: object):
    data = {"csrf_token": token(client, **options), "password": password, "next": to}
    return client.post("/sign-in", data=data, **options)  # type: ignore[arg-type]


def is_inside(client: FlaskClient) -> bool:
    return client.get("/keys").status_code == 200


def test_a_stranger_is_led_to_the_door_and_from_there_to_where_they_wanted(client: FlaskClient) -> None:
    led = client.get("/river?unread=")
    assert led.location == "/sign-in?next=/river?unread%3D"
    assert 'name="next" value="/river?unread="' in client.get(led.location).get_data(as_text=True)
    assert sign_in(client, to="/river?unread=").location == "/river?unread="
    assert is_inside(client)


def test_the_door_shows_nothing_of_what_is_inside(client: FlaskClient, edition: Edition) -> None:
    shown = client.get("/sign-in").get_data(as_text=True)
    assert "Sign in" in shown
    assert not re.search(r"<nav|/river\"|Ardania|Sign out|id=\"marks\"", shown)


@pytest.mark.parametrize("path", ["/", "/river", "/progress.json", "/export.opml", "/nothing", "/read"])
def test_a_stranger_sees_no_page_and_learns_not_which_there_are(client: FlaskClient, path: str) -> None:
    assert client.get(path).location.startswith("/sign-in?next=")


def test_a_wrong_password_stays_outside(client: FlaskClient) -> None:
    reply = sign_in(client, "a few words in a raw")
    assert reply.status_code == 403
    assert "That is not the password." in reply.get_data(as_text=True)
    assert not is_inside(client)


def test_after_five_wrong_tries_even_the_right_password_waits_a_minute(client: FlaskClient, clock: Clock) -> None:
    assert [sign_in(client, "wrong").status_code for _ in range(5)] == [403] * 5
    late = sign_in(client)
    assert late.status_code == 429
    assert late.headers["Retry-After"] == "60"
    assert "Wait a minute" in late.get_data(as_text=True)
    clock.moment += timedelta(seconds=60)
    assert sign_in(client).status_code == 303


def test_guessers_from_everywhere_do_not_hold_up_those_who_are_inside(client: FlaskClient, app: Flask) -> None:
    sign_in(client)
    with ExitStack() as crowd:
        for _ in range(passwords.MOST_IN_LINE):
            crowd.enter_context(passwords._LINE)
        sent_away = sign_in(app.test_client())
        assert sent_away.status_code == 503
        assert sent_away.headers["Retry-After"] == "5"
        assert "Too many are signing in" in sent_away.get_data(as_text=True)
        assert is_inside(client)
    assert sign_in(app.test_client()).status_code == 303


def test_tries_are_counted_across_webs_and_browsers(app: Flask, engine: Engine) -> None:
    other = create_app(engine, Settings(), clock=lambda: NOON)
    for web in (app, other, app, other, app):
        assert sign_in(web.test_client(), "wrong").status_code == 403
    assert sign_in(other.test_client(), "wrong").status_code == 429


def test_one_customer_of_an_ipv6_provider_is_one_guesser(client: FlaskClient) -> None:
    places = [{"REMOTE_ADDR": f"2001:db8:1:2::{n}"} for n in range(6)]
    tried = [sign_in(client, "wrong", environ_base=place).status_code for place in places]
    assert tried == [403] * 5 + [429]
    assert sign_in(client, "wrong", environ_base={"REMOTE_ADDR": "2001:db8:1:3::1"}).status_code == 403


def test_the_session_is_another_after_signing_in_and_again_after_signing_in_once_more(client: FlaskClient) -> None:
    client.get("/sign-in")
    before, token_before = cookie(client), token(client)
    sign_in(client)
    first, secret = cookie(client), secret_of(client)
    assert before != first
    assert client.post("/sign-out", data={"csrf_token": token_before}).status_code == 400
    leave(client)
    sign_in(client)
    assert secret_of(client) not in (None, secret)


def test_signing_out_ends_the_session_for_whoever_has_a_copy_of_its_cookie(app: Flask, client: FlaskClient) -> None:
    sign_in(client)
    copied = cookie(client)
    thief = app.test_client()
    thief.set_cookie("broadsheet", copied)
    assert is_inside(thief)
    leave(client)
    assert not is_inside(client)
    assert not is_inside(thief)


def test_signing_out_empties_what_the_browser_kept(client: FlaskClient) -> None:
    sign_in(client)
    assert leave(client).headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_new_password_signs_every_browser_out(client: FlaskClient, engine: Engine) -> None:
    sign_in(client)
    set_password(engine, HASHED)
    assert not is_inside(client)


def test_a_session_ends_by_itself_after_thirty_days(client: FlaskClient, clock: Clock) -> None:
    sign_in(client)
    clock.moment += timedelta(days=30) - timedelta(seconds=1)
    assert is_inside(client)
    clock.moment += timedelta(seconds=1)
    assert not is_inside(client)


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example/",
        "/\r/evil.example/river",
        "javascript:alert(1)",
        "/read",
        "/nothing",
    ],
)
def test_signing_in_leads_nowhere_but_to_pages_of_ours(client: FlaskClient, wanted: str) -> None:
    assert sign_in(client, to=wanted).location == "/"
    assert client.get("/sign-in", query_string={"next": wanted}).location == "/"


def test_the_cookie_is_hidden_from_scripts_and_other_sites_and_lasts_as_long_as_the_session(
    client: FlaskClient,
) -> None:
    given = sign_in(client).headers["Set-Cookie"]
    assert given.startswith("broadsheet=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(given.split("; "))
    assert "Expires=" in given
    assert "Secure" not in given


def test_behind_a_proxy_that_speaks_https_the_cookie_travels_over_https_only(client: FlaskClient) -> None:
    behind = {"environ_base": {"REMOTE_ADDR": PROXY}, "headers": {"X-Forwarded-Proto": "https"}}
    given = client.get("/sign-in", **behind).headers["Set-Cookie"]
    assert given.startswith("__Host-broadsheet=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(given.split("; "))
    assert "Domain" not in given


def test_a_proxy_that_nobody_named_is_not_believed(client: FlaskClient) -> None:
    spoofed = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "localhost"}
    assert "Secure" not in client.get("/sign-in", headers=spoofed).headers["Set-Cookie"]
    for n in range(5):
        sign_in(client, "wrong", headers={"X-Forwarded-For": f"203.0.113.{n}"})
    assert sign_in(client, "wrong", headers={"X-Forwarded-For": "203.0.113.99"}).status_code == 429


def test_a_named_proxy_is_known_by_an_ipv6_socket_too(client: FlaskClient) -> None:
    behind = {"environ_base": {"REMOTE_ADDR": f"::ffff:{PROXY}"}, "headers": {"X-Forwarded-Proto": "https"}}
    assert "Secure" in client.get("/sign-in", **behind).headers["Set-Cookie"]


def test_behind_a_named_proxy_each_guesser_is_counted_alone(client: FlaskClient) -> None:
    def guess(address: str) -> int:
        forwarded = {"X-Forwarded-For": f"1.1.1.1, {address}"}
        return sign_in(client, "wrong", environ_base={"REMOTE_ADDR": PROXY}, headers=forwarded).status_code

    assert [guess("203.0.113.1") for _ in range(6)] == [403] * 5 + [429]
    assert guess("203.0.113.2") == 403


def test_no_proxy_speaks_for_the_name_that_was_asked_for(client: FlaskClient) -> None:
    rebound = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    assert client.get("/sign-in", environ_base={"REMOTE_ADDR": PROXY}, headers=rebound).status_code == 400


def test_a_proxy_that_cannot_be_is_refused_in_words(engine: Engine) -> None:
    with pytest.raises(ConfigError, match=r"web.trusted_proxies: 'my proxy' is neither an address nor a network"):
        create_app(engine, Settings(web=WebSettings(trusted_proxies=("my proxy",))), clock=lambda: NOON)


def test_without_a_password_the_pages_are_open_to_this_machine_and_no_other(engine: Engine) -> None:
    set_password(engine, None)
    here = create_app(engine, Settings(), clock=lambda: NOON).test_client()
    assert here.get("/keys").status_code == 200
    assert "Sign out" not in here.get("/keys").get_data(as_text=True)
    assert here.get("/sign-in").location == "/"
    anywhere = Settings(web=WebSettings(host="0.0.0.0"))
    closed = create_app(engine, anywhere, clock=lambda: NOON).test_client().get("/keys")
    assert closed.status_code == 403
    assert "broadsheet password" in closed.get_data(as_text=True)


def test_inside_there_is_a_way_out(client: FlaskClient) -> None:
    sign_in(client)
    assert "Sign out" in client.get("/keys").get_data(as_text=True)
    assert leave(client).location == "/sign-in"


def cookie(client: FlaskClient) -> str:
    kept = client.get_cookie("broadsheet")
    assert kept
    return kept.value


def secret_of(client: FlaskClient) -> str | None:
    with client.session_transaction() as session:
        return session.get("secret")


def leave(client: FlaskClient):
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/keys").get_data(as_text=True))
    assert found
    return client.post("/sign-out", data={"csrf_token": found[1]})
