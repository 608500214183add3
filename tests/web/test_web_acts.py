"""Everything one can do on the pages, over a real database: marking, feeds, lists in and out."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.models.entries import FeedOffer
from aggregator.models.feeds import Poll
from aggregator.store import articles, discovered, feeds, polling
from aggregator.store.db import reading as looking
from aggregator.store.db import transaction
from tests.edition import NOON, Edition
from tests.forms import post, token


def said(client: FlaskClient, path: str = "/keys") -> str:
    return client.get(path).get_data(as_text=True)


def n_unread(engine: Engine) -> int:
    with looking(engine) as db:
        return len(articles.river(db, limit=1000, unread_only=True))


def urls(engine: Engine) -> list[str]:
    with looking(engine) as db:
        return [line.feed.feed_url for line in feeds.feed_lines(db)]


# --- marking -----------------------------------------------------------------------------------------


def test_a_story_is_marked_read_and_unread(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    before = n_unread(engine)
    reply = post(client, f"/story/{edition.story_ids['quake']}/read", next="/river")
    assert reply.status_code == 303
    assert reply.location == "/river"
    assert n_unread(engine) == before - 4
    assert "Marked 4 articles read." in said(client)
    post(client, f"/story/{edition.story_ids['quake']}/unread")
    assert n_unread(engine) == before


def test_an_article_is_marked_by_itself(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    before = n_unread(engine)
    post(client, f"/article/{edition.article_ids['Port strike enters third day']}/read")
    assert n_unread(engine) == before - 1


def test_marking_in_place_is_answered_in_json(client: FlaskClient, edition: Edition) -> None:
    reply = client.post(
        f"/story/{edition.story_ids['port']}/read",
        data={"csrf_token": token(client)},
        headers={"Accept": "application/json"},
    )
    assert reply.get_json() == {
        "n_changed": 2,
        "said": "Marked 2 articles read.",
        "undo": "/acts/1/undo",
        "next": {"act": "unread", "name": "Mark unread"},
    }


def test_a_feed_is_marked_as_it_was_when_the_page_was_made(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    before = n_unread(engine)
    path = f"/feed/{edition.feed_ids['North Wire']}/read"
    post(client, path, seen_before="2026-11-24T01:00:00+00:00")
    assert n_unread(engine) == before
    post(client, path, seen_before=NOON.isoformat())
    assert n_unread(engine) == before - 3


def test_everything_is_marked_as_it_was_when_the_page_was_made(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    post(client, "/read", seen_before=NOON.isoformat())
    assert n_unread(engine) == 0
    assert "You have read all" in said(client, "/")


@pytest.mark.parametrize("seen_before", ["", "yesterday", "2026-11-24T12:00:00"])
def test_marking_everything_needs_a_moment(client: FlaskClient, edition: Edition, seen_before: str) -> None:
    assert post(client, "/read", seen_before=seen_before).status_code == 400


def test_marking_what_is_not_there_is_a_404(client: FlaskClient) -> None:
    assert post(client, "/story/99/read").status_code == 404
    assert post(client, "/feed/99/read", seen_before=NOON.isoformat()).status_code == 404


# --- feeds -------------------------------------------------------------------------------------------


def test_a_feed_is_added_by_address_and_folder(client: FlaskClient, engine: Engine) -> None:
    reply = post(client, "/feeds", url=" paper.example/feed ", folder="World / Africa")
    assert reply.status_code == 303
    shown = said(client, reply.location)
    assert "Added https://paper.example/feed." in shown
    assert "World / Africa" in shown
    assert urls(engine) == ["https://paper.example/feed"]


def test_the_same_address_twice_is_one_feed(client: FlaskClient, engine: Engine) -> None:
    post(client, "/feeds", url="https://paper.example/feed")
    reply = post(client, "/feeds", url="https://paper.example/feed")
    assert "already" in said(client, reply.location)
    assert len(urls(engine)) == 1


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "ftp://paper.example/", "https://", "two words"])
def test_an_address_that_cannot_be_a_feeds_is_refused_in_words(client: FlaskClient, engine: Engine, url: str) -> None:
    reply = post(client, "/feeds", url=url)
    assert reply.status_code == 422
    assert "That address cannot be added" in reply.get_data(as_text=True)
    assert urls(engine) == []


def test_a_feed_is_renamed_and_moved(client: FlaskClient, edition: Edition) -> None:
    feed_id = edition.feed_ids["North Wire"]
    reply = post(client, f"/feed/{feed_id}/change", title="The Wire", folder="Agencies")
    shown = said(client, reply.location)
    assert "Saved: The Wire." in shown
    assert 'value="Agencies"' in shown


def test_the_owner_says_how_often_a_feed_is_checked(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    feed_id = edition.feed_ids["North Wire"]
    for every, interval_s in (("1800", 1800), ("1", feeds.MIN_INTERVAL_S), ("", None), ("x", None)):
        post(client, f"/feed/{feed_id}/change", title="", folder="", every=every)
        with looking(engine) as db:
            line = feeds.feed_line(db, feed_id)
        assert line.feed.interval_s == interval_s
        assert ("selected" in said(client, f"/feed/{feed_id}")) == (interval_s is not None)
        assert line.poll.next_check_at <= NOON + timedelta(hours=1)


def test_the_owner_says_whether_whole_articles_are_fetched(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    feed_id = edition.feed_ids["North Wire"]
    for form, wants in (({"full_text": "1"}, True), ({}, False)):
        post(client, f"/feed/{feed_id}/change", title="", folder="", has_full_text="1", **form)
        assert (" checked" in said(client, f"/feed/{feed_id}")) == wants
        with looking(engine) as db:
            assert feeds.find_feed(db, feed_id).wants_full_text == wants


def test_a_feed_is_paused_and_goes_on(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    feed_id = edition.feed_ids["North Wire"]
    post(client, f"/feed/{feed_id}/pause")
    with looking(engine) as db:
        assert feeds.find_feed(db, feed_id).is_paused
    assert "Resume" in said(client, f"/feed/{feed_id}")
    post(client, f"/feed/{feed_id}/resume")
    with looking(engine) as db:
        assert not feeds.find_feed(db, feed_id).is_paused


def test_a_feed_is_deleted_only_after_a_question(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    feed_id = edition.feed_ids["North Wire"]
    n_before = len(urls(engine))
    assert "Delete <bdi>North Wire" in said(client, f"/feed/{feed_id}/delete")
    assert len(urls(engine)) == n_before
    reply = post(client, f"/feed/{feed_id}/delete")
    assert reply.location == "/feeds"
    assert "Deleted North Wire." in said(client, "/feeds")
    assert len(urls(engine)) == n_before - 1


def test_a_check_can_be_asked_for(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    post(client, f"/feed/{edition.feed_ids['North Wire']}/refresh")
    with looking(engine) as db:
        assert feeds.feed_line(db, edition.feed_ids["North Wire"]).poll.next_check_at <= NOON
    reply = post(client, "/feeds/refresh", next="/feeds")
    assert f"{len(edition.feed_ids)} feeds will be checked now." in said(client, reply.location)


def test_the_last_error_of_a_feed_is_shown_in_words(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    feed_id = edition.feed_ids["North Wire"]
    poll = Poll(feed_id=feed_id, checked_at=NOON, next_check_at=NOON, error="The server is on fire.", n_failures=3)
    with transaction(engine) as db:
        polling.record_poll(db, poll)
    for path in ("/feeds", f"/feed/{feed_id}"):
        assert "The server is on fire." in said(client, path)
    assert "1 feed failing" in said(client, "/")


def test_the_other_feeds_of_a_site_are_offered(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    feed_id = edition.feed_ids["North Wire"]
    with transaction(engine) as db:
        discovered.replace_offers(db, feed_id, [FeedOffer("https://north-wire.example/sport.xml", "Sport")])
    assert "The site also offers" in said(client, f"/feed/{feed_id}")
    post(client, "/feeds", url="https://north-wire.example/sport.xml")
    assert "The site also offers" not in said(client, f"/feed/{feed_id}")


def test_a_feed_that_fails_may_go_on_where_its_site_offers_it(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    feed_id, there = edition.feed_ids["North Wire"], "https://north-wire.example/new.xml"
    since = NOON - timedelta(days=40)
    with transaction(engine) as db:
        discovered.replace_offers(db, feed_id, [FeedOffer(there, "New")])
        failing = Poll(feed_id=feed_id, checked_at=NOON, next_check_at=NOON, error="No.", failing_since=since)
        polling.record_poll(db, failing)
    shown = said(client, f"/feed/{feed_id}")
    assert "It seems to be dead. No." in shown
    assert "The site now offers" in shown
    assert "Use instead" in shown
    reply = post(client, f"/feed/{feed_id}/move", url=there)
    assert f"goes on at {there}" in said(client, reply.location)
    with looking(engine) as db:
        line = feeds.feed_line(db, feed_id)
    assert (line.feed.feed_url, line.poll.error, line.poll.next_check_at) == (there, None, NOON)
    assert post(client, f"/feed/{feed_id}/move", url="javascript:alert(1)").status_code == 422


@pytest.mark.parametrize("path", ["/feed/99/change", "/feed/99/pause", "/feed/99/refresh", "/feed/99/delete"])
def test_changing_a_feed_that_is_not_there_is_a_404(client: FlaskClient, path: str) -> None:
    assert post(client, path).status_code == 404
