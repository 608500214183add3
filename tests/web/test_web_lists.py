"""Lists of feeds in and out, and adding a feed by an address, on the pages."""

import io
import re
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.config import FetchSettings, Settings
from aggregator.fetch.http import fetch_all
from aggregator.listing import fetch_wanted
from aggregator.models.feeds import Poll
from aggregator.models.fetching import Fetched
from aggregator.parse.opml import parse_opml
from aggregator.parse.sandbox import Parsed, parse_reply, read_list
from aggregator.probing import probe_wanted
from aggregator.store import feeds, polling
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.subscribing import import_step
from tests.blank import open_blank
from tests.edition import NOON
from tests.forms import post
from tests.server import Page, Site
from web import create_app

LIST = b"""<opml version="2.0"><head/><body>
<outline text="World"><outline type="rss" text="One" xmlUrl="https://one.example/feed"/></outline>
<outline type="rss" text="Two" xmlUrl="https://two.example/feed"/>
<outline type="rss" text="Bad" xmlUrl="javascript:alert(1)"/>
</body></opml>"""

RSS = """<rss version="2.0"><channel><title>The &lt;b&gt;Gazette</title><language>de</language>
<item><title>Erstens &amp; zweitens</title><guid>1</guid><pubDate>Tue, 24 Nov 2026 06:00:00 GMT</pubDate></item>
<item><title>Drittens</title><guid>2</guid><pubDate>Tue, 24 Nov 2026 03:00:00 GMT</pubDate></item>
<item><title>Viertens</title><guid>3</guid><pubDate>Tue, 24 Nov 2026 00:00:00 GMT</pubDate></item>
</channel></rss>"""
SITE = """<!doctype html><title>Site</title><link rel="alternate" type="application/rss+xml" title="News" href="/rss">
<link rel="alternate" type="application/rss+xml" title="Lost" href="/gone">"""

FETCH = partial(fetch_all, settings=FetchSettings(allowed_hosts=("127.0.0.0/8",), per_host_gap_s=0.0))


def work(engine: Engine) -> None:
    """Do what a worker does for a page that waits."""
    probe_wanted(engine, FETCH, parse, now=NOON)
    fetch_wanted(engine, FETCH, read, now=NOON)


def parse(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
    done: Future[Parsed] = Future()
    try:
        done.set_result(parse_reply(reply, discover=discover, known_items=known_items))
    except Exception as error:
        done.set_exception(error)
    return done


def read(reply: Fetched) -> Future[list]:
    done: Future[list] = Future()
    try:
        done.set_result(read_list(reply))
    except Exception as error:
        done.set_exception(error)
    return done


def said(client: FlaskClient, path: str) -> str:
    return " ".join(client.get(path).get_data(as_text=True).split())


def urls(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return sorted(each.feed_url for each in feeds.subscriptions(db))


def upload(client: FlaskClient, body: bytes, **fields: str) -> TestResponse:
    return post(client, "/import", opml=(io.BytesIO(body), "feeds.opml"), **fields)


def shown(client: FlaskClient, body: bytes, **fields: str) -> str:
    """Choose a file; return where what it would bring is shown."""
    reply = upload(client, body, **fields)
    assert reply.status_code == 303
    return reply.location


def bring(client: FlaskClient, body: bytes, **fields: str) -> str:
    """Choose a file, look at what it would bring, and say yes; return what the page says then."""
    place = shown(client, body, **fields)
    assert post(client, f"{place}/feeds").location == place
    return said(client, place)


# --- lists -------------------------------------------------------------------------------------------


def test_a_list_is_shown_before_anything_is_changed(client: FlaskClient, engine: Engine) -> None:
    page = said(client, shown(client, LIST))
    assert "Import 2 feeds?" in page
    assert "1 feed cannot be added." in page
    assert "https://one.example/feed" in page
    assert "An address that begins with javascript" in page
    assert 'href="javascript' not in page
    assert urls(engine) == []


def test_a_list_is_imported_with_an_outcome_for_each_feed(client: FlaskClient, engine: Engine) -> None:
    page = bring(client, LIST)
    assert "Added 2 feeds" in page
    assert re.search(r"One</span>.*?>added<", page)
    assert re.search(r"Bad</span>.*?>not valid: An address that begins with javascript", page)
    assert urls(engine) == ["https://one.example/feed", "https://two.example/feed"]


def test_a_list_of_nothing_new_has_nothing_to_say_yes_to(client: FlaskClient) -> None:
    bring(client, LIST)
    page = said(client, shown(client, LIST))
    assert "Nothing to import" in page
    assert "2 feeds of the list are there already." in page
    assert "<button>Import" not in page


def test_importing_twice_changes_nothing(client: FlaskClient, engine: Engine) -> None:
    place = shown(client, LIST)
    post(client, f"{place}/feeds")
    exported = client.get("/export.opml").data
    post(client, f"{place}/feeds")
    bring(client, LIST)
    assert client.get("/export.opml").data == exported


def test_a_list_of_ten_thousand_feeds_is_shown_and_imported_in_pages_of_bounded_weight(
    client: FlaskClient, engine: Engine
) -> None:
    outlines = "".join(f'<outline xmlUrl="http://n{n}.example"/>' for n in range(10_000))
    place = shown(client, f'<opml version="2.0"><body>{outlines}</body></opml>'.encode())
    assert len(client.get(place).data) < 100_000
    assert "Page 100 of 100" in said(client, f"{place}?page=100")
    assert client.get(f"{place}.json").get_json() == {"n_done": 0, "n_all": 10_000, "is_working": False}
    post(client, f"{place}/feeds")
    assert client.get(f"{place}.json").get_json() == {"n_done": 10_000, "n_all": 10_000, "is_working": False}
    assert len(urls(engine)) == 10_000


def test_an_import_that_was_stopped_half_way_goes_on_where_it_stopped(client: FlaskClient, engine: Engine) -> None:
    outlines = "".join(f'<outline xmlUrl="http://n{n}.example"/>' for n in range(600))
    place = shown(client, f'<opml version="2.0"><body>{outlines}</body></opml>'.encode())
    assert import_step(engine, int(place.rpartition("/")[2]), now=NOON)
    assert "500 of 600 are done." in said(client, place)
    post(client, f"{place}/feeds")
    assert "Added 600 feeds" in said(client, place)


def test_the_outcomes_of_one_kind_can_be_looked_at(client: FlaskClient) -> None:
    page = said(client, f"{shown(client, LIST)}?result=invalid")
    assert "javascript:alert(1)" in page
    assert "one.example" not in page


def test_all_of_a_list_can_be_put_into_a_folder(client: FlaskClient, engine: Engine) -> None:
    bring(client, LIST, folder="News / Mine")
    with reading(engine) as db:
        folders = {each.feed_url: each.folder for each in feeds.subscriptions(db)}
    assert folders == {
        "https://one.example/feed": ("News", "Mine", "World"),
        "https://two.example/feed": ("News", "Mine"),
    }


def test_a_list_is_fetched_from_its_address_by_the_worker(client: FlaskClient, engine: Engine) -> None:
    with Site({"/list.opml": LIST}) as site:
        place = post(client, "/import", url=site.at("/list.opml")).location
        assert "Fetching the list" in said(client, place)
        assert "none is at work now" in said(client, place)
        with transaction(engine) as db:
            memory.note_worker(db, now=NOON - timedelta(minutes=1))
        assert "none is at work now" not in said(client, place)
        work(engine)
    assert "Import 2 feeds?" in said(client, place)


@pytest.mark.parametrize(
    ("body", "why"), [(Page(status=404), "answered 404"), (RSS.encode(), "but a feed; add it by its address")]
)
def test_an_address_without_a_list_says_why(client: FlaskClient, engine: Engine, body: Page | bytes, why: str) -> None:
    with Site({"/list.opml": body}) as site:
        place = post(client, "/import", url=site.at("/list.opml")).location
        work(engine)
    assert "That list could not be had" in said(client, place)
    assert why in said(client, place)


def test_an_address_that_cannot_be_called_is_refused_in_words(client: FlaskClient) -> None:
    assert post(client, "/import", url="ftp://a.example/list").status_code == 422


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"<html><p>no list</p></html>", b"\x00\xff\xfe", b'<opml version="2.0"><body/></opml>']
)
def test_what_is_no_list_is_refused_in_words(client: FlaskClient, engine: Engine, body: bytes) -> None:
    reply = upload(client, body)
    assert reply.status_code == 422
    assert "That is no list of feeds" in reply.get_data(as_text=True)
    assert urls(engine) == []


def test_importing_without_a_file_is_refused_in_words(client: FlaskClient) -> None:
    assert post(client, "/import").status_code == 422


def test_a_list_that_is_not_there_any_more_is_a_page_that_says_so(client: FlaskClient) -> None:
    assert client.get("/import/99").status_code == 404
    assert post(client, "/import/99/feeds").status_code == 404


def test_a_file_that_is_too_large_is_refused_in_words(client: FlaskClient) -> None:
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    reply = upload(client, b" " * 2000)
    assert reply.status_code == 413
    assert "That file is too large" in reply.get_data(as_text=True)


def test_what_is_exported_can_be_imported_again(client: FlaskClient, engine: Engine, tmp_path: Path) -> None:
    bring(client, LIST)
    reply = client.get("/export.opml")
    assert "attachment" in reply.headers["Content-Disposition"]
    again = open_blank(tmp_path / "again.db")
    other = create_app(again, Settings(), clock=lambda: NOON).test_client()
    bring(other, reply.data)
    assert urls(again) == urls(engine)
    assert other.get("/export.opml").data == reply.data
    again.dispose()


def test_the_starter_pack_is_offered_and_not_forced(client: FlaskClient, engine: Engine) -> None:
    client.get("/")
    assert urls(engine) == []
    pack = parse_opml(Path("aggregator/starter.opml").read_bytes())
    reply = post(client, "/welcome/starter")
    assert f"Added {len(pack)} feeds" in said(client, reply.location)
    assert len(urls(engine)) == len(pack)


def test_on_first_run_each_feed_says_how_far_it_has_come(client: FlaskClient, engine: Engine) -> None:
    bring(client, LIST)
    assert said(client, "/").count("waits to be fetched") == 2
    with transaction(engine) as db:
        polling.record_poll(db, Poll(feed_id=1, checked_at=NOON, next_check_at=NOON))
        polling.record_poll(db, Poll(feed_id=2, checked_at=NOON, next_check_at=NOON, error="It is gone."))
    assert client.get("/progress/feeds.json").get_json() == {"1": "fetched, 0 articles, 0 grouped", "2": "It is gone."}


# --- one address -------------------------------------------------------------------------------------


def test_a_feed_shows_what_it_would_add_before_one_subscribes(client: FlaskClient, engine: Engine) -> None:
    with Site({"/rss": RSS}) as site:
        place = post(client, "/add", url=site.at("/rss"), folder="World / Europe").location
        assert "Looking what is there" in said(client, place)
        assert client.get(f"{place}.json").get_json() == {"is_working": True}
        work(engine)
        page = said(client, place)
        assert urls(engine) == []
        assert "3 entries · about 6 a day · German" in page
        assert "Erstens &amp; zweitens" in page
        assert "World / Europe" in page
        reply = post(client, "/feeds", url=site.at("/rss"), folder="World / Europe")
        assert f"Added {site.at('/rss')}." in said(client, reply.location)
        assert "You have it already:" in said(client, place)


def test_the_feeds_of_a_site_are_shown_and_those_that_cannot_be_read_say_why(
    client: FlaskClient, engine: Engine
) -> None:
    with Site({"/": Page(SITE.encode(), headers={"Content-Type": "text/html"}), "/rss": RSS}) as site:
        place = post(client, "/add", url=site.at("/")).location
        work(engine)
    page = said(client, place)
    assert "2 feeds are there" in page
    assert "Drittens" in page
    assert "Lost" in page
    assert "answered 404" in page
    assert page.count("Subscribe to it") == 1


def test_an_address_without_a_feed_says_so_and_may_be_added_all_the_same(client: FlaskClient, engine: Engine) -> None:
    with Site({"/": Page(b"<html><p>Nothing", headers={"Content-Type": "text/html"})}) as site:
        place = post(client, "/add", url=site.at("/")).location
        work(engine)
        page = said(client, place)
        assert "No feed was found there" in page
        assert "a web page that names no feed" in page
        assert post(client, "/feeds", url=site.at("/")).status_code == 303
        assert urls(engine) == [site.at("/")]


def test_several_feeds_of_a_site_are_subscribed_to_at_once(client: FlaskClient, engine: Engine) -> None:
    reply = post(client, "/feeds", url=["https://a.example/1", "https://a.example/2"], folder="A")
    assert "Added 2 feeds" in said(client, reply.location)
    assert urls(engine) == ["https://a.example/1", "https://a.example/2"]


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "https://", "two words"])
def test_what_cannot_be_an_address_is_not_looked_at(client: FlaskClient, url: str) -> None:
    assert post(client, "/add", url=url).status_code == 422


def test_a_look_that_was_long_ago_is_a_page_that_says_so(client: FlaskClient) -> None:
    assert client.get("/add/99").status_code == 404
