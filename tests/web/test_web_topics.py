"""The pages of topics, over a real database."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine

from aggregator.config import Settings, WebSettings
from aggregator.models.stories import Merge
from aggregator.models.topics import Retopicking, TopicDraft
from aggregator.store import topics
from aggregator.store.db import transaction
from tests.edition import NOON, Edition, Piece, make_topics, print_edition
from web import create_app
from web.topics import N_STORIES


@pytest.fixture
def app(engine: Engine) -> Flask:
    return create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=lambda: NOON)


def page(app: Flask, path: str, status: int = 200) -> str:
    reply = app.test_client().get(path)
    assert reply.status_code == status, path
    return reply.get_data(as_text=True)


def test_without_topics_the_list_says_what_they_are(app: Flask) -> None:
    assert "No topics yet" in page(app, "/topics")


@pytest.mark.parametrize("path", ["/topic/999", "/topic/999?before=x"])
def test_a_topic_that_never_was_is_not_found(app: Flask, path: str) -> None:
    page(app, path, 404)


@pytest.mark.parametrize(
    "mark", ["before=x&id=1", "before=2026-01-01&id=1", "before=2026-01-01T00:00Z&id=x", "before="]
)
def test_a_place_that_is_none_is_not_found(app: Flask, engine: Engine, edition: Edition, mark: str) -> None:
    (topic_id,) = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    page(app, f"/topic/{topic_id}?{mark}", 404)


def test_the_list_of_topics_names_each_with_its_newest_headline(app: Flask, engine: Engine, edition: Edition) -> None:
    (topic_id,) = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    listed = page(app, "/topics")
    assert f'href="/topic/{topic_id}"' in listed
    assert "2 stories" in listed
    assert "Strong earthquake shakes the coast of Ardania" in listed


def test_a_topic_shows_its_stories_and_no_other(app: Flask, engine: Engine, edition: Edition) -> None:
    (topic_id,) = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    shown = page(app, f"/topic/{topic_id}")
    assert {int(each) for each in re.findall(r'data-kind="story" data-id="(\d+)"', shown)} == {
        edition.story_ids["quake"],
        edition.story_ids["port"],
    }


def test_a_story_leads_to_its_topic_from_its_card_and_its_page(app: Flask, engine: Engine, edition: Edition) -> None:
    (topic_id,) = make_topics(engine, edition, {"Ardania": ("quake",)}).values()
    link = f'<p class="topic"><a href="/topic/{topic_id}" dir="auto">Ardania</a></p>'
    assert link in page(app, "/")
    assert link in page(app, f"/story/{edition.story_ids['quake']}")
    assert 'class="topic"' not in page(app, f"/story/{edition.story_ids['port']}")


def test_a_topic_that_went_into_another_leads_there(app: Flask, engine: Engine, edition: Edition) -> None:
    old_id, topic_id = make_topics(engine, edition, {"Quake": ("quake",), "Ardania": ("port",)}).values()
    with transaction(engine) as db:
        topics.save(
            db, Retopicking(kept(db), (Merge(old_id, topic_id),)), seen=set(edition.story_ids.values()), now=NOON
        )
    reply = app.test_client().get(f"/topic/{old_id}")
    assert (reply.status_code, reply.location) == (302, f"/topic/{topic_id}")


def test_a_topic_without_news_for_long_says_that_it_rests(engine: Engine, edition: Edition) -> None:
    (topic_id,) = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    later = create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=lambda: NOON + timedelta(days=40))
    assert "This topic rests" in page(later, f"/topic/{topic_id}")
    assert "No topics yet" in page(later, "/topics")


def test_a_topic_whose_stories_all_left_says_so(app: Flask, engine: Engine, edition: Edition) -> None:
    (topic_id,) = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    with transaction(engine) as db:
        topics.save(db, Retopicking(()), seen=set(edition.story_ids.values()), now=NOON)
    assert "No story is in this topic now" in page(app, f"/topic/{topic_id}")


def test_a_topics_name_is_text(app: Flask, engine: Engine, edition: Edition) -> None:
    (topic_id,) = make_topics(engine, edition, {"<script>alert(1)</script>": ("quake",)}).values()
    for path in ("/", "/topics", f"/topic/{topic_id}"):
        assert "<script>alert" not in page(app, path)


def test_a_long_topic_goes_on_over_the_page(app: Flask, engine: Engine) -> None:
    pieces = [
        Piece(name, f"happening {n}", f"Headline {n}", hours_ago=n / 10)
        for n in range(N_STORIES + 1)
        for name in ("North Wire", "Daily Lantern")
    ]
    edition = print_edition(engine, pieces)
    (topic_id,) = make_topics(engine, edition, {"Much": tuple(edition.story_ids)}).values()
    first = page(app, f"/topic/{topic_id}")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = page(app, older.replace("&amp;", "&"))
    ids = re.findall(r'data-kind="story" data-id="(\d+)"', first + second)
    assert sorted(map(int, ids)) == sorted(edition.story_ids.values())
    assert len(first.encode()) < 100_000


def kept(db: Connection) -> tuple[TopicDraft, ...]:
    """Every topic as it is."""
    return tuple(
        TopicDraft(
            id=line.id,
            name=line.name,
            words={},
            story_ids=tuple(card.id for card in topics.stories_of_topic(db, line.id, limit=99)),
        )
        for line in topics.topic_lines(db, since=NOON - timedelta(days=30), limit=99)
    )
