"""Who stands behind articles: the page of a publisher, and what a feed's own page tells."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings, WebSettings
from aggregator.store import articles, feeds
from aggregator.store.db import reading
from tests.edition import NOON, Edition
from tests.forms import post
from web import create_app


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    return create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=lambda: NOON).test_client()


def said(client: FlaskClient, path: str) -> str:
    return " ".join(client.get(path).get_data(as_text=True).split())


def place_of(engine: Engine, edition: Edition, title: str) -> str:
    with reading(engine) as db:
        return f"/publisher/{articles.find_article(db, edition.article_ids[title]).publisher.id}"


def test_a_publisher_says_how_it_reports_and_shows_its_articles(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    shown = said(client, place_of(engine, edition, "Port strike enters third day"))
    assert "North Wire" in shown
    assert "<dt>Articles</dt><dd>3</dd>" in shown
    assert '<dt>First in</dt><dd>3 <span class="evidence">100 %</span>' in shown
    assert "English 3" in shown
    assert "Strong earthquake shakes the coast of Ardania" in shown
    assert f'href="/feed/{edition.feed_ids["North Wire"]}"' in shown


def test_the_owner_names_a_publisher_and_places_it(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    place = place_of(engine, edition, "Port strike enters third day")
    post(client, f"{place}/change", title=" The <Wire> ", country="AT")
    shown = said(client, place)
    assert "Saved." in shown
    assert "The &lt;Wire&gt;" in shown
    assert "Austria" in shown
    assert "The &lt;Wire&gt;" in said(client, f"/feed/{edition.feed_ids['North Wire']}")
    post(client, f"{place}/change", title="", country="ZZZ")
    assert "<dt>Country</dt><dd>–</dd>" in said(client, place)
    assert ">north-wire.example</h1>" in said(client, place)


def test_a_publisher_that_is_not_there_is_a_page_that_says_so(client: FlaskClient) -> None:
    assert client.get("/publisher/99").status_code == 404
    assert post(client, "/publisher/99/change").status_code == 404


def test_a_feed_draws_what_it_brought_day_by_day_and_names_whose_it_is(client: FlaskClient, edition: Edition) -> None:
    shown = said(client, f"/feed/{edition.feed_ids['North Wire']}")
    assert "<title>3 articles in 30 days, 3 on the busiest, none on 29</title>" in shown
    assert re.search(r'href="/publisher/\d+" dir="auto">North Wire<', shown)


def test_saving_a_feed_does_not_make_its_own_name_the_owners(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    feed_id = edition.feed_ids["North Wire"]
    with reading(engine) as db:
        before = feeds.subscriptions(db)
    post(client, f"/feed/{feed_id}/change", title="North Wire", folder="World")
    with reading(engine) as db:
        assert feeds.subscriptions(db) == before


def test_the_owner_says_that_two_publishers_have_one_owner_and_takes_it_back(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    place = place_of(engine, edition, "Port strike enters third day")
    reply = post(client, f"{place}/join", other="daily-lantern.example", next=place)
    assert (reply.status_code, reply.location) == (303, place)
    page = said(client, place)
    assert "They count as one independent origin" in page
    assert "It has an owner of its own" in page
    assert "You said that one owner stands behind" in said(client, "/changes")
    [undo] = set(re.findall(r'formaction="(/acts/\d+/undo)"', page))
    post(client, undo)
    assert "It has an owner of its own" not in said(client, place)
    post(client, f"{place}/join", other="Daily Lantern")
    post(client, f"{place}/part")
    assert "It has an owner of its own" not in said(client, place)
    assert post(client, f"{place}/join", other="nobody").status_code == 404
