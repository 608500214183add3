"""The pages one reads, over a real database."""

import gzip
import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import Engine

from aggregator.config import Settings, WebSettings
from aggregator.errors import ConfigError
from aggregator.models.arrivals import Arrivals, Rewrite
from aggregator.models.entries import Entry
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import articles, stories
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from tests import one_feed
from tests.edition import LONG_TITLE, NOON, Edition, Piece, print_edition, read_some, sample_day
from web import create_app
from web.pages import N_LINES

PLAIN_PAGES = (
    "/",
    "/river",
    "/river?unread=",
    "/topics",
    "/feeds",
    "/welcome",
    "/import",
    "/keys",
    "/progress.json",
    "/export.opml",
)


@pytest.fixture
def app(engine: Engine) -> Flask:
    return create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=lambda: NOON)


def page(app: Flask, path: str, status: int = 200) -> str:
    reply = app.test_client().get(path)
    assert reply.status_code == status, path
    return reply.get_data(as_text=True)


@pytest.mark.parametrize("path", PLAIN_PAGES)
def test_every_page_opens_on_an_empty_database(app: Flask, path: str) -> None:
    page(app, path)


@pytest.mark.parametrize("path", PLAIN_PAGES)
def test_every_page_opens_on_a_full_one(app: Flask, edition: Edition, path: str) -> None:
    page(app, path)


def test_every_story_article_and_feed_has_a_page(app: Flask, edition: Edition) -> None:
    for story_id in edition.story_ids.values():
        page(app, f"/story/{story_id}")
    for article_id in edition.article_ids.values():
        page(app, f"/article/{article_id}")
    for feed_id in edition.feed_ids.values():
        page(app, f"/feed/{feed_id}")
        page(app, f"/feed/{feed_id}/delete")


@pytest.mark.parametrize(
    "path", ["/story/999", "/article/999", "/feed/999", "/feed/999/delete", "/nothing", "/river?before=x"]
)
def test_what_is_not_there_is_a_page_that_says_so(app: Flask, path: str) -> None:
    assert "There is nothing here" in page(app, path, 404)


def test_without_feeds_the_front_page_offers_three_ways_to_begin(app: Flask) -> None:
    first = page(app, "/")
    assert "starter pack" in first
    assert "OPML" in first
    assert "One address" in first


def test_the_front_page_shows_stories_of_two_or_more_publishers_by_rank(app: Flask, edition: Edition) -> None:
    front = page(app, "/")
    shown = [int(number) for number in re.findall(r'<h2 id="s(\d+)"', front)]
    assert shown[0] == edition.story_ids["quake"]
    assert edition.story_ids["untitled"] not in shown
    assert "That is all that two or more publishers covered." in front
    assert "2 single articles" in front


def test_a_card_gives_its_evidence(app: Flask, edition: Edition) -> None:
    front = " ".join(page(app, "/").split())
    assert "4 publishers · 3 independent · 4 countries · first North Wire" in front
    assert "1 h ago" in front
    assert "Why here: 3 publishers did their own reporting" in front


def test_a_story_that_was_read_in_part_says_what_is_new(app: Flask, engine: Engine, edition: Edition) -> None:
    assert 'class="chip' not in page(app, "/")
    read_some(engine, edition)
    assert 'class="chip updated"' in page(app, "/")


def test_what_publishers_write_cannot_become_markup(app: Flask, edition: Edition) -> None:
    for path in ("/", "/river", f"/story/{edition.story_ids['script']}"):
        shown = page(app, path)
        assert "<script>alert" not in shown
        assert "<b>bold" not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_no_address_is_a_link_that_does_not_lead_into_the_web(app: Flask, edition: Edition) -> None:
    for path in ("/", "/river", f"/story/{edition.story_ids['script']}"):
        assert "javascript:" not in page(app, path)


def test_no_picture_is_asked_for_from_elsewhere(app: Flask, edition: Edition) -> None:
    shown = page(app, f"/story/{edition.story_ids['pictures']}")
    assert "tracker.example/p.png" not in shown
    assert "Look:" in shown


def test_foreign_text_carries_its_language_and_finds_its_own_direction(app: Flask, edition: Edition) -> None:
    river = page(app, "/river")
    assert re.search(r'lang="ar" dir="auto">زلزال', river)
    assert re.search(r'lang="ja" dir="auto">首脳会談', river)


def test_an_article_without_a_title_is_named_by_its_first_words(app: Flask, edition: Edition) -> None:
    assert "An item without a title says only this." in page(app, "/river")


def test_a_story_of_one_pretends_nothing(app: Flask, edition: Edition) -> None:
    shown = page(app, f"/story/{edition.story_ids['untitled']}")
    assert "Who reported it" not in shown
    assert "independent" not in shown


def test_a_story_says_who_was_first_and_how_much_later_the_others_came(app: Flask, edition: Edition) -> None:
    shown = page(app, f"/story/{edition.story_ids['quake']}")
    assert "Who reported it" in shown
    assert "+6 h" in shown
    assert "Egypt, Arabic" in shown


def test_an_article_without_a_text_says_so(app: Flask, edition: Edition) -> None:
    assert "The feed gives no text" in page(app, f"/article/{edition.article_ids['Nothing but a title']}")


def test_a_merged_story_leads_to_where_it_lives_now(app: Flask, engine: Engine, edition: Edition) -> None:
    old, new = edition.story_ids["port"], edition.story_ids["summit"]
    with transaction(engine) as db:
        known = {story.id: story for story in stories.known_stories(db, since=NOON - timedelta(days=7))}
        stories.save(db, Regrouping(stories=(), merges=(Merge(old, new),)), n_articles=0, encoder=None, now=NOON)
    assert old in known
    reply = app.test_client().get(f"/story/{old}")
    assert reply.status_code == 302
    assert reply.location == f"/story/{new}"


def test_the_river_goes_on_where_the_page_before_ended(app: Flask, engine: Engine) -> None:
    n_all = N_LINES * 2 + 5
    pieces = [Piece("North Wire", f"h{n}", f"Title {n}", hours_ago=n / 10) for n in range(n_all)]
    print_edition(engine, pieces)
    seen: list[str] = []
    path: str | None = "/river"
    while path:
        shown = page(app, path)
        seen += re.findall(r">(Title \d+)</a>", shown)
        onward = re.search(r'<a rel="next" href="([^"]+)"', shown)
        path = onward[1].replace("&amp;", "&") if onward else None
    assert seen == [piece.title for piece in pieces]


def test_the_unread_river_leaves_out_what_was_read(app: Flask, engine: Engine, edition: Edition) -> None:
    n_all = page(app, "/river?unread=").count("data-item")
    read_some(engine, edition)
    assert page(app, "/river?unread=").count("data-item") < n_all == page(app, "/river").count("data-item")


def test_a_long_title_stays_whole(app: Flask, edition: Edition) -> None:
    assert LONG_TITLE.strip() in page(app, f"/story/{edition.story_ids['long']}")


def test_a_missing_model_is_said_on_the_front_page(app: Flask, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        memory.remember_encoder_error(db, "models/none is not there.")
    assert "models/none is not there." in page(app, "/")


def test_feeds_that_were_not_checked_yet_show_how_far_the_work_is(app: Flask) -> None:
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/feeds").get_data(as_text=True))[0]
    client.post("/feeds", data={"csrf_token": token, "url": "paper.example/feed"})
    shown = page(app, "/")
    assert "The first edition is being made" in shown
    assert '<noscript><meta http-equiv="refresh"' in shown
    assert app.test_client().get("/progress.json").get_json()["is_working"] is True


def test_opening_pages_changes_nothing(app: Flask, engine: Engine, edition: Edition) -> None:
    before = engine_state(engine)
    for path in (*PLAIN_PAGES, f"/story/{edition.story_ids['quake']}", f"/feed/{edition.feed_ids['North Wire']}"):
        page(app, path)
    assert engine_state(engine) == before


def test_times_are_told_in_the_owners_zone(engine: Engine, edition: Edition) -> None:
    app = create_app(engine, Settings(web=WebSettings(time_zone="Asia/Tokyo")), clock=lambda: NOON)
    assert "24 November 2026, 14:00 JST" in page(app, f"/story/{edition.story_ids['quake']}")


def test_a_time_zone_that_nobody_knows_is_refused_in_words(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="no time zone 'Mars/Olympus'"):
        create_app(engine, Settings(web=WebSettings(time_zone="Mars/Olympus")), clock=lambda: NOON)


def test_every_element_that_is_opened_is_closed(app: Flask, edition: Edition) -> None:
    for path in (*PLAIN_PAGES[:7], f"/story/{edition.story_ids['quake']}", f"/feed/{edition.feed_ids['North Wire']}"):
        assert Balance.of(page(app, path)) == [], path


def test_no_id_stands_twice_on_a_page(app: Flask, edition: Edition) -> None:
    for path in (*PLAIN_PAGES[:7], f"/story/{edition.story_ids['quake']}", f"/feed/{edition.feed_ids['North Wire']}"):
        ids = re.findall(r' id="([^"]+)"', page(app, path))
        assert len(ids) == len(set(ids)), path


def test_the_first_visit_of_the_sample_day_takes_less_than_100_kb_in_six_requests(app: Flask, engine: Engine) -> None:
    print_edition(engine, sample_day())
    client, accepting = app.test_client(), {"Accept-Encoding": "gzip"}
    first = gzip.decompress(client.get("/", headers=accepting).get_data()).decode()
    loaded = re.sub(r'<link rel="(manifest|apple-touch-icon)[^>]*>', "", first)  # which browsers take when they install
    static = set(re.findall(r'"(/static/[^"#]+)', loaded))
    replies = [client.get(unescape(path), headers=accepting, buffered=True) for path in ("/", *static)]
    assert len(replies) <= 6
    assert sum(len(reply.get_data()) for reply in replies) < 50_000


def test_who_cannot_take_compressed_pages_gets_them_plain(app: Flask, edition: Edition) -> None:
    plain = app.test_client().get("/")
    small = app.test_client().get("/", headers={"Accept-Encoding": "gzip"})
    assert (plain.headers.get("Content-Encoding"), small.headers["Content-Encoding"]) == (None, "gzip")
    assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding, Cookie"
    assert len(small.get_data()) * 3 < len(plain.get_data())


def engine_state(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as db:
        tables = [row[0] for row in db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(name, *map(tuple, db.exec_driver_sql(f'SELECT * FROM "{name}"'))) for name in sorted(tables)]


class Balance(HTMLParser):
    """Finds elements that are closed in another order than they were opened."""

    VOID = frozenset("meta link input br img hr wbr".split())

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    @classmethod
    def of(cls, html: str) -> list[str]:
        reader = cls()
        reader.feed(html)
        return reader.wrong + reader.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_an_articles_page_says_what_its_headline_was(app: Flask, engine: Engine, edition: Edition) -> None:
    article_id = min(edition.article_ids.values())
    with transaction(engine) as db:
        before = articles.find_article(db, article_id)
        for n, title in enumerate((before.title, "Quake & <b>flood</b>", "Both are over"), start=1):
            says = Entry(guid="1", title=title, text=f"Version {n}.")
            change = Rewrite(article_id=article_id, entry=says, digest=str(n), changes_article=True)
            assert before.feed_id
            one_feed.keep(db, before.feed_id, Arrivals(rewrites=(change,)), now=NOON - timedelta(hours=4 - n))
    shown = page(app, f"/article/{article_id}")
    headlines = re.findall(r"Changed headline: was <q[^>]*>(.*?)</q>", shown)
    assert headlines == ["Quake &amp; &lt;b&gt;flood&lt;/b&gt;", str(escape(before.title))]
    assert "3 earlier versions" in shown
    assert "Version 2." in shown
