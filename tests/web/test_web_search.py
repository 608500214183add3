"""The pages of searching."""

import re

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.models.acts import Mute, MuteKind
from aggregator.models.encoders import EncoderName
from aggregator.store import mutes
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from aggregator.store.undoing import undo
from tests.edition import NOON, Edition
from tests.integration.desk import add_vectors
from web import create_app

MODEL = EncoderName("model", "1", 3)


@pytest.fixture
def client(engine: Engine, edition: Edition) -> FlaskClient:
    return create_app(engine, Settings(), clock=lambda: NOON).test_client()


def text_of(client: FlaskClient, place: str) -> str:
    reply = client.get(place)
    assert reply.status_code == 200, place
    return reply.get_data(as_text=True)


def post(client: FlaskClient, place: str, **form: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', text_of(client, "/keys"))
    assert found
    reply = client.post(place, data={"csrf_token": found[1], **form}, follow_redirects=True)
    assert reply.status_code == 200
    return reply.get_data(as_text=True)


def test_what_is_found_stands_by_story_with_its_words_marked(client: FlaskClient, edition: Edition) -> None:
    page = text_of(client, "/search?q=earthquake")
    assert "2 articles" in page
    assert "1 story" in page
    assert "<mark>earthquake</mark>" in page
    assert f"/story/{edition.story_ids['quake']}#a" in page


def test_foreign_text_is_escaped_between_the_marks(client: FlaskClient) -> None:
    page = text_of(client, "/search?q=alert")
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_scripts_of_all_kinds_are_found(client: FlaskClient) -> None:
    assert "<mark>会談</mark>" in text_of(client, "/search?q=会談")
    assert "<mark>زلزال</mark>" in text_of(client, "/search?q=زلزال")


def test_nothing_found_says_what_to_do(client: FlaskClient) -> None:
    assert "No article has all of these words." in text_of(client, "/search?q=zyzzyva")
    assert "Take something away" in text_of(client, "/search?q=zyzzyva+since:3d")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("quake colour:red", "“colour:red” was left out"),
        ("quake since:soon", "write a day such as 2026-11-05"),
        ("quake is:nice", "write is:unread"),
        ("quake publisher:nobody", "“publisher:nobody” names no publisher here."),
        ("quake feed:nothing", "“feed:nothing” names no feed here."),
        ("word " * 2000, "That is a long search"),
    ],
)
def test_what_is_not_understood_is_said_in_words(client: FlaskClient, query: str, said: str) -> None:
    assert said in client.get("/search", query_string={"q": query}).get_data(as_text=True)


@pytest.mark.parametrize(
    "query", ['"', "*", "-", "NEAR(", "'; DROP TABLE articles; --", "\x00", "a" * 10_000, "💥", ":"]
)
def test_no_query_is_an_error(client: FlaskClient, query: str) -> None:
    assert client.get("/search", query_string={"q": query}).status_code == 200


def test_the_fields_beside_the_words_narrow_and_stand_in_the_query(client: FlaskClient) -> None:
    page = text_of(client, "/search?q=quake&publisher=daily-lantern.example&lang=en&since=7d&order=newest")
    assert 'value="quake publisher:daily-lantern.example lang:en since:7d"' in page
    assert "Thousands sleep outside" in page


def test_pages_that_are_not_there_are_not_found(client: FlaskClient) -> None:
    assert client.get("/search?q=quake&page=2").status_code == 404
    assert client.get("/search?q=quake&page=x").status_code == 404
    assert client.get("/search?q=quake&before=x").status_code == 404


def test_older_articles_are_found_behind_a_moment(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": "earthquake", "before": "2026-11-24T09:00:00+00:00"})
    assert "1 article ·" in " ".join(page.get_data(as_text=True).split())


def test_what_is_near_in_meaning_is_found_and_says_so(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    titles = ["Port strike enters third day", "Summit ends without agreement", "A garden in pictures"]
    with transaction(engine) as db:
        memory.remember_encoder(db, MODEL)
        vectors = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], dtype=np.float32)
        add_vectors(db, MODEL, [edition.article_ids[title] for title in titles], vectors)
    page = text_of(client, "/search?q=strike")
    assert "By meaning, near to “Port strike enters third day”" in page
    assert "Summit ends without agreement" in page
    assert "A garden in pictures" not in page
    assert "Summit ends" not in text_of(client, "/search?q=strike&order=newest")
    assert "Summit ends" not in text_of(client, "/search?q=strike+publisher:north-wire")


def test_a_search_is_saved_counted_renamed_and_deleted(client: FlaskClient) -> None:
    assert "Saved." in post(client, "/search", query="earthquake", name="Quakes")
    start = text_of(client, "/search")
    assert "Quakes" in start
    assert "2 unread" in start
    assert "Tremors" in post(client, "/search/1/rename", name="Tremors", next="/search")
    assert "Deleted the saved search “Tremors”." in post(client, "/search/2/delete")
    assert "None yet." in text_of(client, "/search")


def test_what_became_of_a_saved_search_is_undone_step_by_step(client: FlaskClient) -> None:
    post(client, "/search", query="earthquake", name="Quakes")
    post(client, "/search/1/rename", name="Tremors")
    post(client, "/search/2/delete")
    ledger = " ".join(text_of(client, "/changes").split())
    for line in ("You saved the search", "You renamed a saved search to", "You deleted the saved search"):
        assert line in ledger
    assert "Undone." in post(client, "/acts/undo")
    assert "Tremors" in text_of(client, "/search")
    post(client, "/acts/undo")
    assert "Quakes" in text_of(client, "/search")
    post(client, "/acts/undo")
    assert "None yet." in text_of(client, "/search")


def test_a_search_is_kept_once_whatever_is_undone(client: FlaskClient) -> None:
    post(client, "/search", query="earthquake", name="Quakes")
    post(client, "/search/1/delete")
    post(client, "/search", query="earthquake", name="Again")
    post(client, "/acts/2/undo")
    start = text_of(client, "/search")
    assert "Quakes" in start
    assert "Again" not in start


def test_a_search_for_nothing_is_not_saved(client: FlaskClient) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', text_of(client, "/keys"))
    assert token
    assert client.post("/search", data={"csrf_token": token[1], "query": " * ", "name": "x"}).status_code == 400
    assert client.post("/search/9/delete", data={"csrf_token": token[1]}).status_code == 404


def test_where_filters_are_too_narrow_the_page_says_what_each_costs(client: FlaskClient) -> None:
    page = " ".join(text_of(client, "/search?q=earthquake+lang:ja+publisher:harbour").split())
    assert "Nothing found" in page
    assert 'Without <kbd dir="auto">lang:ja</kbd></a> <span class="evidence">1 article</span>' in page
    assert "publisher:harbour</kbd>" not in page, "without that there is nothing either"


def test_what_is_muted_is_found_last_and_says_so(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    found = re.findall(r'<h2 id="t\d+"><a href="/story/(\d+)', text_of(client, "/search?q=said"))
    first, *others = dict.fromkeys(int(each) for each in found)
    assert others
    with transaction(engine) as db:
        mutes.mute(db, Mute(kind=MuteKind.STORY, title="", story_id=first, made_at=NOON), now=NOON)
    page = text_of(client, "/search?q=said")
    assert [int(each) for each in re.findall(r'<h2 id="t\d+"><a href="/story/(\d+)', page)][-1] == first
    assert page.count("Muted by you, so it comes last.") == 1
    with transaction(engine) as db:
        undo(db, 1, now=NOON)
    assert "Muted by you" not in text_of(client, "/search?q=said")
