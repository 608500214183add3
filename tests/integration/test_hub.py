"""From a feed that offers a hub to the article that the hub announced, with a hub on loopback."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from aggregator import announcing, refreshing
from aggregator.config import FetchSettings, ParseSettings, PollSettings, Settings, WebSettings
from aggregator.fetch.http import fetch_all
from aggregator.models.hubs import Hub
from aggregator.models.subscribing import Subscription
from aggregator.parse.sandbox import Parsers
from aggregator.refreshing import Tools
from aggregator.store import articles, feeds, hubs, polling, schema
from aggregator.store.db import reading, transaction
from tests.blank import open_blank
from tests.server import Ask, Page, Site
from web import create_app

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PUBLIC = "https://news.example.org/paper"
FETCH = FetchSettings(allowed_hosts=("127.0.0.0/8",), per_host_gap_s=0.0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "news.db")
    yield engine
    engine.dispose()


@pytest.fixture
def tools() -> Iterator[Tools]:
    with Parsers(ParseSettings(processes=1, timeout_s=60)) as parsers:
        yield Tools(fetch=partial(fetch_all, settings=FETCH), parse=parsers.parse)


class Press:
    """A publisher with a hub, and a Broadsheet that reads it."""

    def __init__(self, engine: Engine, tools: Tools, site: Site) -> None:
        self.engine, self.tools, self.site = engine, tools, site
        self.now = NOON
        self.asked: list[dict[str, str]] = []
        self.status = 202
        site.pages["/hub"] = self._answer
        self.publish("fire")

    def _answer(self, ask: Ask) -> Page:
        self.asked.append(dict(parse_qsl(ask.body.decode(), keep_blank_values=True)))
        return Page(b"", status=self.status)

    def publish(self, *titles: str) -> None:
        self.site.pages["/feed"] = Page(self.document(*titles), headers={"Link": f"<{self.site.at('/hub')}>; rel=hub"})

    def document(self, *titles: str) -> bytes:
        items = "".join(f"<item><title>{each}</title><guid>{each}</guid></item>" for each in titles)
        return f'<rss version="2.0"><channel><title>The A</title>{items}</channel></rss>'.encode()

    def subscribe(self) -> None:
        with transaction(self.engine) as db:
            feeds.subscribe(db, Subscription(feed_url=self.site.at("/feed")), now=self.now)

    def poll(self) -> None:
        with transaction(self.engine) as db:
            polling.check_now(db, None, now=self.now)
            due = polling.claim_due(db, now=self.now, limit=9, lease_s=60)
        list(refreshing.refresh(self.engine, due, self.tools, PollSettings(), now=self.now))

    def ask_hubs(self) -> list[str]:
        return list(announcing.ask_hubs(self.engine, self.tools.fetch, PUBLIC, now=self.now))

    def read_pushes(self) -> int:
        return len(list(refreshing.read_pushes(self.engine, self.tools, now=self.now)))

    def client(self) -> FlaskClient:
        settings = Settings(web=WebSettings(public_url=PUBLIC))
        return create_app(self.engine, settings, clock=lambda: self.now).test_client()

    def at_us(self) -> str:
        return self.asked[-1]["hub.callback"].removeprefix(PUBLIC)

    def confirm(self, **said: str) -> int:
        """Verify, as a hub does, that the subscription is meant."""
        usual = {"mode": "subscribe", "topic": self.site.at("/feed"), "challenge": "c-1", "lease_seconds": "864000"}
        query = {f"hub.{name}": value for name, value in {**usual, **said}.items()}
        reply = self.client().get(self.at_us(), query_string=query, base_url="https://news.example.org")
        if reply.status_code == 200 and query["hub.mode"] != "denied":
            assert (reply.text, reply.mimetype) == (query["hub.challenge"], "text/plain")  # what runs in no browser
        return reply.status_code

    def push(self, body: bytes, *, secret: str | None = None, method: str = "sha256", at: str | None = None) -> int:
        key = self.asked[-1]["hub.secret"] if secret is None else secret
        signature = f"{method}={hmac.new(key.encode(), body, getattr(hashlib, method)).hexdigest()}"
        headers = {"X-Hub-Signature": signature, "Content-Type": "application/rss+xml"}
        return self.client().post(at or self.at_us(), data=body, headers=headers).status_code

    def hub(self) -> Hub:
        with reading(self.engine) as db:
            hub = hubs.hub_of(db, 1)
        assert hub
        return hub

    def titles(self) -> set[str]:
        with reading(self.engine) as db:
            return {line.title for line in articles.river(db, limit=100)}

    def next_check_in(self) -> timedelta:
        with reading(self.engine) as db:
            return feeds.feed_line(db, 1).poll.next_check_at - self.now

    def n_pending(self) -> int:
        with reading(self.engine) as db:
            return len(db.execute(select(schema.pushes.c.id)).all())


@pytest.fixture
def press(engine: Engine, tools: Tools) -> Iterator[Press]:
    """A feed with a hub, subscribed to, read once."""
    with Site() as site:
        press = Press(engine, tools, site)
        press.subscribe()
        press.poll()
        yield press


@pytest.fixture
def announced(press: Press) -> Press:
    """A feed whose hub has confirmed that it announces to us."""
    assert press.ask_hubs() == []
    assert press.confirm() == 200
    return press


def test_a_hub_is_asked_with_everything_it_needs(press: Press) -> None:
    press.ask_hubs()
    [asked] = press.asked
    assert asked["hub.mode"] == "subscribe"
    assert asked["hub.topic"] == press.site.at("/feed")
    assert asked["hub.callback"].startswith(f"{PUBLIC}/websub/")
    assert len(asked["hub.secret"]) < 200
    assert press.hub().lease_until is None


def test_an_article_that_is_announced_is_there_without_a_check(announced: Press) -> None:
    announced.site.asks.clear()
    for n, method in enumerate(("sha1", "sha256", "sha384", "sha512")):
        assert announced.push(announced.document(f"flood {n}"), method=method) == 202
    assert announced.read_pushes() == 4
    assert announced.titles() == {"fire", "flood 0", "flood 1", "flood 2", "flood 3"}
    assert announced.site.paths() == []
    assert announced.n_pending() == 0


def test_what_is_not_signed_is_not_kept(announced: Press) -> None:
    body = announced.document("lie")
    assert announced.push(body, secret="guess") == 202
    assert announced.client().post(announced.at_us(), data=body).status_code == 202
    assert announced.push(b"") == 202
    assert announced.n_pending() == announced.read_pushes() == 0


def test_nobody_is_heard_at_an_address_that_was_not_given_out(announced: Press) -> None:
    assert announced.push(announced.document("lie"), at="/websub/guess") == 410
    assert announced.client().get("/websub/guess?hub.mode=subscribe&hub.challenge=1").status_code == 404
    assert announced.n_pending() == 0


@pytest.mark.parametrize(
    "said",
    [
        {"topic": "https://elsewhere.example/feed"},
        {"mode": "unsubscribe"},
        {"mode": ""},
        {"challenge": ""},
        {"challenge": "x" * 5000},
    ],
)
def test_only_what_was_asked_for_is_confirmed(press: Press, said: dict[str, str]) -> None:
    press.ask_hubs()
    assert press.confirm(**said) == 404
    assert press.hub().lease_until is None
    press.push(press.document("lie"))
    assert press.n_pending() == 0


def test_a_hub_that_says_no_is_asked_again_in_a_week(press: Press) -> None:
    press.ask_hubs()
    assert press.confirm(mode="denied", reason="not\x1b[2J\nhere") == 200
    assert "not[2J here" in (press.hub().error or "")  # a list on a terminal shows it, and is not commanded by it
    press.now += timedelta(days=6)
    press.ask_hubs()
    press.now += timedelta(days=1)
    press.ask_hubs()
    assert len(press.asked) == 2


def test_a_hub_that_does_not_answer_is_asked_later_each_time_and_polling_goes_on(press: Press) -> None:
    press.status = 500
    for _ in range(8 * 60):
        press.ask_hubs()
        press.now += MINUTE
    assert len(press.asked) == 4  # at once, after 1, 2 and 4 hours
    assert "500" in (press.hub().error or "")
    press.publish("fire", "flood")
    press.poll()
    assert press.titles() == {"fire", "flood"}


def test_a_lease_is_renewed_before_it_ends_and_counts_no_longer(announced: Press) -> None:
    first = announced.at_us()
    announced.now += timedelta(days=7)
    announced.ask_hubs()
    assert len(announced.asked) == 1
    announced.now += timedelta(days=1)
    announced.ask_hubs()
    assert len(announced.asked) == 2
    assert announced.at_us() == first
    announced.now += timedelta(days=3)
    announced.push(announced.document("late"))
    assert announced.n_pending() == 0
    announced.confirm()
    announced.push(announced.document("flood"))
    assert announced.read_pushes() == 1


def test_a_feed_that_is_announced_is_checked_less_often_until_its_hub_misses_something(announced: Press) -> None:
    announced.now += MINUTE
    announced.push(announced.document("flood"))
    announced.read_pushes()
    announced.publish("fire", "flood")
    announced.poll()
    patient = announced.next_check_in()
    announced.now += MINUTE
    announced.publish("fire", "flood", "frost")
    announced.poll()
    announced.now += MINUTE
    announced.publish("fire", "flood", "frost ")
    announced.poll()
    assert announced.next_check_in() < patient / 2
    assert announced.titles() == {"fire", "flood", "frost"}


def test_what_is_announced_and_found_is_one_article(announced: Press) -> None:
    announced.push(announced.document("flood"))
    announced.publish("fire", "flood")
    announced.poll()
    announced.read_pushes()
    with reading(announced.engine) as db:
        assert len(articles.river(db, limit=9)) == 2


@pytest.mark.parametrize("etag", ['"1"', None])
def test_a_text_that_is_announced_and_taken_back_before_the_next_check_is_as_the_feed_says(
    announced: Press, etag: str | None
) -> None:
    announced.publish("fire", "flood")
    headers = announced.site.pages["/feed"].headers | ({"ETag": etag} if etag else {})  # type: ignore[union-attr]
    announced.site.pages["/feed"] = Page(announced.document("fire", "flood"), headers=headers)
    announced.poll()
    announced.poll()
    announced.push(announced.document("fire").replace(b"<title>fire", b"<title>arson"))
    announced.read_pushes()
    assert announced.titles() == {"arson", "flood"}
    announced.now += MINUTE
    announced.poll()
    assert announced.titles() == {"fire", "flood"}


def test_a_text_that_is_announced_stays_where_the_feed_says_it_too(announced: Press) -> None:
    rewritten = announced.document("fire").replace(b"<title>fire", b"<title>arson")
    announced.push(rewritten)
    announced.read_pushes()
    announced.site.pages["/feed"] = Page(rewritten)
    announced.poll()
    assert announced.titles() == {"arson"}


def test_what_cannot_be_read_makes_the_feed_due(announced: Press) -> None:
    announced.push(b"<html><p>Sorry</p></html>")
    [done] = refreshing.read_pushes(announced.engine, announced.tools, now=announced.now)
    assert done.why
    assert announced.next_check_in() == timedelta(0)
    assert announced.n_pending() == 0
    assert announced.titles() == {"fire"}


def test_more_than_can_wait_makes_the_feed_due(announced: Press) -> None:
    for n in range(hubs.MAX_PENDING + 5):
        announced.push(announced.document(f"news {n}"))
    assert announced.n_pending() == hubs.MAX_PENDING
    assert announced.next_check_in() == timedelta(0)


def test_an_announcement_may_not_be_larger_than_four_megabytes(announced: Press) -> None:
    assert announced.push(b"x" * (4 * 1024 * 1024 + 1)) == 413
    assert announced.n_pending() == 0


def test_a_paused_feed_hears_nothing_and_a_deleted_one_ends_the_subscription(announced: Press) -> None:
    with transaction(announced.engine) as db:
        feeds.set_paused(db, 1, is_paused=True, now=NOON)
    assert announced.push(announced.document("flood")) == 202
    assert announced.n_pending() == 0
    with transaction(announced.engine) as db:
        feeds.delete_feed(db, 1)
    assert announced.push(announced.document("flood")) == 410


def test_another_hub_is_asked_anew_and_none_is_forgotten(announced: Press) -> None:
    announced.site.pages["/feed"] = Page(announced.document("fire", "flood"), headers={"Link": "</hub2>; rel=hub"})
    announced.poll()
    assert announced.hub().offer.hub_url == announced.site.at("/hub2")
    assert announced.hub().lease_until is None
    announced.site.pages["/feed"] = Page(announced.document("fire", "frost"))
    announced.poll()
    with reading(announced.engine) as db:
        assert hubs.hub_of(db, 1) is None


def test_hubs_are_asked_anew_when_our_address_changed(announced: Press) -> None:
    list(announcing.ask_hubs(announced.engine, announced.tools.fetch, "https://other.example/", now=announced.now))
    assert announced.asked[-1]["hub.callback"].startswith("https://other.example/websub/")


def test_a_hub_inside_a_network_is_not_called(press: Press) -> None:
    tools = Tools(fetch=partial(fetch_all, settings=FetchSettings()), parse=press.tools.parse)
    [why] = announcing.ask_hubs(press.engine, tools.fetch, PUBLIC, now=press.now)
    assert "this machine" in why
    assert press.asked == []


def test_without_an_address_of_ours_there_is_no_such_page(announced: Press) -> None:
    app = create_app(announced.engine, Settings(), clock=lambda: announced.now)
    assert not [rule for rule in app.url_map.iter_rules() if "websub" in rule.rule]
