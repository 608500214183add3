"""The straight line from a feed's address to kept articles, with a real server, parser and database."""

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, or_, select

from aggregator import refreshing
from aggregator.config import FetchSettings, PollSettings
from aggregator.errors import ParseError
from aggregator.fetch.http import fetch_all
from aggregator.health import State, health
from aggregator.heeding import heeding
from aggregator.models.entries import ParsedFeed
from aggregator.models.fetching import Fetched, NotModified, Reply, Request
from aggregator.models.pages import FeedLine
from aggregator.models.subscribing import Subscription
from aggregator.parse.sandbox import Parsed, parse_reply
from aggregator.refreshing import CLAIM_S, Refreshed, Tools
from aggregator.store import articles, discovered, feeds, polling, schema
from aggregator.store import reading as marks
from aggregator.store.db import reading, transaction
from aggregator.store.revisions import revisions_of
from aggregator.subscribing import readdress
from tests.blank import open_blank
from tests.server import Ask, Page, Site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FETCH = FetchSettings(allowed_hosts=("127.0.0.0/8",), timeout_s=5.0)


def parse_here(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
    """Parse without a child process: what the sandbox adds is tested with the sandbox."""
    future: Future[Parsed] = Future()
    try:
        future.set_result(parse_reply(reply, discover=discover, known_items=known_items))
    except ParseError as error:
        future.set_exception(error)
    return future


TOOLS = Tools(fetch=partial(fetch_all, settings=FETCH), parse=parse_here)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "news.db")
    yield engine
    engine.dispose()


def rss(*titles: str, title: str = "The A") -> bytes:
    items = "".join(
        f"<item><title>{each}</title><guid>{each}</guid><link>https://a.example/{each}</link></item>" for each in titles
    )
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'.encode()


def subscribe(engine: Engine, *urls: str) -> None:
    with transaction(engine) as db:
        for url in urls:
            feeds.subscribe(db, Subscription(feed_url=url), now=NOON)


def poll(engine: Engine, *, now: datetime = NOON) -> list[Refreshed]:
    with transaction(engine) as db:
        polling.check_now(db, None, now=now)
        due = polling.claim_due(db, now=now, limit=100, lease_s=60)
    tools = replace(TOOLS, fetch=heeding(engine, TOOLS.fetch))
    return list(refreshing.refresh(engine, due, tools, PollSettings(), now=now))


def titles(engine: Engine) -> set[str]:
    with reading(engine) as db:
        return {line.title for line in articles.river(db, limit=100)}


def lines(engine: Engine) -> dict[str, FeedLine]:
    with reading(engine) as db:
        return {line.feed.feed_url: line for line in feeds.feed_lines(db)}


def test_what_a_feed_says_is_kept(engine: Engine):
    with Site({"/feed": rss("fire", "flood")}) as site:
        subscribe(engine, site.at("/feed"))
        [done] = poll(engine)
    assert (done.why, done.kept.n_new) == (None, 2)
    assert titles(engine) == {"fire", "flood"}
    assert lines(engine)[site.at("/feed")].feed.title == "The A"


def test_the_same_feed_twice_adds_nothing(engine: Engine):
    with Site({"/feed": rss("fire")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        [again] = poll(engine, now=NOON + timedelta(hours=1))
    assert again.kept.n_new == again.kept.n_changed == 0
    assert titles(engine) == {"fire"}


def test_a_feed_is_asked_again_with_its_validators(engine: Engine):
    with Site({"/feed": Page(rss("fire"), headers={"ETag": '"1"'})}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        poll(engine, now=NOON + timedelta(hours=1))
    assert [ask.headers.get("if-none-match") for ask in site.asks] == [None, '"1"']
    assert lines(engine)[site.at("/feed")].poll.succeeded_at == NOON + timedelta(hours=1)


def test_a_rewritten_entry_changes_its_article_in_place(engine: Engine):
    before = rss("fire")
    with Site({"/feed": before}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = before.replace(b"<title>fire", b"<title>fire out")
        [done] = poll(engine, now=NOON + timedelta(hours=1))
    assert done.kept.n_changed == 1
    assert titles(engine) == {"fire out"}


def test_a_feed_that_fails_says_why_keeps_its_articles_and_stops_no_other(engine: Engine):
    with Site({"/good": rss("fire"), "/bad": rss("flood")}) as site:
        subscribe(engine, site.at("/good"), site.at("/bad"))
        poll(engine)
        site.pages["/bad"] = Page(b"", status=500)
        site.pages["/good"] = rss("fire", "frost")
        poll(engine, now=NOON + timedelta(hours=1))
    bad = lines(engine)[site.at("/bad")]
    assert "500" in (bad.poll.error or "")
    assert bad.poll.n_failures == 1
    assert bad.poll.next_check_at > NOON + timedelta(hours=1)
    assert titles(engine) == {"fire", "flood", "frost"}


def test_a_web_page_instead_of_a_known_feed_is_an_error_and_nothing_is_invented(engine: Engine):
    with Site({"/feed": rss("fire")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = b'<!doctype html><html><link rel="alternate" type="application/rss+xml" href="/x"></html>'
        [done] = poll(engine, now=NOON + timedelta(hours=1))
    assert done.why is not None
    assert lines(engine).keys() == {site.at("/feed")}
    assert titles(engine) == {"fire"}


def test_the_address_of_a_site_becomes_that_of_the_feed_it_offers(engine: Engine):
    link = '<link rel="alternate" type="application/rss+xml" href="{}" title="{}">'
    page = f"<!doctype html><html><head>{link.format('/a', 'A')}{link.format('/b', 'B')}</head></html>".encode()
    with Site({"/": Page(page, headers={"Content-Type": "text/html"}), "/a": rss("fire")}) as site:
        subscribe(engine, site.at("/"))
        poll(engine)
        [done] = poll(engine)
    assert done.feed.feed_url == site.at("/a")
    assert titles(engine) == {"fire"}
    with reading(engine) as db:
        assert [offer.feed_url for offer in discovered.offers_of(db, done.feed.id)] == [site.at("/b")]


def test_a_site_without_a_feed_says_so(engine: Engine):
    with Site({"/": Page(b"<!doctype html><html><p>Hello</p></html>", headers={"Content-Type": "text/html"})}) as site:
        subscribe(engine, site.at("/"))
        [done] = poll(engine)
    assert "names no feed" in (done.why or "")


def test_a_fault_of_ours_in_one_feed_stops_no_other(engine: Engine):
    def parse_or_stumble(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
        if reply.url.endswith("/bad"):
            future: Future[Parsed] = Future()
            future.set_exception(ZeroDivisionError())
            return future
        return parse_here(reply, discover=discover, known_items=known_items)

    with Site({"/good": rss("fire"), "/bad": rss("flood")}) as site:
        subscribe(engine, site.at("/bad"), site.at("/good"))
        with transaction(engine) as db:
            due = polling.claim_due(db, now=NOON, limit=9, lease_s=60)
        tools = Tools(fetch=TOOLS.fetch, parse=parse_or_stumble)
        done = list(refreshing.refresh(engine, due, tools, PollSettings(), now=NOON))
    assert sum(each.why is None for each in done) == 1
    assert titles(engine) == {"fire"}


def test_what_cannot_be_read_is_asked_for_again_counted_from_when_it_came(engine: Engine):
    """Checks of many feeds take a while; the pause must not begin before the answer."""

    def fetch_late(requests: Iterator[Request], **_: object) -> Iterator[Reply]:
        yield from (Fetched(request=each, url=each.url, body=b"no feed", after_s=600) for each in requests)

    subscribe(engine, "https://a.example/feed")
    with transaction(engine) as db:
        due = polling.claim_due(db, now=NOON, limit=9, lease_s=60)
    list(refreshing.refresh(engine, due, Tools(fetch_late, parse_here), PollSettings(min_interval_s=900), now=NOON))
    assert lines(engine)["https://a.example/feed"].poll.next_check_at >= NOON + timedelta(seconds=600 + 900)


def test_one_article_in_two_feeds_is_one_article(engine: Engine):
    with Site({"/world": rss("fire"), "/africa": rss("fire", title="A Africa")}) as site:
        subscribe(engine, site.at("/world"), site.at("/africa"))
        poll(engine)
    assert titles(engine) == {"fire"}
    with reading(engine) as db:
        assert len(articles.river(db, limit=9)) == 1


def test_a_host_that_wants_a_pause_gets_it_from_all_its_feeds_even_after_a_restart(engine: Engine):
    with Site({"/a": Page(b"", status=503, headers={"Retry-After": "7200"}), "/b": rss("fire")}) as site:
        subscribe(engine, site.at("/a"))
        poll(engine)
        subscribe(engine, site.at("/b"))
        too_early = poll(engine, now=NOON + timedelta(hours=1))
        assert site.paths() == ["/a"]
        assert all("asked to be left alone" in (each.why or "") for each in too_early)
        assert lines(engine)[site.at("/b")].poll.next_check_at >= NOON + timedelta(hours=2)
        assert lines(engine)[site.at("/a")].poll.n_failures == 1
        site.pages["/a"] = rss("flood")
        poll(engine, now=NOON + timedelta(hours=2, seconds=30))
    assert sorted(site.paths()[1:]) == ["/a", "/b"]
    assert titles(engine) == {"fire", "flood"}


def test_the_wishes_of_a_feed_hold_although_nothing_changed_since(engine: Engine):
    wish = rss("fire").replace(b"<channel>", b"<channel><ttl>720</ttl>")
    with Site({"/feed": Page(wish, headers={"ETag": '"1"'})}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        poll(engine, now=NOON + timedelta(hours=13))
    assert len(site.asks) == 2
    assert lines(engine)[site.at("/feed")].poll.next_check_at >= NOON + timedelta(hours=25)


def test_what_a_server_allows_holds_after_any_number_of_304_that_say_nothing_of_it(engine: Engine):
    with Site({"/feed": Page(rss("fire"), headers={"ETag": '"1"', "Cache-Control": "max-age=43200"})}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = Page(b"", status=304, headers={"ETag": '"1"'})
        for hours in (12, 24):
            poll(engine, now=NOON + timedelta(hours=hours))
            assert lines(engine)[site.at("/feed")].poll.next_check_at >= NOON + timedelta(hours=hours + 12)
        site.pages["/feed"] = Page(b"", status=304, headers={"ETag": '"1"', "Cache-Control": "max-age=60"})
        poll(engine, now=NOON + timedelta(hours=25))
    assert lines(engine)[site.at("/feed")].poll.next_check_at < NOON + timedelta(hours=37)


def test_a_server_that_says_not_modified_for_ever_is_asked_for_everything_once_a_day(engine: Engine):
    stuck = {"ETag": '"1"'}
    with Site({"/feed": Page(rss("fire"), headers=stuck)}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = Page(rss("fire", "flood"), headers=stuck)
        for hours in range(1, 25):
            poll(engine, now=NOON + timedelta(hours=hours))
    assert titles(engine) == {"fire", "flood"}
    assert [ask.headers.get("if-none-match") for ask in site.asks] == [None, *['"1"'] * 23, None]


def test_only_a_whole_good_answer_replaces_validators(engine: Engine):
    with Site({"/feed": Page(rss("fire"), headers={"ETag": '"1"'})}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        bad = [
            Page(rss("flood"), headers={"ETag": '"2"'}, cut_at=60),
            Page(b"<!doctype html><html><p>Sign in</p></html>", headers={"ETag": '"2"'}),
            Page(b"", status=500, headers={"ETag": '"2"'}),
        ]
        for hours, page in enumerate(bad, start=1):
            site.pages["/feed"] = page
            poll(engine, now=NOON + timedelta(hours=hours))
        poll(engine, now=NOON + timedelta(hours=4))
    assert [ask.headers.get("if-none-match") for ask in site.asks] == [None, *['"1"'] * 4]
    assert titles(engine) == {"fire"}


@pytest.mark.parametrize("says_its_length", [False, True])
def test_a_feed_that_breaks_off_gives_its_whole_entries_and_is_asked_for_all_of_it_again(
    engine: Engine, says_its_length: bool
):
    """Where no length is given, or that of what is left of it, only the document itself shows that it was cut."""
    names = [f"news {n}" for n in range(9)]
    whole = rss(*names)
    cuts = random.Random(5).sample(range(len(whole) - len("</rss>")), 100)
    with Site({"/feed": Page(rss("fire"), headers={"ETag": '"1"'})}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        for minutes, cut in enumerate(sorted(cuts), start=1):
            piece = whole[:cut]
            site.pages["/feed"] = Page(piece if says_its_length else [piece], headers={"ETag": '"cut"'})
            poll(engine, now=NOON + timedelta(minutes=minutes))
        assert titles(engine) == {"fire", *names}
        assert {ask.headers.get("if-none-match") for ask in site.asks} == {None, '"1"'}
        site.pages["/feed"] = Page(whole, headers={"ETag": '"2"'})
        poll(engine, now=NOON + timedelta(hours=2))
        poll(engine, now=NOON + timedelta(hours=3))
        assert site.asks[-1].headers["if-none-match"] == '"2"'
    assert titles(engine) == {"fire", *names}


def test_a_feed_that_was_never_whole_is_kept_with_the_entry_in_whose_middle_it_ends(engine: Engine):
    with Site({"/feed": rss("fire", "flood").partition(b"</item></channel>")[0]}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
    assert titles(engine) == {"fire", "flood"}


def test_a_feed_that_ends_in_the_middle_of_an_entry_time_and_again_is_kept_with_it(engine: Engine):
    with Site({"/feed": rss("fire")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = rss("fire", "flood").partition(b"</item></channel>")[0]
        poll(engine, now=NOON + timedelta(hours=1))
        assert titles(engine) == {"fire"}
        poll(engine, now=NOON + timedelta(hours=2))
    assert titles(engine) == {"fire", "flood"}


def test_a_feed_is_not_due_before_its_time_however_often_the_worker_starts_again(engine: Engine):
    with Site({"/feed": rss("fire")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        due_at = lines(engine)[site.at("/feed")].poll.next_check_at
    for now, n_due in ((due_at - timedelta(seconds=1), 0), (due_at, 1)):
        with transaction(engine) as db:
            assert len(polling.claim_due(db, now=now, limit=9, lease_s=60)) == n_due


def hourly(engine: Engine, n: int, *, start: int = 0) -> list[Refreshed]:
    """Poll once an hour, so many times; return how the checks of the last hour went."""
    for hour in range(start, start + n):
        done = poll(engine, now=NOON + timedelta(hours=hour))
    return done


def test_a_feed_moves_when_three_checks_in_a_row_were_led_away_for_good(engine: Engine):
    old = Page(status=301, headers={"Location": "/hop"})
    with Site({"/old": old, "/hop": Page(status=308, headers={"Location": "/new"}), "/new": rss("fire")}) as site:
        subscribe(engine, site.at("/old"))
        hourly(engine, 2)
        assert lines(engine).keys() == {site.at("/old")}
        hourly(engine, 1, start=2)
        [line] = lines(engine).values()
        assert (line.feed.feed_url, line.feed.moved_from_url) == (site.at("/new"), site.at("/old"))
        site.asks.clear()
        hourly(engine, 1, start=3)
        assert site.paths() == ["/new"]
    assert titles(engine) == {"fire"}


def test_a_feed_that_did_not_change_since_moves_all_the_same(engine: Engine):
    new = Page(rss("fire"), headers={"ETag": '"1"'})
    with Site({"/old": Page(status=301, headers={"Location": "/new"}), "/new": new}) as site:
        subscribe(engine, site.at("/old"))
        hourly(engine, 3)
        assert lines(engine).keys() == {site.at("/new")}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([(302, "/a")] * 6, id="for the time being"),
        pytest.param([(301, "/a"), (301, "/b")] * 3, id="to another place every time"),
        pytest.param([(301, "/a"), (301, "/a"), (200, "")] * 2, id="not every time"),
        pytest.param([(301, "/login")] * 6, id="to a web page"),
    ],
)
def test_a_feed_does_not_move_when_it_is_led(engine: Engine, answers: list[tuple[int, str]]):
    login = b'<!doctype html><html><link rel="alternate" type="application/rss+xml" href="/a"><p>Sign in</p></html>'
    with Site({"/old": rss("fire"), "/a": rss("fire"), "/b": rss("fire"), "/login": login}) as site:
        subscribe(engine, site.at("/old"))
        poll(engine)
        for hour, (status, location) in enumerate(answers, start=1):
            site.pages["/old"] = Page(status=status, headers={"Location": location}) if location else rss("fire")
            poll(engine, now=NOON + timedelta(hours=hour))
        assert lines(engine).keys() == {site.at("/old")}
    assert titles(engine) == {"fire"}


def test_a_feed_that_moves_to_one_that_is_there_becomes_one_with_it(engine: Engine):
    with Site({"/old": rss("fire", "flood"), "/new": rss("flood", "frost")}) as site:
        with transaction(engine) as db:
            there = Subscription(feed_url=site.at("/old"), title="Mine", folder=("World",))
            feeds.subscribe(db, there, now=NOON)
            feeds.subscribe(db, Subscription(feed_url=site.at("/new")), now=NOON)
        poll(engine)
        with transaction(engine) as db:
            read = {line.title: line.id for line in articles.river(db, limit=9)}
            marks.mark_articles(db, [read["fire"], read["flood"]], is_read=True, now=NOON)
        site.pages["/old"] = Page(status=301, headers={"Location": "/new"})
        hourly(engine, 4, start=1)
        [line] = lines(engine).values()
        assert (line.feed.feed_url, line.feed.title, line.folder) == (site.at("/new"), "Mine", "World")
    with reading(engine) as db:
        assert {(each.title, each.is_read) for each in articles.river(db, limit=9, feed_id=line.feed.id)} == {
            ("fire", True),
            ("flood", True),
            ("frost", False),
        }
        assert len(articles.river(db, limit=9)) == 3


BARE = {"link": False, "date": False}


def dated(*titles: str, at: str = "a.example", guid: str = "", link: bool = True, date: bool = True) -> bytes:
    """A feed of these titles, whose guids and addresses can be told to change."""
    items = "".join(
        f"<item><title>{each}</title><guid isPermaLink='false'>{guid}{n}</guid><description>On {each}.</description>"
        + (f"<pubDate>Sun, 01 Mar 2026 0{n}:00:00 GMT</pubDate>" if date else "")
        + (f"<link>https://{at}/{n}</link>" if link else "")
        + "</item>"
        for n, each in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>The A</title>{items}</channel></rss>'.encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {"guid": "new"}, id="guids"),
        pytest.param({"link": False}, {"link": False, "guid": "new"}, id="guids of entries without an address"),
        pytest.param({}, {"guid": "new", "at": "b.example"}, id="guids and addresses"),
        pytest.param({}, {"at": "b.example"}, id="addresses"),
        pytest.param(BARE, {**BARE, "guid": "new"}, id="guids of entries that have nothing else but words"),
        pytest.param(
            {"link": False}, {**BARE, "guid": "new"}, id="guids of entries without an address that lose their dates"
        ),
    ],
)
def test_nothing_is_new_when_all_entries_change_their(
    engine: Engine, before: dict[str, object], after: dict[str, object]
):
    names = ("fire", "flood", "frost")
    with Site({"/feed": dated(*names, **before)}) as site:  # type: ignore[arg-type]
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = dated(*names, **after)  # type: ignore[arg-type]
        [done] = poll(engine, now=NOON + timedelta(hours=1))
        [again] = poll(engine, now=NOON + timedelta(hours=2))
    assert (done.kept.n_new, done.kept.n_changed, again.kept.n_new) == (0, 0, 0)
    with reading(engine) as db:
        assert sorted(line.title for line in articles.river(db, limit=9)) == sorted(names)


def test_nothing_is_new_when_a_feed_that_words_the_pieces_of_another_in_its_own_way_changes_its_guids(engine: Engine):
    with Site({"/one": dated("fire", "flood"), "/two": dated("blaze", "deluge")}) as site:
        subscribe(engine, site.at("/one"))
        poll(engine)
        subscribe(engine, site.at("/two"))
        poll(engine, now=NOON + timedelta(hours=1))
        site.pages["/two"] = dated("blaze", "deluge", guid="new")
        done = poll(engine, now=NOON + timedelta(hours=2))
    assert [each.kept.n_new for each in done] == [0, 0]
    assert titles(engine) == {"fire", "flood"}


@pytest.mark.parametrize("words", [(b"On fire.", b"It is out."), (b"<title>fire", b"<title>blaze")])
def test_a_piece_that_gets_a_new_guid_and_a_new_title_or_text_is_rewritten_in_place(
    engine: Engine, words: tuple[bytes, bytes]
):
    with Site({"/feed": dated("fire", "flood")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = dated("fire", "flood", guid="new").replace(*words)
        [done] = poll(engine, now=NOON + timedelta(hours=1))
    assert (done.kept.n_new, done.kept.n_changed, done.kept.n_unchanged) == (0, 1, 1)
    with reading(engine) as db:
        said = [f"<title>{line.title} {line.excerpt}" for line in articles.river(db, limit=9)]
    assert len(said) == 2
    assert [words[1].decode() in each for each in said].count(True) == 1


@pytest.mark.parametrize("n_shown", [1, 2])
@pytest.mark.parametrize("is_numbered", [True, False])
def test_a_feed_that_gives_its_guids_anew_loses_nothing(engine: Engine, n_shown: int, is_numbered: bool):
    names = ("fire", "flood", "frost", "fog")
    with Site({}) as site:
        subscribe(engine, site.at("/feed"))
        for n in range(1, len(names) + 1):
            shown = names[max(n - n_shown, 0) : n]
            site.pages["/feed"] = b"".join(
                b"<item><title>%b</title><guid>%d</guid><link>https://a.example/%b</link>"
                b"<description>On %b.</description></item>" % (name, place * is_numbered, name, name)
                for place, name in enumerate(each.encode() for each in reversed(shown))
            ).join((b'<rss version="2.0"><channel><title>The A</title>', b"</channel></rss>"))
            for hour in (2 * n, 2 * n + 1):
                poll(engine, now=NOON + timedelta(hours=hour))
    with reading(engine) as db:
        assert sorted(line.title for line in articles.river(db, limit=9)) == sorted(names)


def test_entries_in_another_order_write_nothing(engine: Engine):
    with Site({"/feed": rss("fire", "flood", "frost")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        before = rows(engine)
        site.pages["/feed"] = rss("frost", "fire", "flood")
        [done] = poll(engine, now=NOON + timedelta(hours=1))
    assert done.kept.n_unchanged == 3
    assert rows(engine) == before


def rows(engine: Engine) -> list[list[tuple[object, ...]]]:
    """Everything that is kept of entries and articles."""
    with reading(engine) as db:
        return [[tuple(row) for row in db.execute(select(table))] for table in (schema.entries, schema.articles)]


def test_a_retitled_article_stays_read_and_says_what_it_was_called(engine: Engine):
    before = rss("fire")
    with Site({"/feed": before}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        with transaction(engine) as db:
            marks.mark_all(db, seen_before=NOON + timedelta(hours=1), now=NOON)
        site.pages["/feed"] = before.replace(b"<title>fire", b"<title>fire out")
        poll(engine, now=NOON + timedelta(hours=1))
    with reading(engine) as db:
        [line] = articles.river(db, limit=9)
        assert (line.title, line.is_read) == ("fire out", True)
        assert [each.title for each in revisions_of(db, line.id)] == ["fire"]


def state(engine: Engine, url: str, *, now: datetime) -> State:
    return health(lines(engine)[url], now=now).state


def test_a_feed_that_is_gone_is_paused_with_its_articles_and_can_be_revived(engine: Engine):
    with Site({"/feed": rss("fire")}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        site.pages["/feed"] = Page(b"", status=410)
        hourly(engine, 3, start=1)
        assert site.paths() == ["/feed", "/feed", "/"]
        assert state(engine, site.at("/feed"), now=NOON + timedelta(hours=4)) is State.GONE
        assert titles(engine) == {"fire"}
        site.pages["/feed"] = rss("fire", "flood")
        with transaction(engine) as db:
            feeds.set_paused(db, lines_id(engine), is_paused=False, now=NOON + timedelta(hours=5))
        hourly(engine, 1, start=5)
        assert state(engine, site.at("/feed"), now=NOON + timedelta(hours=6)) is State.GOOD
    assert titles(engine) == {"fire", "flood"}


def lines_id(engine: Engine) -> int:
    """The id of the only feed."""
    [line] = lines(engine).values()
    return line.feed.id


def test_a_portal_that_comes_and_goes_invents_nothing_and_loses_nothing(engine: Engine):
    portal = b"""<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/ads"></head>
        <body><h1>Welcome to our WiFi</h1><a href="/feed.xml">Buy</a></body></html>"""
    with Site({"/feed": rss("fire"), "/ads": rss("ad")}) as site:
        subscribe(engine, site.at("/feed"))
        for hour in range(8):
            site.pages["/feed"] = (
                Page(portal, headers={"ETag": '"portal"'}) if hour % 2 else rss("fire", f"news {hour}")
            )
            poll(engine, now=NOON + timedelta(hours=hour))
            wanted = State.WEB_PAGE if hour % 2 else State.GOOD
            assert state(engine, site.at("/feed"), now=NOON + timedelta(hours=hour)) is wanted
        assert "/ads" not in site.paths()
    assert titles(engine) == {"fire", "news 0", "news 2", "news 4", "news 6"}
    assert all(ask.headers.get("if-none-match") != '"portal"' for ask in site.asks)


def test_the_site_of_a_lost_feed_is_searched_once_a_week_and_what_it_offers_is_only_suggested(engine: Engine):
    home = '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/new"></head></html>'
    channel = b"<channel><link>{}</link>"
    with Site({"/": home, "/new": rss("fire", "flood")}) as site:
        site.pages["/feed"] = rss("fire").replace(b"<channel>", channel.replace(b"{}", site.at("/").encode()))
        subscribe(engine, site.at("/feed"))
        poll(engine)
        del site.pages["/feed"]
        hourly(engine, 24 * 8, start=1)
        assert site.paths().count("/") == 2
        assert "/new" not in site.paths()
        with transaction(engine) as db:
            [offer] = discovered.offers_of(db, lines_id(engine))
            assert offer.feed_url == site.at("/new")
            readdress(db, lines_id(engine), offer.feed_url, now=NOON + timedelta(days=9))
        hourly(engine, 1, start=24 * 9)
        assert state(engine, site.at("/new"), now=NOON + timedelta(days=9)) is State.MOVED
    assert titles(engine) == {"fire", "flood"}


def test_the_site_of_a_lost_feed_is_not_searched_while_its_host_wants_a_pause(engine: Engine):
    with Site({"/feed": rss("fire"), "/busy": rss("flood")}, hosts=("127.0.0.1", "127.0.0.2")) as site:
        elsewhere = f"<channel><link>{site.at('/', '127.0.0.2')}</link>".encode()
        site.pages["/feed"] = rss("fire").replace(b"<channel>", elsewhere)
        subscribe(engine, site.at("/feed"), site.at("/busy", "127.0.0.2"))
        poll(engine)
        site.pages["/busy"] = Page(b"", status=429, headers={"Retry-After": "86400"})
        hourly(engine, 1, start=1)
        del site.pages["/feed"]
        hourly(engine, 5, start=2)
        assert "/" not in site.paths()
        site.pages["/busy"] = rss("flood")
        hourly(engine, 1, start=26)
        assert "/" in site.paths()


def test_an_empty_feed_is_said_to_be_empty(engine: Engine):
    with Site({"/feed": rss()}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        assert state(engine, site.at("/feed"), now=NOON) is State.EMPTY


def test_how_long_a_feed_has_failed_is_remembered_until_it_is_good_again(engine: Engine):
    with Site({"/feed": Page(b"", status=500)}) as site:
        subscribe(engine, site.at("/feed"))
        hourly(engine, 3)
        [line] = lines(engine).values()
        assert (line.poll.failing_since, line.poll.n_failures) == (NOON, 3)
        site.pages["/feed"] = rss("fire")
        hourly(engine, 1, start=3)
        [line] = lines(engine).values()
        assert (line.poll.failing_since, line.poll.n_failures, line.poll.fault) == (None, 0, None)


def test_items_that_come_again_word_for_word_are_counted_and_not_read(engine: Engine):
    names = [f"news {n}" for n in range(30)]
    with Site({"/feed": dated(*names[:9])}) as site:
        subscribe(engine, site.at("/feed"))
        poll(engine)
        read: list[int] = []

        def parse(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
            future = parse_here(reply, discover=discover, known_items=known_items)
            parsed = future.result()
            assert isinstance(parsed, ParsedFeed)
            read.append(len(parsed.entries))
            return future

        site.pages["/feed"] = dated(*names[:9], "the latest")
        with transaction(engine) as db:
            due = polling.claim(db, [lines_id(engine)], now=NOON, lease_s=60)
        [done] = refreshing.refresh(engine, due, Tools(TOOLS.fetch, parse), PollSettings(), now=NOON)
    assert read == [1]
    assert (done.kept.n_new, done.kept.n_unchanged) == (1, 9)
    assert len(titles(engine)) == 10
    assert lines(engine)[site.at("/feed")].poll.n_entries == 10


def test_a_host_that_wants_a_pause_gets_it_while_what_its_other_feeds_sent_is_being_read(engine: Engine):
    is_said = threading.Event()

    def busy(_: Ask) -> Page:
        is_said.set()
        return Page(b"", status=429, headers={"Retry-After": "3600"})

    def parse_slowly(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
        is_said.wait(timeout=1)
        return parse_here(reply, discover=discover, known_items=known_items)

    with Site({"/a": rss("fire"), "/b": busy, "/c": rss("flood"), "/d": rss("storm")}) as site:
        subscribe(engine, *(site.at(path) for path in site.pages))
        one_by_one = replace(FETCH, per_host=1, per_host_gap_s=0.0)
        tools = Tools(fetch=heeding(engine, partial(fetch_all, settings=one_by_one)), parse=parse_slowly)
        with transaction(engine) as db:
            due = polling.claim_due(db, now=NOON, limit=100, lease_s=60)
        done = list(refreshing.refresh(engine, due, tools, PollSettings(), now=NOON))
        assert sum("asked to be left alone" in (each.why or "") for each in done) == 2
        poll(engine, now=NOON + timedelta(minutes=50))
        assert site.paths() == ["/a", "/b"]
        site.pages["/b"] = rss("quake")
        poll(engine, now=NOON + timedelta(minutes=61))
        assert sorted(site.paths()[2:]) == ["/a", "/b", "/c", "/d"]
    assert titles(engine) == {"fire", "flood", "storm", "quake"}


def n_free(engine: Engine, *, now: datetime) -> int:
    """How many feeds a second worker would get at this moment."""
    with reading(engine) as db:
        free = or_(schema.polls.c.claimed_until.is_(None), schema.polls.c.claimed_until <= now)
        due = select(func.count()).select_from(schema.polls).where(free, schema.polls.c.next_check_at <= now)
        return db.execute(due).scalar_one()


def test_feeds_stay_claimed_while_their_worker_works_and_a_minute_after_it_was_killed(engine: Engine):
    subscribe(engine, *(f"https://{n}.example/" for n in range(10)))
    with transaction(engine) as db:
        due = polling.claim_due(db, now=NOON, limit=100, lease_s=CLAIM_S)

    def slow(requests: Iterable[Request], *, now: datetime, held: object) -> Iterator[Reply]:
        for n, request in enumerate(requests):
            yield NotModified(request=request, after_s=25.0 * n)
            assert n_free(engine, now=now + timedelta(seconds=25 * (n + 1))) == 0

    checks = refreshing.refresh(engine, due, Tools(fetch=slow, parse=parse_here), PollSettings(), now=NOON)
    last = [next(checks) for _ in range(5)]
    assert len(last) == 5
    killed_at = NOON + timedelta(seconds=25 * 6)
    assert n_free(engine, now=killed_at) == 0
    assert n_free(engine, now=killed_at + timedelta(seconds=CLAIM_S)) >= 4


def n_come_when_kept(engine: Engine, n_feeds: int, answer: Callable[[Request], Reply]) -> list[int]:
    """How many answers had come when each of so many feeds was kept."""
    subscribe(engine, *(f"https://{n}.example/" for n in range(n_feeds)))
    with transaction(engine) as db:
        due = polling.claim_due(db, now=NOON, limit=n_feeds, lease_s=CLAIM_S)
    n_come = 0

    def fetch(requests: Iterable[Request], *, now: datetime, held: object) -> Iterator[Reply]:
        nonlocal n_come
        for request in requests:
            n_come += 1
            yield answer(request)

    return [n_come for _ in refreshing.refresh(engine, due, replace(TOOLS, fetch=fetch), PollSettings(), now=NOON)]


def test_the_first_answer_is_kept_before_the_second_and_ever_more_at_once_after_it(engine: Engine):
    n_when_kept = n_come_when_kept(engine, 800, lambda request: NotModified(request=request))
    assert sorted(set(n_when_kept))[:9] == [1, 3, 7, 15, 31, 63, 127, 255, 383]
    assert len(n_when_kept) == 800


def test_feeds_with_many_entries_are_kept_a_few_at_a_time(engine: Engine):
    many = rss(*(f"t{n}" for n in range(600)))
    n_when_kept = n_come_when_kept(engine, 30, lambda request: Fetched(request=request, url=request.url, body=many))
    assert sorted(set(n_when_kept))[:6] == [1, 3, 5, 7, 9, 11]
    assert len(n_when_kept) == 30


def test_whoever_stops_in_the_middle_keeps_what_came_and_lets_go_of_the_rest(engine: Engine):
    being_read: list[tuple[Future[Parsed], Fetched]] = []

    def parse_later(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
        if reply.url.endswith("/2"):
            return parse_here(reply, discover=discover)
        being_read.append((Future(), reply))
        return being_read[-1][0]

    with Site({f"/{n}": rss(f"t{n}") for n in range(6)}) as site:
        subscribe(engine, *(site.at(path) for path in site.pages))
        with transaction(engine) as db:
            due = polling.claim_due(db, now=NOON, limit=100, lease_s=CLAIM_S)
        one_by_one = replace(FETCH, in_flight=1, per_host_gap_s=0.0)
        tools = Tools(fetch=partial(fetch_all, settings=one_by_one), parse=parse_later)
        checks = refreshing.refresh(engine, due, tools, PollSettings(), now=NOON)
        assert next(checks).feed.feed_url == site.at("/2")
        (first, reply), (second, _) = being_read
        first.set_result(parse_reply(reply, discover=False))
        second.set_exception(ParseError("It cannot be read."))
        checks.close()
        assert titles(engine) == {"t0", "t2"}
        assert lines(engine)[site.at("/1")].poll.error == "It cannot be read."
        assert n_free(engine, now=NOON) == 3
