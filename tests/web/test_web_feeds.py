"""The list of feeds on the pages: at thousands of feeds, with several at once, by folder."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.models.feeds import Poll
from aggregator.models.subscribing import Subscription
from aggregator.store import articles, feeds, polling
from aggregator.store.db import reading, transaction
from tests.edition import NOON, Edition
from tests.forms import post


@pytest.fixture
def many(engine: Engine) -> list[int]:
    """Five thousand feeds in two hundred folders, some of them odd or ill."""
    odd = {3: "x" * 2000, 4: "زلزال قوي", 5: "\u202e abc", 6: ""}
    wanted = [
        Subscription(
            feed_url=f"https://n{n}.example/feed",
            title=odd.get(n, f"Feed {n:04}"),
            folder=(f"Folder {n % 20:02}", f"Part {n % 10}" if n % 200 >= 20 else f"Part {n % 7}"),
        )
        for n in range(5000)
    ]
    with transaction(engine) as db:
        ids = [each.feed_id or 0 for each in feeds.subscribe_many(db, wanted, now=NOON)]
        ill = Poll(feed_id=ids[7], checked_at=NOON, next_check_at=NOON, error="The server is on fire.", n_failures=1)
        polling.record_poll(db, ill)
    return ids


def said(client: FlaskClient, path: str) -> str:
    return " ".join(client.get(path).get_data(as_text=True).split())


def test_five_thousand_feeds_are_folded_and_no_page_of_them_is_heavy(client: FlaskClient, many: list[int]) -> None:
    folded = said(client, "/feeds")
    assert "5,000 feeds" in folded
    assert "1 needs you" in folded
    assert "Feed 0042" not in folded
    assert 'name="feed"' not in folded
    for path in (
        "/feeds",
        "/feeds?all=1",
        "/feeds?all=1&page=50",
        "/feeds?only=problems",
        "/feeds?q=example&sort=problem",
    ):
        assert len(client.get(path).data) < 150_000, path


def test_the_list_is_narrowed_put_in_order_and_paged(client: FlaskClient, many: list[int]) -> None:
    assert "Page 1 of 50" in said(client, "/feeds?all=1")
    assert "The server is on fire." in said(client, "/feeds?only=problems")
    assert "The server is on fire." in said(client, "/feeds?sort=problem")
    assert "Feed 0042" in said(client, "/feeds?q=n42.")
    assert "No feed is like that." in said(client, "/feeds?q=nothing+like+that")
    assert "q=feed" in said(client, "/feeds?q=feed&sort=newest")


@pytest.mark.parametrize("query", ["page=0", "page=999999", "page=x", "folder=99999", "folder=x", "sort=x", "only=x"])
def test_an_odd_address_of_the_list_is_still_a_list(client: FlaskClient, edition: Edition, query: str) -> None:
    assert client.get(f"/feeds?{query}").status_code == 200


def test_those_that_are_ticked_are_paused_moved_and_resumed(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    ids = list(edition.feed_ids.values())[:2]
    reply = post(client, "/feeds/selected/pause", feed=ids)
    assert "2 feeds are paused now." in said(client, reply.location)
    post(client, "/feeds/selected/move", feed=ids, into="Here / There")
    with reading(engine) as db:
        assert {(line.feed.is_paused, line.folder) for line in feeds.lines_of(db, ids)} == {(True, "Here / There")}
    assert "2 feeds are checked again." in said(client, post(client, "/feeds/selected/resume", feed=ids).location)
    assert "2 feeds will be checked now." in said(client, post(client, "/feeds/selected/refresh", feed=ids).location)
    assert "No feed was ticked" in said(client, post(client, "/feeds/selected/pause").location)


def test_all_of_a_list_are_meant_where_that_is_ticked(client: FlaskClient, engine: Engine, many: list[int]) -> None:
    reply = post(client, "/feeds/selected/pause", everything="1", q="n42")
    assert reply.location == "/feeds?q=n42"
    assert "111 feeds are paused now." in said(client, reply.location)
    with reading(engine) as db:
        assert not feeds.find_feed(db, many[1]).is_paused


def test_what_ticked_feeds_brought_is_marked_read_in_one_act(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    ids = [edition.feed_ids["North Wire"], edition.feed_ids["Harbour News"]]
    post(client, "/feeds/selected/read", feed=ids, seen_before=NOON.isoformat())
    with reading(engine) as db:
        unread = articles.river(db, limit=1000, unread_only=True)
    assert not {line.feed_id for line in unread} & set(ids)
    assert post(client, "/feeds/selected/read", feed=ids, seen_before="yesterday").status_code == 400


def test_several_feeds_are_deleted_only_after_a_question(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    ids = list(edition.feed_ids.values())[:2]
    asked = post(client, "/feeds/selected/delete", feed=ids)
    assert "Delete 2 feeds?" in asked.get_data(as_text=True)
    with reading(engine) as db:
        assert len(feeds.lines_of(db, ids)) == 2
    assert "Deleted 2 feeds." in said(client, post(client, "/feeds/selected/delete", feed=ids, sure="yes").location)
    with reading(engine) as db:
        assert feeds.lines_of(db, ids) == []


def test_a_folder_is_made_renamed_exported_and_deleted(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    assert "Sport" in said(client, post(client, "/folders", folder="Sport").location)
    assert "Sport" in said(client, "/feeds")
    with reading(engine) as db:
        world = next(line.feed for line in feeds.feed_lines(db) if line.folder == "World")
    place = f"/folder/{world.folder_id}"
    exported = said(client, f"/export.opml?folder={world.folder_id}")
    assert world.feed_url in exported
    assert "Elsewhere" not in exported
    assert post(client, f"{place}/change", folder="").status_code == 409
    post(client, f"{place}/change", folder="Papers / World")
    assert "Papers / World" in said(client, place)
    post(client, f"{place}/delete", feeds="stay")
    with reading(engine) as db:
        assert feeds.feed_line(db, world.id).folder == "Papers"
    assert client.get(place).status_code == 404
    with reading(engine) as db:
        papers = feeds.feed_line(db, world.id).feed.folder_id
    post(client, f"/folder/{papers}/delete", feeds="delete")
    with reading(engine) as db:
        assert feeds.lines_of(db, [world.id]) == []
