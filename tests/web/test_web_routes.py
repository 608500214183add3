"""Every route there is, walked: what nobody may change, and what every answer carries.

The routes are read from the application, so that a new one is walked without anybody thinking of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from babel import Locale
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from aggregator.config import Settings
from aggregator.models.acts import Mute, MuteKind
from aggregator.models.subscribing import Subscription
from aggregator.store import correcting, imports, mutes, probes, sessions
from aggregator.store.db import transaction
from aggregator.subscribing import foresee
from tests.blank import open_blank
from tests.edition import NOON, Edition, keep_past, make_topics, print_edition, read_some
from tests.messages import compiled, kept, read
from web import create_app
from web.security import CONTENT_SECURITY_POLICY
from web.sign_in import OPEN_TO_ALL

PASSWORD = "a few words in a row"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "HEAD", "OPTIONS")
FORM = {
    "url": "https://new.example/feed",
    "title": "Another name",
    "folder": "Elsewhere",
    "seen_before": "2026-12-01T00:00:00+00:00",
    "password": "not the password",
    "next": "/",
}
NUMBERS = ("page", "id", "before", "before_act", "folder", "article", "bar")
"""What addresses say in numbers."""
FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://["},
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A paper with a password."""
    engine = open_blank(tmp_path / "paper.db")
    with transaction(engine) as db:
        sessions.set_password_hash(db, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD))
    yield engine
    engine.dispose()


@pytest.fixture
def edition(engine: Engine) -> Edition:
    """A paper with something behind every kind of address: a topic, a change, an act and a mute are its first."""
    edition = print_edition(engine)
    read_some(engine, edition)
    make_topics(engine, edition, {"Ardania": ("quake", "port")})
    keep_past(engine)
    with transaction(engine) as db:
        correcting.keep_apart(db, edition.story_ids["quake"], edition.story_ids["port"], now=NOON)
        probes.begin(db, "https://new.example/", (), now=NOON)
        import_id = imports.begin(db, "list.opml", (), now=NOON)
        imports.show(db, import_id, foresee(db, [Subscription(feed_url="https://listed.example/feed")]))
        wanted = Mute(kind=MuteKind.STORY, title="Port", story_id=edition.story_ids["port"], made_at=NOON)
        mutes.mute(db, wanted, now=NOON)
    return edition


@pytest.fixture
def app(engine: Engine) -> Flask:
    return create_app(engine, Settings(), clock=lambda: NOON)


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def owner(app: Flask) -> FlaskClient:
    """A browser that is signed in."""
    client = app.test_client()
    form = {"csrf_token": token(client, "/sign-in"), "password": PASSWORD}
    assert client.post("/sign-in", data=form).location == "/"
    return client


@pytest.fixture
def places(app: Flask, edition: Edition) -> list[tuple[Rule, str]]:
    """Every route with an address that it answers, of things that are there."""
    return [(rule, place) for rule in app.url_map.iter_rules() for place in addresses(app, rule, edition)]


def addresses(app: Flask, rule: Rule, edition: Edition) -> list[str]:
    there = {
        "story_id": edition.story_ids["quake"],
        "feed_id": edition.feed_ids["North Wire"],
        "article_id": next(iter(edition.article_ids.values())),
        "filename": "broadsheet.css",
        "day": "2026-11-24",
        "clock": "1200",
    }

    def values(name: str) -> Sequence[Any]:
        converter = rule._converters[name]
        return sorted(converter.items) if isinstance(converter, AnyConverter) else [there.get(name, 1)]

    names = sorted(rule.arguments)
    with app.test_request_context():
        return [
            url_for(rule.endpoint, **dict(zip(names, chosen, strict=True))) for chosen in product(*map(values, names))
        ]


def token(client: FlaskClient, path: str = "/keys") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def dump(engine: Engine) -> list[str]:
    """Everything that the database holds."""
    raw = engine.raw_connection()
    try:
        return list(raw.driver_connection.iterdump())  # type: ignore[union-attr]
    finally:
        raw.close()


def ask(
    client: FlaskClient, method: str, place: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> TestResponse:
    with client.open(place, method=method, data={**FORM, **form}, headers=dict(headers or {})) as reply:
        return reply


def test_only_these_routes_are_open_to_all() -> None:
    assert sorted(OPEN_TO_ALL) == [
        "health.word",
        "sign_in.enter",
        "sign_in.form",
        "static",
        "websub.confirm",
        "websub.receive",
    ]


def test_a_stranger_changes_nothing_and_is_shown_nothing(
    engine: Engine, stranger: FlaskClient, places: list[tuple[Rule, str]]
) -> None:
    before, known = dump(engine), token(stranger, "/sign-in")
    for (rule, place), method, form in product(places, METHODS, ({}, {"csrf_token": known})):
        if rule.endpoint in OPEN_TO_ALL and form:
            continue  # giving a wrong password is counted
        reply = ask(stranger, method, place, form)
        assert dump(engine) == before, (rule, method)
        if rule.endpoint not in OPEN_TO_ALL:
            is_led_away = reply.status_code == 302 and reply.location.startswith("/sign-in?next=")
            assert is_led_away or reply.status_code == 403, (rule, method, reply.status_code)
            assert "North Wire" not in reply.get_data(as_text=True)


def test_looking_changes_nothing(engine: Engine, owner: FlaskClient, places: list[tuple[Rule, str]]) -> None:
    before = dump(engine)
    for (rule, place), method in product(places, SAFE):
        ask(owner, method, place, {"csrf_token": "needs none"})
        assert dump(engine) == before, (rule, method)


def test_no_number_in_an_address_is_too_large_for_an_answer(owner: FlaskClient, places: list[tuple[Rule, str]]) -> None:
    for _, place in places:
        for name in NUMBERS:
            with owner.get(f"{place.partition('?')[0]}?{name}={2**63}") as reply:
                assert reply.status_code < 500, (place, name)


@pytest.mark.parametrize("form", [{}, {"csrf_token": ""}, {"csrf_token": "made up"}])
def test_without_the_right_token_nothing_changes(
    engine: Engine, owner: FlaskClient, places: list[tuple[Rule, str]], form: dict[str, str]
) -> None:
    before = dump(engine)
    for rule, place in places:
        if "POST" in (rule.methods or ()):
            assert ask(owner, "POST", place, form).status_code == 400, rule
            assert dump(engine) == before, rule


def test_the_token_of_another_browser_changes_nothing(
    app: Flask, engine: Engine, owner: FlaskClient, places: list[tuple[Rule, str]]
) -> None:
    before, form = dump(engine), {"csrf_token": token(app.test_client(), "/sign-in")}
    for rule, place in places:
        if "POST" in (rule.methods or ()):
            assert ask(owner, "POST", place, form).status_code == 400, rule
            assert dump(engine) == before, rule


def test_a_method_that_a_route_does_not_have_changes_nothing(
    engine: Engine, owner: FlaskClient, places: list[tuple[Rule, str]]
) -> None:
    before, form, theirs = dump(engine), {"csrf_token": token(owner)}, {place: set[str]() for _, place in places}
    for rule, place in places:
        theirs[place] |= rule.methods or set()
    for place, method in product(theirs, METHODS):
        if method not in theirs[place]:
            assert ask(owner, method, place, form).status_code == 405, (place, method)
            assert dump(engine) == before, (place, method)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_sites_page_changes_nothing_even_with_cookie_and_token(
    engine: Engine, owner: FlaskClient, places: list[tuple[Rule, str]], headers: dict[str, str]
) -> None:
    before, form = dump(engine), {"csrf_token": token(owner)}
    for rule, place in places:
        if "POST" in (rule.methods or ()):
            assert ask(owner, "POST", place, form, headers).status_code == 403, rule
            assert dump(engine) == before, rule


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}],
    ids=str,
)
def test_our_own_pages_do_change_things(
    engine: Engine, owner: FlaskClient, edition: Edition, headers: dict[str, str]
) -> None:
    """Without this one, the walks above could pass because nothing works."""
    acts = [f"/feed/{edition.feed_ids['North Wire']}/{act}" for act in ("pause", "change", "delete")]
    form = {"csrf_token": token(owner)}
    story = f"/story/{edition.story_ids['quake']}"
    acts += [f"{story}/{act}" for act in ("star", "follow", "mute")]
    for place in ["/read", "/feeds", "/changes/1/undo", "/acts/1/undo", "/acts/undo", "/mute/1/end", *acts]:
        before = dump(engine)
        assert ask(owner, "POST", place, form, headers).status_code == 303, place
        assert dump(engine) != before, place


def test_every_answer_carries_every_header(owner: FlaskClient, places: list[tuple[Rule, str]]) -> None:
    for (rule, place), method in product(places, METHODS):
        reply = ask(owner, method, place, {})
        assert reply.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, (rule, method)
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in reply.headers["Permissions-Policy"]


def test_every_page_answers_and_holds_no_script_or_style_of_its_own(
    owner: FlaskClient, places: list[tuple[Rule, str]]
) -> None:
    for rule, place in places:
        if "GET" in (rule.methods or ()) and rule.endpoint not in {*OPEN_TO_ALL, "images.image"}:  # unsigned: a 404
            reply = ask(owner, "GET", place, {})
            assert reply.status_code == 200, rule
            shown = reply.get_data(as_text=True)
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", shown), rule


MARKED = re.compile("⟦[^⟦⟧]*⟧")
SPOKEN = re.compile(r">([^<>]+)<|\s(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"")
SAME_EVERYWHERE = re.compile(
    r"Broadsheet|OPML|SQLite|UTC|min|[kM]B|config\.toml|\[[a-z]+\]|Elsewhere / \w+"
    r"|example\.org|[a-z_]+\.example|https?://\S+|&[a-z]+;|(?:feed|lang|since|is):\S+"
)
"""Names, units and addresses."""


@pytest.fixture
def marked(tmp_path: Path, app: Flask) -> Flask:
    """Pages in a language in which every translated message stands between ⟦ and ⟧."""
    catalog = read(next(kept()))
    for message in catalog:
        if message.id:
            forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
            found = tuple(f"⟦{form}⟧" for form in forms)
            message.string = found if message.pluralizable else found[0]
    folder = tmp_path / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.mo").write_bytes(compiled(catalog))
    app.extensions["babel"].translation_directories = [str(folder.parent.parent)]
    return app


def unmarked(page: str) -> list[str]:
    """Return what a page says that was not translated, without marks, tags and what no reader sees."""
    page = re.sub(
        r"<(script|kbd|option)\b.*?</\1>|<dl class=\"facts\">\n?<div><dt>[a-z_]+<.*?</dl>", "", page, flags=re.DOTALL
    )
    while MARKED.search(page):
        page = MARKED.sub("", page)
    said = [unescape(text or attribute).strip() for text, attribute in SPOKEN.findall(page)]
    said = [each.removesuffix("– Broadsheet").rstrip(" …") for each in said]
    return [each for each in said if re.search(r"[^\W\d_]{2}", SAME_EVERYWHERE.sub("", each))]


def test_every_page_speaks_another_language_whole(
    engine: Engine, marked: Flask, owner: FlaskClient, places: list[tuple[Rule, str]]
) -> None:
    """What is left once the translated messages are taken away is what the paper holds, or a name of a country."""
    german = Locale("de")
    held = " ".join("\n".join(dump(engine)).replace("''", "'").split())
    names = [*german.territories.values(), *german.languages.values(), *german.months["stand-alone"]["wide"].values()]
    names += german.days["stand-alone"]["abbreviated"].values()
    of_places = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))

    def is_known(text: str) -> bool:
        is_name = any(name.startswith(text) for name in names) or not re.search(r"[^\W\d_]", of_places.sub("", text))
        return text in held or is_name

    found = {}
    for rule, place in places:
        if "GET" not in (rule.methods or ()) or rule.endpoint in {"static", "images.image"}:
            continue
        reply = owner.get(place, headers={"Accept-Language": "de"})
        if reply.mimetype == "text/html" and reply.status_code == 200:
            assert '<html lang="de" dir="ltr"' in reply.text
            found[place] = [each for each in unmarked(reply.text) if not is_known(each)]
    left = {place: texts for place, texts in found.items() if texts}
    assert not left, left
