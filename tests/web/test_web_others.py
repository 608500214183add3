"""Choosing the other story of a correction, over a real database."""

import re

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.models.encoders import EncoderName
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.edition import Edition
from tests.forms import post
from tests.integration.desk import add_vectors

MODEL = EncoderName("model", "1", 3)
RESCUERS = "Rescuers reach last villages cut off by the earthquake"


def choices(client: FlaskClient, path: str) -> list[int]:
    page = client.get(path)
    assert page.status_code == 200
    return [int(each) for each in re.findall(r'name="other" value="(\d+)"', page.get_data(as_text=True))]


def test_a_card_and_its_storys_page_lead_to_the_choice(client: FlaskClient, quake: int) -> None:
    for path in ("/", f"/story/{quake}"):
        assert f'href="/story/{quake}/other"' in client.get(path).get_data(as_text=True), path


def test_the_stories_that_words_find_can_be_chosen_but_not_the_same_one(
    client: FlaskClient, quake: int, port: int
) -> None:
    assert choices(client, f"/story/{quake}/other?q=port+strike")[0] == port
    assert choices(client, f"/story/{port}/other?q=port+strike") == []
    assert choices(client, f"/story/{quake}/other?q=nobodywrotethis") == []


@pytest.mark.parametrize("write", ["{}", "#{}", "http://host:8080/story/{}"])
def test_a_story_is_found_by_its_number_or_its_address(client: FlaskClient, quake: int, port: int, write: str) -> None:
    assert choices(client, f"/story/{quake}/other?q={write.format(port).replace('#', '%23')}") == [port]


def test_the_likest_are_offered_before_anything_is_typed(
    client: FlaskClient, engine: Engine, edition: Edition, quake: int, port: int
) -> None:
    titles = [RESCUERS, "Port strike enters third day", "Summit ends without agreement"]
    with transaction(engine) as db:
        memory.remember_encoder(db, MODEL)
        vectors = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], dtype=np.float32)
        add_vectors(db, MODEL, [edition.article_ids[title] for title in titles], vectors)
    assert choices(client, f"/story/{quake}/other") == [port]
    page = client.get(f"/story/{quake}/other").get_data(as_text=True)
    assert "alike 0.80 of 1" in page


def test_without_vectors_it_says_to_search(client: FlaskClient, quake: int) -> None:
    page = client.get(f"/story/{quake}/other").get_data(as_text=True)
    assert "Search for it by its words" in page
    assert "<fieldset" not in page


def test_what_is_chosen_is_shown_before_it_is_done(
    client: FlaskClient, edition: Edition, quake: int, port: int
) -> None:
    its = edition.article_ids[RESCUERS]
    page = client.get(f"/story/{quake}/other?q=port").get_data(as_text=True)
    assert f'action="/story/{quake}/preview/same"' in page
    assert f'formaction="/story/{quake}/preview/apart"' in page
    page = client.get(f"/story/{quake}/other?q=port&article={its}").get_data(as_text=True)
    assert RESCUERS in page
    [move] = set(re.findall(r'action="(/story/\d+/preview/move/\d+)"', page))
    assert "Move 1 article?" in post(client, move, other=port).get_data(as_text=True)


def test_the_choice_of_a_merged_story_is_that_of_the_story_it_went_into(
    client: FlaskClient, quake: int, port: int
) -> None:
    older, newer = sorted((quake, port))
    post(client, f"/story/{older}/same", other=newer)
    assert f'href="/story/{older}"' in client.get(f"/story/{newer}/other").get_data(as_text=True)
    assert choices(client, f"/story/{newer}/other?q={older}") == []


def test_a_story_or_an_article_that_is_not_there_is_not_found(
    client: FlaskClient, edition: Edition, quake: int
) -> None:
    its = edition.article_ids["A garden in pictures"]
    for path in ("/story/999/other", f"/story/{quake}/other?article={its}", f"/story/{quake}/other?article=999"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("asked", ["9" * 40, "x" * 10_000, '"', "-", "(((", "\u202e\u0301"])
def test_whatever_is_typed_is_answered(client: FlaskClient, quake: int, asked: str) -> None:
    assert client.get(f"/story/{quake}/other", query_string={"q": asked}).status_code == 200
