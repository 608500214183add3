"""In which language the pages speak."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from aggregator.config import Settings, WebSettings
from aggregator.errors import ConfigError
from aggregator.store.db import transaction
from aggregator.store.schema import polls
from tests.edition import NOON, print_edition
from web import create_app
from web.filters import clock_time, count, country, decimal, language, span

EARLIER = NOON - timedelta(days=3, hours=2)


def test_a_language_that_the_pages_do_not_speak_is_refused_in_words(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="the pages do not speak 'tlh'; write one of en"):
        create_app(engine, Settings(web=WebSettings(language="tlh")), clock=lambda: NOON)


@pytest.mark.parametrize("asked_for", ["", "en", "tlh", "x" * 5000, "en;q=nan, *"])
def test_without_a_catalogue_for_what_the_browser_asks_the_page_is_english(engine: Engine, asked_for: str) -> None:
    app = create_app(engine, Settings(), clock=lambda: NOON)
    page = app.test_client().get("/", headers={"Accept-Language": asked_for})
    assert '<html lang="en" dir="ltr">' in page.text


def german(engine: Engine, path: str) -> str:
    app = create_app(engine, Settings(), clock=lambda: NOON)
    return app.test_client().get(path, headers={"Accept-Language": "de-AT, de;q=0.9, en;q=0.5"}).text


def test_who_asks_for_german_is_answered_in_german_with_its_dates(engine: Engine) -> None:
    print_edition(engine)
    page = german(engine, "/")
    assert '<html lang="de" dir="ltr"' in page
    assert "Dienstag, 24. November 2026" in page
    assert "Ausgabe von" in page


def test_what_publishers_wrote_keeps_its_language_and_direction_on_a_german_page(engine: Engine) -> None:
    print_edition(engine)
    page = german(engine, "/river")
    assert 'lang="en" dir="auto">Strong earthquake shakes the coast of Ardania' in page
    assert 'lang="ar" dir="auto">' in page


def test_numbers_and_names_follow_the_language(engine: Engine) -> None:
    app = create_app(engine, Settings(), clock=lambda: NOON)
    said = {}
    for tag in ("en", "de"):
        with app.test_request_context(headers={"Accept-Language": tag}):
            words = (count(1211), decimal(0.93), country("DE"), language("ar"), span(3 * 86_400), clock_time(EARLIER))
            said[tag] = words
    assert said["en"] == ("1,211", "0.93", "Germany", "Arabic", "3 days", "21 Nov 10:00")
    assert said["de"] == ("1.211", "0,93", "Deutschland", "Arabisch", "3 Tagen", "21. Nov. 10:00")


def test_the_owners_choice_counts_for_more_than_what_the_browser_asks(engine: Engine) -> None:
    app = create_app(engine, Settings(web=WebSettings(language="de")), clock=lambda: NOON)
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/settings").text)
    assert token
    assert "Einstellungen" in client.get("/settings", headers={"Accept-Language": "en"}).text
    client.post("/settings", data={"csrf_token": token[1], "language": "en", "text_size": "usual"})
    assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "de"}).text


def test_what_goes_wrong_is_said_in_german_too(engine: Engine) -> None:
    page = german(engine, "/no/such/page")
    assert "Hier ist nichts" in page
    assert "Die Adresse ist vielleicht vertippt" in page


def test_why_a_feed_failed_is_said_in_german_though_it_is_kept_in_english(engine: Engine) -> None:
    print_edition(engine)
    with transaction(engine) as db:
        db.execute(
            update(polls).values(error="paper.example answered 403: it does not let Broadsheet read this address.")
        )
    assert "paper.example antwortete mit 403: es lässt Broadsheet diese Adresse nicht lesen." in german(
        engine, "/feeds"
    )
    assert "Einen Feed mit der Nummer 99 gibt es nicht." in german(engine, "/feed/99")
