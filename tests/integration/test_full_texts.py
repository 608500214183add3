"""Whole articles from their own pages, with a real server, parser and database."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, select

from aggregator import fetching_pages
from aggregator.config import FetchSettings, ParseSettings, Settings
from aggregator.fetch.http import fetch_all
from aggregator.fetching_pages import NEWEST, PAGES_AT_ONCE, PageRead
from aggregator.heeding import heeding
from aggregator.models.arrivals import Arrivals, Rewrite
from aggregator.models.articles import Article
from aggregator.models.encoders import EncoderName, Unencoded
from aggregator.models.subscribing import Subscription
from aggregator.models.values import Vectors
from aggregator.parse.sandbox import Parsers
from aggregator.schedule import PAGES_GAP_S, Worker
from aggregator.store import articles, encoding, feeds, full_texts, schema
from aggregator.store.db import reading, transaction
from tests import one_feed
from tests.blank import open_blank
from tests.integration.desk import bring, entry
from tests.server import Ask, Page, Site

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
FETCH = FetchSettings(allowed_hosts=("127.0.0.0/8",), per_host_gap_s=0.0)
SAID = "The fire in the harbour went on for hours and was seen from the hills above the town."
PARAGRAPHS = "".join(f"<p>{SAID} Report {n}.</p><script>alert(1)</script>" for n in range(6))
PAGE = f"<!doctype html><html><body><article>{PARAGRAPHS}</article></body></html>"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "news.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    with Parsers(ParseSettings(processes=1, timeout_s=60)) as parsers:
        yield parsers


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


class Room:
    """A feed whose owner wants whole articles, and the worker that fetches them."""

    def __init__(self, engine: Engine, parsers: Parsers, site: Site) -> None:
        self.engine, self.parsers, self.site = engine, parsers, site
        self.now = NOON
        with transaction(engine) as db:
            feed_id = feeds.subscribe(db, Subscription(feed_url=site.at("/feed")), now=NOON).feed_id
            assert feed_id
            feeds.want_full_text(db, feed_id, wants=True)
        self.feed_id = feed_id

    def bring(self, *names: str, at: datetime = NOON) -> None:
        with transaction(self.engine) as db:
            bring(db, self.feed_id, *(entry(name, url=self.site.at(f"/{name}")) for name in names), at=at)

    def fetch(self) -> list[PageRead]:
        fetch = heeding(self.engine, partial(fetch_all, settings=FETCH))
        return list(fetching_pages.fetch_pages(self.engine, fetch, self.parsers.read_page, now=self.now))

    def article(self, name: str) -> Article:
        with reading(self.engine) as db:
            ids = {line.title: line.id for line in articles.river(db, limit=99)}
            return articles.find_article(db, ids[f"Title of {name}"])

    def error(self, name: str) -> str | None:
        with reading(self.engine) as db:
            return full_texts.error_of(db, self.article(name).id)


@pytest.fixture
def room(engine: Engine, parsers: Parsers, site: Site) -> Room:
    return Room(engine, parsers, site)


def test_the_whole_article_is_shown_and_what_counts_for_its_story_stays(room: Room) -> None:
    room.site.pages["/fire"] = PAGE
    room.bring("fire")
    assert [done.why for done in room.fetch()] == [None]
    article = room.article("fire")
    assert article.content_html.count(SAID) == 6
    assert "script" not in article.content_html
    assert article.text == "Text of fire."
    assert room.fetch() == []
    assert room.site.paths() == ["/fire"]


def test_a_vector_outlives_the_whole_article(room: Room) -> None:
    room.site.pages["/fire"] = PAGE
    room.bring("fire")
    model = EncoderName("model", "1", 2)
    with transaction(room.engine) as db:
        [said] = encoding.unencoded(db, model, since=NOON - NEWEST, limit=9)
        assert isinstance(said, Unencoded)
        encoding.add_vectors(db, model, [said], one_vector(), now=NOON)
    room.fetch()
    with reading(room.engine) as db:
        assert encoding.unencoded(db, model, since=NOON - NEWEST, limit=9) == []


def one_vector() -> Vectors:
    return np.ones((1, 2), dtype=np.float32)


def test_without_the_owners_wish_no_page_is_asked_for(room: Room) -> None:
    room.bring("fire")
    with transaction(room.engine) as db:
        feeds.want_full_text(db, room.feed_id, wants=False)
    assert room.fetch() == []
    assert room.site.paths() == []


def test_a_page_that_fails_is_tried_four_times_in_words_and_the_feeds_text_stays(room: Room) -> None:
    room.bring("fire")
    for _ in range(24 * 6):
        room.fetch()
        room.now += timedelta(minutes=10)
    assert len(room.site.asks) == 1 + len(full_texts.RETRIES)
    assert "404" in (room.error("fire") or "")
    assert room.article("fire").content_html == "<p>Text of fire.</p>"


def test_a_page_without_an_article_says_so_and_one_that_gets_one_later_is_read(room: Room) -> None:
    room.site.pages["/fire"] = "<!doctype html><html><p>Sign in.</p></html>"
    room.bring("fire")
    room.fetch()
    assert "No article was found" in (room.error("fire") or "")
    room.site.pages["/fire"] = PAGE
    room.now += timedelta(minutes=10)
    room.fetch()
    assert SAID in room.article("fire").content_html
    assert room.error("fire") is None


def test_the_newest_come_first_and_a_run_is_bounded(room: Room) -> None:
    for n in range(PAGES_AT_ONCE + 5):
        room.bring(f"n{n}", at=NOON - timedelta(hours=n))
    room.bring("old", at=NOON - NEWEST - timedelta(hours=1))
    assert len(room.fetch()) == PAGES_AT_ONCE
    assert set(room.site.paths()) == {f"/n{n}" for n in range(PAGES_AT_ONCE)}
    assert len(room.fetch()) == 5
    assert "/old" not in room.site.paths()


def test_a_host_that_wants_a_pause_gets_it(room: Room) -> None:
    room.site.pages |= {f"/n{n}": Page(status=429, headers={"Retry-After": "3600"}) for n in range(9)}
    room.bring(*(f"n{n}" for n in range(9)))
    room.fetch()
    n_asked = len(room.site.asks)
    assert n_asked <= FETCH.per_host
    room.now += timedelta(minutes=30)
    room.fetch()
    assert len(room.site.asks) == n_asked


def test_the_worker_comes_to_a_host_for_one_page_at_a_time_with_a_pause_between(room: Room) -> None:
    worker, next_s = Worker(room.engine, Settings(fetch=FETCH), clock=lambda: NOON), list[float]()

    def note(_: Ask) -> str:
        next_s.append(worker._gaps.free_at("127.0.0.1"))
        return PAGE

    room.site.pages |= {"/fire": note, "/flood": note}
    room.bring("fire", "flood")
    worker.fetch_pages(room.parsers)
    first, second = next_s
    assert second - first >= PAGES_GAP_S
    assert room.site.most_at_once == 1


def test_an_article_that_is_rewritten_is_fetched_anew_and_shown_whole_meanwhile(room: Room) -> None:
    room.site.pages["/fire"] = PAGE
    room.bring("fire")
    room.fetch()
    says = replace(entry("fire", url=room.site.at("/fire")), text="Another text.")
    article_id = room.article("fire").id
    with transaction(room.engine) as db:
        change = Rewrite(article_id=article_id, entry=says, digest="new", changes_article=True)
        one_feed.keep(db, room.feed_id, Arrivals(rewrites=(change,)), now=NOON)
    assert SAID in room.article("fire").content_html
    room.site.pages["/fire"] = PAGE.replace("harbour", "mountains")
    room.fetch()
    assert "mountains" in room.article("fire").content_html


def test_whole_articles_go_with_their_feed(room: Room) -> None:
    room.site.pages["/fire"] = PAGE
    room.bring("fire")
    room.fetch()
    with transaction(room.engine) as db:
        feeds.delete_feed(db, room.feed_id)
        assert db.execute(select(schema.full_texts.c.article_id)).all() == []
