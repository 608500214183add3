"""The front page over a real database: its orders, what came since the last visit, and what it was in the past."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings, WebSettings
from aggregator.models.acts import MarkKind, Mute, MuteKind
from aggregator.models.feeds import Poll
from aggregator.models.front import Visit
from aggregator.store import marks, mutes, polling, reading, showing, stories
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests.edition import NOON, PIECES, Edition, Piece, keep_past, make_topics, print_edition, sample_day
from tests.forms import post
from web import create_app

HOUR = timedelta(hours=1)


class Clock:
    """A clock that stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(engine: Engine, clock: Clock) -> Flask:
    return create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def shown(client: FlaskClient, path: str = "/") -> str:
    reply = client.get(path)
    assert reply.status_code == 200, path
    return " ".join(reply.get_data(as_text=True).split())


def said(client: FlaskClient) -> str:
    """What the front page says: without the token of its forms, which is another every second."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", shown(client))


def story_ids(client: FlaskClient, path: str) -> list[int]:
    return [int(number) for number in re.findall(r'<h2 id="s(\d+)"', shown(client, path))]


def act(client: FlaskClient, path: str) -> int:
    token = re.findall(r'name="csrf_token" value="([^"]+)"', shown(client, "/keys"))[0]
    return client.post(path, data={"csrf_token": token}).status_code


def was_here(engine: Engine, *, hours_ago: float) -> None:
    with transaction(engine) as db:
        memory.note_visit(db, now=NOON - hours_ago * HOUR)


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [("newest", "quake", "script"), ("publishers", "quake", "script"), ("first", "summit", "script")],
)
def test_the_front_page_stands_in_the_order_asked_for(
    client: FlaskClient, edition: Edition, order: str, first: str, last: str
) -> None:
    ids = story_ids(client, f"/?order={order}")
    assert (ids[0], ids[-1]) == (edition.story_ids[first], edition.story_ids[last])
    assert sorted(ids) == sorted(story_ids(client, "/"))


def test_unread_leaves_out_what_was_read_whole(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        reading.mark_story(db, edition.story_ids["quake"], is_read=True, now=NOON)
    ids = story_ids(client, "/?order=unread")
    assert edition.story_ids["quake"] not in ids
    assert edition.story_ids["port"] in ids


def test_when_all_is_read_unread_says_so_and_leads_back(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        reading.mark_all(db, seen_before=NOON, now=NOON)
    said = shown(client, "/?order=unread")
    assert "You have read it all" in said
    assert "All 5 stories" in said


@pytest.mark.parametrize(
    "path", ["/?order=sideways", "/front.json?regrouped=noon", "/front.json?regrouped=2026-11-24T12:00:00"]
)
def test_an_order_or_a_moment_that_is_none_is_not_found(client: FlaskClient, edition: Edition, path: str) -> None:
    assert client.get(path).status_code == 404


def test_stories_of_one_publisher_stand_below_those_of_several(client: FlaskClient, edition: Edition) -> None:
    said = shown(client)
    assert said.index("Only one publisher") < said.index("An item without a title says only this.")


def test_every_story_of_the_sample_day_stands_on_its_front_page_once(client: FlaskClient, engine: Engine) -> None:
    print_edition(engine, sample_day())
    ids = story_ids(client, "/")
    assert len(ids) == len(set(ids)) == 31
    assert len(story_ids(client, "/?order=newest")) == 31


# --- visits ------------------------------------------------------------------------------------------


def test_who_was_never_here_is_told_how_much_there_is(client: FlaskClient, edition: Edition) -> None:
    assert "5 unread stories of 5 · 14 articles from 6 feeds" in shown(client)


def test_who_comes_back_is_told_what_came_meanwhile(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    was_here(engine, hours_ago=4.5)
    said = re.sub(r"<[^>]+>", "", shown(client))
    assert "Since you were here (4 h): 2 new stories, 1 moved on, 5 articles from 5 feeds · Catch up" in said
    assert "Updated · 1 new article" in said


def test_catching_up_shows_what_changed_and_nothing_else(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    was_here(engine, hours_ago=4.5)
    assert set(story_ids(client, "/?changed=")) == {edition.story_ids[label] for label in ("quake", "port", "summit")}
    assert "That is all that changed." in shown(client, "/?changed=")


def test_where_nothing_changed_catching_up_says_so(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    was_here(engine, hours_ago=0.6)
    assert "Nothing here has changed since you were here (36 min)" in shown(client)
    assert "Nothing has changed" in shown(client, "/?changed=")


def test_opening_the_page_again_takes_no_news_away_and_half_an_hour_of_silence_does(
    client: FlaskClient, engine: Engine, edition: Edition, clock: Clock
) -> None:
    was_here(engine, hours_ago=4.5)
    before = said(client)
    assert act(client, "/visit") == 204
    assert said(client) == before
    clock.now = NOON + timedelta(minutes=31)
    assert "Nothing here has changed since you were here (31 min)" in shown(client)


def test_every_act_is_a_sign_that_somebody_is_here(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    act(client, f"/story/{edition.story_ids['quake']}/read")
    with transaction(engine) as db:
        assert memory.last_visit(db) == Visit(None, NOON)


def test_an_act_that_was_refused_is_none(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    assert client.post("/visit").status_code == 400
    assert act(client, "/story/999/read") == 404
    with transaction(engine) as db:
        assert memory.last_visit(db) is None


# --- what moves while one reads ----------------------------------------------------------------------


def test_a_page_that_is_open_learns_that_stories_moved_and_asks_cheaply(
    client: FlaskClient, engine: Engine, edition: Edition, clock: Clock
) -> None:
    place = re.findall(r'data-front="([^"]+)"', shown(client))[0].replace("&amp;", "&")
    first = client.get(place)
    assert first.get_json() == {"n_moved": 0, "said": ""}
    assert client.get(place, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    clock.now = NOON + HOUR
    later = [Piece("New Paper", "flood", "Flood"), Piece("Other Paper", "flood", "A flood")]
    print_edition(
        engine, [Piece(each.publisher, each.happening, each.title, hours_ago=0.5) for each in later], now=clock.now
    )
    news = client.get(place, headers={"If-None-Match": first.headers["ETag"]})
    assert news.get_json() == {"n_moved": 1, "said": "1 story moved"}


# --- states ------------------------------------------------------------------------------------------


def test_without_a_way_out_the_last_edition_stands_with_a_banner(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    with transaction(engine) as db:
        for feed_id in edition.feed_ids.values():
            failed = Poll(
                feed_id=feed_id, checked_at=NOON, succeeded_at=NOON - 5 * HOUR, next_check_at=NOON, error="No route."
            )
            polling.record_poll(db, failed)
    said = shown(client)
    assert "None of 6 feeds could be read at the last check" in said
    assert "5 h ago" in said
    assert "Strong earthquake" in said


def test_a_front_page_behind_which_grouping_lags_stands_and_says_so(
    client: FlaskClient, engine: Engine, edition: Edition, clock: Clock
) -> None:
    clock.now = NOON + timedelta(minutes=40)
    with transaction(engine) as db:
        memory.remember(db, memory.REGROUPED_AT, (NOON - 3 * HOUR).isoformat())
    said = shown(client)
    assert "Grouping is 220 min behind: 4 articles wait." in said
    assert "Strong earthquake" in said


def test_a_story_of_one_article_pretends_nothing(client: FlaskClient, edition: Edition) -> None:
    said = shown(client, f"/story/{edition.story_ids['untitled']}")
    assert "Nobody else has reported this so far." in said
    assert "Who reported it" not in said


def test_a_growing_story_says_so_and_a_closed_one_that_it_is_over(
    client: FlaskClient, engine: Engine, edition: Edition, clock: Clock
) -> None:
    news = [Piece(f"Paper {n}", "flood", f"Flood {n}", hours_ago=n / 10) for n in range(4)]
    flood = print_edition(engine, news).story_ids["flood"]
    assert "Growing: 4 articles in the last hour." in shown(client, f"/story/{flood}")
    clock.now = NOON + timedelta(days=15)
    assert "Closed: nothing new for 15 days" in shown(client, f"/story/{flood}")


def test_where_everything_is_muted_the_front_page_says_how_much_that_is(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    with transaction(engine) as db:
        for label in ("quake", "port", "summit", "long", "script"):
            wanted = Mute(kind=MuteKind.STORY, title=label, story_id=edition.story_ids[label], made_at=NOON)
            mutes.mute(db, wanted, now=NOON)
    said = shown(client)
    assert "Everything here is muted" in said
    assert "5 stories of two or more publishers are hidden" in said


def test_what_is_followed_and_has_news_stands_above_all(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    was_here(engine, hours_ago=4.5)
    with transaction(engine) as db:
        marks.mark_story(db, edition.story_ids["port"], MarkKind.FOLLOW, is_on=True, now=NOON)
    said = shown(client)
    assert said.index("Following</h2>") < said.index("Top stories</h2>")
    assert story_ids(client, "/")[0] == edition.story_ids["port"]


# --- past front pages --------------------------------------------------------------------------------


def test_a_front_page_of_the_past_shows_what_it_showed(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    keep_past(engine)
    now, before = story_ids(client, "/edition/2026-11-24"), story_ids(client, "/edition/2026-11-23")
    assert now == before[::-1]
    assert now[0] == edition.story_ids["quake"]
    said = shown(client, "/edition/2026-11-24/1200")
    assert "Tuesday, 24 November 2026" in said
    assert 'rel="prev" href="/edition/2026-11-23/1200"' in said
    assert "4 publishers · 3 independent · 4 countries · first North Wire" in said


def test_between_two_the_earlier_one_stood(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    keep_past(engine)
    assert story_ids(client, "/edition/2026-11-24/1159") == story_ids(client, "/edition/2026-11-23")
    assert story_ids(client, "/edition/2026-11-30") == story_ids(client, "/edition/2026-11-24")


def test_a_story_of_the_past_leads_to_where_it_lives_or_nowhere(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    keep_past(engine)
    with transaction(engine) as db:
        members = showing.find_story(db, edition.story_ids["port"]).members
        stories.take_out(db, [each.article.id for each in members])
    said = shown(client, "/edition/2026-11-24")
    assert "Port strike enters third day" in said or "שביתת עובדי הנמל" in said
    assert f'/story/{edition.story_ids["port"]}"' not in said
    assert f'/story/{edition.story_ids["quake"]}"' in said


def test_the_calendar_leads_to_the_days_that_have_one(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    keep_past(engine)
    said = shown(client, "/editions")
    assert "November 2026" in said
    assert re.findall(r'<td><a href="(/edition/[^"]+)"', said) == ["/edition/2026-11-23", "/edition/2026-11-24"]
    october = shown(client, "/editions?month=2026-10")
    assert "No front page of this month" in october
    assert 'rel="next" href="/editions?month=2026-11"' in october


@pytest.mark.parametrize(
    "path",
    [
        "/edition/2026-11-22",
        "/edition/2026-13-01",
        "/edition/9999-12-31",
        "/edition/yesterday",
        "/edition/2026-11-24/2561",
        "/edition/2026-11-24/noon",
        "/editions?month=2026-13",
        "/editions?month=0001-01",
    ],
)
def test_a_day_that_is_none_or_had_no_front_page_is_not_found(
    client: FlaskClient, engine: Engine, edition: Edition, path: str
) -> None:
    keep_past(engine)
    assert client.get(path).status_code == 404


# --- pictures ----------------------------------------------------------------------------------------


def test_every_card_draws_when_its_articles_came(client: FlaskClient, edition: Edition) -> None:
    assert "<title>4 articles: first 05:00, most (1) from 05:00, last 11:00</title>" in shown(client)


def test_the_front_page_tells_from_where_and_in_what_its_stories_are_told(
    client: FlaskClient, edition: Edition
) -> None:
    said = shown(client)
    assert "By country" in said
    assert 'id="by-language-d">English 9, Arabic 1' in said


def test_topics_are_drawn_as_areas_that_lead_to_them(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    names = {"Ardania": ("quake",), "Ports": ("port",), "Summits": ("summit",)}
    ids = make_topics(engine, edition, names)
    said = shown(client, "/topics")
    for name, number in ids.items():
        assert said.count(f'<a href="/topic/{number}" aria-label="{name}, 1 story">') == 2


def test_the_owner_chooses_the_order_and_the_sections_of_the_front_page(client: FlaskClient, engine: Engine) -> None:
    print_edition(engine, sample_day())
    assert "Only one publisher" in client.get("/").text
    shown = dict.fromkeys(("following", "folder", "topic", "earlier"))
    post(client, "/settings", text_size="usual", front_order="top", section=list(shown))
    assert "Only one publisher" not in client.get("/").text
    post(client, "/settings", text_size="usual", front_order="newest", section=list(shown))
    page = client.get("/").text
    assert 'href="/?order=top"' in page
    assert re.search(r'href="/" data-loads aria-current="true">Newest change', page)
    post(client, "/settings", text_size="usual", front_order="sideways")
    assert "Top stories" in client.get("/").text


def test_a_card_with_other_news_takes_the_place_of_that_before(
    app: Flask, client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    members = [piece.title for piece in PIECES if piece.happening == "quake"]
    for title, n_new in zip(members[:3], ["3 new articles", "2 new articles", "1 new article"], strict=True):
        with transaction(engine) as db:
            reading.mark_articles(db, [edition.article_ids[title]], is_read=True, now=NOON)
        assert n_new in shown(client)
    assert len(app.extensions["broadsheet-drawn"]["story"]) == len(story_ids(client, "/"))


@pytest.mark.parametrize("path", ["/", "/river"])
def test_a_line_of_a_list_is_that_of_now(client: FlaskClient, engine: Engine, edition: Edition, path: str) -> None:
    single = edition.article_ids["A garden in pictures"]
    for is_read in (False, True, False):
        with transaction(engine) as db:
            reading.mark_articles(db, [single], is_read=is_read, now=NOON)
        [its_class] = re.findall(
            rf'<li class="([^"]*)" data-item data-kind="article" data-id="{single}"', shown(client, path)
        )
        assert ("is-read" in its_class) == is_read
