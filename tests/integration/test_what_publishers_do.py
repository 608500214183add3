"""What publishers do to a feed from check to check: no article is lost or doubled, and each stays marked as it was."""

import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from sqlalchemy import Engine, select

from aggregator import refreshing
from aggregator.config import PollSettings
from aggregator.models.feeds import Poll
from aggregator.store import articles, feeds, polling, schema
from aggregator.store import reading as marks
from aggregator.store.addresses import MAX_FORMER
from aggregator.store.db import reading, transaction
from aggregator.store.revisions import revisions_of
from tests.integration.test_refresh import TOOLS, poll, subscribe
from tests.server import Answer, Page, Site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Item:
    """What a feed says of a piece; None where it says nothing."""

    title: str
    text: str = ""
    guid: str | None = None
    link: str | None = None
    at: str | None = None
    permalink: str = "false"

    def in_rss(self) -> str:
        guid = f"<guid isPermaLink='{self.permalink}'>{self.guid}</guid>" if self.guid is not None else ""
        link = f"<link>{escape(self.link)}</link>" if self.link else ""
        moment = f"<pubDate>{self.at}</pubDate>" if self.at else ""
        return f"<item><title>{self.title}</title>{guid}{link}{moment}<description>{self.text}</description></item>"

    def in_atom(self) -> str:
        link = f"<link href='{escape(self.link)}'/>" if self.link else ""
        moment = f"<updated>{self.at}</updated>" if self.at else ""
        words = f"<title>{self.title}</title><summary>{self.text}</summary>"
        return f"<entry><id>{self.guid}</id>{words}{link}{moment}</entry>"


def piece(name: str, n: int = 1, **said: str | None) -> Item:
    """A piece as most publishers give it: with an address, a moment and a guid of its own."""
    usual = Item(name, f"On {name}.", f"id-{name}", f"https://a.example/{name}", f"Sun, 01 Mar 2026 {n:02}:00:00 GMT")
    return replace(usual, **said)  # type: ignore[arg-type]


def rss(*items: Item, head: str = "") -> bytes:
    body = "".join(each.in_rss() for each in items)
    return f"<rss version='2.0'><channel><title>The A</title>{head}{body}</channel></rss>".encode()


def atom(*items: Item) -> bytes:
    body = "".join(each.in_atom() for each in items)
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>The A</title>{body}</feed>".encode()


def in_json(*items: dict[str, object]) -> bytes:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "The A", "items": items}).encode()


class Reader:
    """Somebody who reads a feed, and marks all that comes: every other article read, the others starred."""

    def __init__(self, engine: Engine, site: Site) -> None:
        self.engine, self.site = engine, site
        self.now = NOON
        self.marked: dict[int, str] = {}

    def add(self, path: str = "/feed") -> None:
        subscribe(self.engine, self.site.at(path))

    def check(self, answer: Answer | None = None, path: str = "/feed", *, after: timedelta = HOUR) -> None:
        """Let the feed say this, some time later, and check it."""
        self.now += after
        if answer is not None:
            self.site.pages[path] = answer
        poll(self.engine, now=self.now)
        self._mark()

    def _mark(self) -> None:
        with transaction(self.engine) as db:
            for line in articles.river(db, limit=1000):
                if line.id not in self.marked:
                    self.marked[line.id] = "read" if len(self.marked) % 2 else "starred"
                    if self.marked[line.id] == "read":
                        marks.mark_articles(db, [line.id], is_read=True, now=self.now)
                    else:
                        marks.star_article(db, line.id, is_starred=True, now=self.now)

    def titles(self) -> list[str]:
        with reading(self.engine) as db:
            return sorted(line.title for line in articles.river(db, limit=1000))

    def urls(self) -> dict[str, str | None]:
        with reading(self.engine) as db:
            return {row.title: row.url for row in db.execute(select(schema.articles))}

    def id_of(self, title: str) -> int:
        with reading(self.engine) as db:
            [article_id] = [line.id for line in articles.river(db, limit=1000) if line.title == title]
        return article_id

    def before(self, title: str) -> list[str]:
        """Return what the article of this title was called before."""
        with reading(self.engine) as db:
            return [each.title for each in revisions_of(db, self.id_of(title))]

    def poll(self) -> Poll:
        with reading(self.engine) as db:
            return feeds.feed_lines(db)[0].poll

    def lost_marks(self) -> dict[int, str]:
        with reading(self.engine) as db:
            rows = {row.article_id: row for row in db.execute(select(schema.article_status))}
        return {
            each: mark
            for each, mark in self.marked.items()
            if each not in rows or getattr(rows[each], f"{mark}_at") is None
        }


@pytest.fixture
def reader(engine: Engine) -> Iterator[Reader]:
    with Site() as site:
        yield Reader(engine, site)


FIRE, FLOOD, FROST, FOG = piece("fire", 1), piece("flood", 2), piece("frost", 3), piece("fog", 4)
HTML = b"<!doctype html><html><head><title>For sale</title></head><body><p>This domain is parked.</p></body></html>"
DROPPED = Page(b"", reset=True)


def all_with(**said: str | None) -> bytes:
    return rss(replace(FIRE, **said), replace(FLOOD, **said))  # type: ignore[arg-type]


def guids(form: str) -> bytes:
    """A feed whose guids are made of its titles by a rule."""
    return rss(*(replace(each, guid=form.format(each.title)) for each in (FIRE, FLOOD)))


def links(form: str, **said: str | None) -> bytes:
    """A feed whose links are made of its titles by a rule, and its guids of the links where none is given."""
    return rss(*(replace(each, link=form.format(each.title), **said) for each in (FIRE, FLOOD)))  # type: ignore[arg-type]


def numbered(title: str, text: str, at: str = "Sun, 0{} Feb 2026 01:00:00 GMT") -> list[bytes]:
    """Feeds of the last three of six days, whose guids are places in the document."""
    days = [
        Item(title.format(n), text.format(n), link=f"https://a.example/day{n}", at=at.format(n)) for n in range(1, 7)
    ]
    windows = [days[max(n - 3, 0) : n][::-1] for n in range(1, 7)]
    return [rss(*(replace(each, guid=str(place)) for place, each in enumerate(shown))) for shown in windows]


TWO = rss(FIRE, FLOOD)
SEQUENCES: dict[str, tuple[Sequence[Answer], str]] = {
    "guids from http to https": ([guids("http://a.example/{}"), guids("https://a.example/{}")], "fire flood"),
    "guids with www": ([guids("https://a.example/{}"), guids("https://www.a.example/{}")], "fire flood"),
    "guids with a slash": ([guids("https://a.example/{}"), guids("https://a.example/{}/")], "fire flood"),
    "guids with utm": ([guids("https://a.example/{}"), guids("https://a.example/{}?utm_source=rss")], "fire flood"),
    "guids from ?p= to permalinks": ([guids("https://a.example/?p={}"), guids("https://a.example/{}")], "fire flood"),
    "guids there and back": ([guids("a{}"), guids("b{}"), guids("a{}"), guids("b{}")], "fire flood"),
    "guids in capitals": ([guids("https://a.example/{}"), guids("HTTPS://A.example/{}")], "fire flood"),
    "links from http to https": ([links("http://a.example/{}"), links("https://a.example/{}")], "fire flood"),
    "links with www": ([links("https://a.example/{}"), links("https://www.a.example/{}")], "fire flood"),
    "links with utm that changes": (
        [links("https://a.example/{}?utm_source=a"), links("https://a.example/{}?utm_source=b")],
        "fire flood",
    ),
    "links from ?p= to permalinks": ([links("https://a.example/?p={}"), links("https://a.example/{}")], "fire flood"),
    "links alone, that move": (
        [links("https://a.example/{}", guid=None), links("https://b.example/{}", guid=None)],
        "fire flood",
    ),
    "links alone, with a slash": (
        [links("https://a.example/{}", guid=None), links("https://a.example/{}/", guid=None)],
        "fire flood",
    ),
    "links alone, with a session": (
        [links("https://a.example/{}?sid=" + sid, guid=None) for sid in "abc"],
        "fire flood",
    ),
    "links that go and come": ([TWO, all_with(link=None), TWO], "fire flood"),
    "guids that go and come": ([TWO, all_with(guid=None), TWO], "fire flood"),
    "guids and links that go": ([TWO, all_with(guid=None, link=None)], "fire flood"),
    "empty guids": ([all_with(guid=""), all_with(guid=""), all_with(guid="")], "fire flood"),
    "empty guids that get filled": ([all_with(guid=""), TWO], "fire flood"),
    "empty guids without links": ([all_with(guid="", link=None)] * 2, "fire flood"),
    "one guid for all": ([all_with(guid="0"), all_with(guid="0"), rss(replace(FIRE, guid="0"))], "fire flood"),
    "one guid for all, one by one": (
        [rss(replace(FIRE, guid="0")), rss(replace(FLOOD, guid="0")), all_with(guid="0")],
        "fire flood",
    ),
    "guids that are no permalinks, without links": (
        [rss(*(replace(each, guid=f"post {each.title}", link=None, permalink="true") for each in (FIRE, FLOOD)))] * 2,
        "fire flood",
    ),
    "guids that become permalinks": (
        [all_with(link=None), rss(*(replace(e, guid=e.link, link=None, permalink="true") for e in (FIRE, FLOOD)))],
        "fire flood",
    ),
    "a new title": ([TWO, rss(replace(FIRE, title="blaze"), FLOOD)], "blaze flood"),
    "a new title and a text": ([TWO, rss(replace(FIRE, title="blaze", text="Out."), FLOOD)], "blaze flood"),
    "a title that swings": (
        [TWO, rss(replace(FIRE, title="blaze"), FLOOD), TWO, rss(replace(FIRE, title="blaze"), FLOOD)],
        "blaze flood",
    ),
    "a corrected text": ([TWO, rss(replace(FIRE, text="On the fire."), FLOOD)], "fire flood"),
    "a new title and address": (
        [TWO, rss(replace(FIRE, title="blaze", link="https://a.example/blaze"), FLOOD)],
        "blaze flood",
    ),
    "a new title, guid and address": (
        [TWO, rss(replace(FIRE, title="blaze", guid="new", link="https://a.example/blaze"), FLOOD)],
        "blaze fire flood",  # by the moment alone nobody can tell
    ),
    "a new moment": ([TWO, rss(replace(FIRE, at="Sun, 01 Mar 2026 11:00:00 GMT"), FLOOD)], "fire flood"),
    "moments that go": ([TWO, all_with(at=None)], "fire flood"),
    "moments that go with the guids": ([TWO, all_with(at=None, guid=None)], "fire flood"),
    "no moments, and links alone, that move": (
        [links(form, guid=None, at=None) for form in ("https://a.example/{}", "https://www.a.example/{}")],
        "fire flood",
    ),
    "moments of the time of asking": (
        [all_with(at=f"Sun, 01 Mar 2026 {hour:02}:30:00 GMT") for hour in range(10, 14)],
        "fire flood",
    ),
    "moments of the time of asking, guids by chance": (
        [all_with(at=f"Sun, 01 Mar 2026 {h:02}:30:00 GMT", guid=None) for h in range(10, 14)],
        "fire flood",
    ),
    "a piece taken away and back": ([TWO, rss(FLOOD), TWO], "fire flood"),
    "a piece taken away and back with a new title": (
        [TWO, rss(FLOOD), rss(replace(FIRE, title="blaze"), FLOOD)],
        "blaze flood",
    ),
    "a piece taken away and back with a new guid": (
        [TWO, rss(FLOOD), rss(replace(FIRE, guid="new"), FLOOD)],
        "fire flood",
    ),
    "an embargoed piece": (
        [rss(replace(FIRE, at="Mon, 02 Mar 2026 12:00:00 GMT"), FLOOD), rss(FLOOD), TWO],
        "fire flood",
    ),
    "a window that shrinks and grows": (
        [rss(FIRE, FLOOD, FROST, FOG), rss(FOG), rss(FIRE, FLOOD, FROST, FOG), rss(FROST, FOG)],
        "fire flood fog frost",
    ),
    "a window that slides": (
        [rss(FIRE, FLOOD), rss(FLOOD, FROST), rss(FROST, FOG), rss(FIRE, FLOOD)],
        "fire flood fog frost",
    ),
    "two feeds in one, with other guids": (
        [TWO, rss(FROST, FOG, replace(FIRE, guid="b-1"), replace(FLOOD, guid="b-2"))],
        "fire flood fog frost",
    ),
    "duplicates in one document": ([rss(FIRE, FIRE, FLOOD), TWO, rss(FLOOD, FLOOD, FIRE)], "fire flood"),
    "a piece twice with other guids": ([rss(FIRE, replace(FIRE, guid="b"), FLOOD), TWO], "fire fire flood"),
    "a piece that comes to be there twice": ([TWO, rss(FIRE, replace(FIRE, guid="b"), FLOOD), TWO], "fire fire flood"),
    "Atom ids that are equal": (
        [
            atom(
                replace(FIRE, guid="x", at="2026-03-01T01:00:00Z"),
                replace(FIRE, guid="x", at="2026-03-01T02:00:00Z", text="More."),
            )
        ]
        * 2,
        "fire fire",
    ),
    "an Atom entry that is updated": (
        [atom(replace(FIRE, at=f"2026-03-01T0{n}:00:00Z", text=f"Part {n}.")) for n in range(1, 5)],
        "fire",
    ),
    "JSON ids that become strings": (
        [
            in_json({"id": 1, "title": "fire", "content_text": "On fire."}),
            in_json({"id": "1", "title": "fire", "content_text": "On fire."}),
            in_json({"id": 1.0, "title": "fire", "content_text": "On fire."}),
        ],
        "fire",
    ),
    "from RSS to Atom": (
        [TWO, atom(*(replace(e, at=f"2026-03-01T0{n}:00:00Z") for n, e in enumerate((FIRE, FLOOD), 1)))],
        "fire flood",
    ),
    "from RSS to JSON": (
        [
            TWO,
            in_json(*({"id": e.guid, "url": e.link, "title": e.title, "content_text": e.text} for e in (FIRE, FLOOD))),
        ],
        "fire flood",
    ),
    "emptied and filled": ([TWO, rss(), TWO, rss(FIRE, FLOOD, FROST)], "fire flood frost"),
    "nothing at all and back": ([TWO, b"", TWO], "fire flood"),
    "a parking page and back": ([TWO, HTML, HTML, rss(FLOOD, FROST)], "fire flood frost"),
    "another feed and back": ([TWO, rss(piece("casino", 5), piece("pills", 6)), TWO], "casino fire flood pills"),
    "failures between": (
        [TWO, Page(b"", 500), DROPPED, Page(b"", 404), rss(FLOOD, FROST), Page(b"", 503)],
        "fire flood frost",
    ),
    "cut in the middle of a piece": (
        [TWO, rss(FIRE, FLOOD, FROST)[:-100], rss(FIRE, FLOOD, FROST)],
        "fire flood frost",
    ),
    "gzip cut off": (
        [
            TWO,
            Page(gzip.compress(rss(FROST, FLOOD))[:120], headers={"Content-Encoding": "gzip"}),
            Page(gzip.compress(rss(FROST, FLOOD)), headers={"Content-Encoding": "gzip"}),
        ],
        "fire flood frost",
    ),
    "a 304 that nobody asked for": (
        [Page(TWO, headers={"ETag": '"1"'}), Page(b"", 304), rss(FROST)],
        "fire flood frost",
    ),
    "texts that get longer": (
        [rss(*(replace(e, text=e.text * n) for e in (FIRE, FLOOD))) for n in (1, 2, 3)],
        "fire flood",
    ),
    "a summary in place of the text, and new guids": (
        [TWO, rss(*(replace(e, text="Short.", guid="n" + e.title) for e in (FIRE, FLOOD)))],
        "fire flood",
    ),
    "everything to another host and format": (
        [
            TWO,
            atom(
                *(
                    replace(e, guid="urn:" + e.title, link=f"https://b.example/{e.title}", at=f"2026-03-01T0{n}:00:00Z")
                    for n, e in enumerate((FIRE, FLOOD), 1)
                )
            ),
        ],
        "fire flood",
    ),
    "titles that are all one": (
        [
            rss(*(replace(e, title="News") for e in (FIRE, FLOOD))),
            rss(*(replace(e, title="News") for e in (FROST, FIRE, FLOOD))),
        ],
        "News News News",
    ),
    "notes without titles": (
        [
            rss(*(replace(e, title="", link=None, text=f"Note {e.title}") for e in (FIRE, FLOOD))),
            rss(*(replace(e, title="", link=None, text=f"Note {e.title}") for e in (FROST, FIRE))),
        ],
        "Note fire|Note flood|Note frost",
    ),
    "a live page": (
        [
            rss(*(replace(e, link="https://a.example/live") for e in posts))
            for posts in ([FIRE], [FLOOD, FIRE], [FROST, FLOOD, FIRE], [FOG])
        ],
        "fire flood fog frost",
    ),
    "a live page with anchors": (
        [
            rss(*(replace(e, link=f"https://a.example/live#{e.title}") for e in posts))
            for posts in ([FIRE], [FLOOD, FIRE], [FROST, FLOOD], [FIRE])
        ],
        "fire flood frost",
    ),
    "a status page": (
        [
            rss(replace(FIRE, title=state, text=state, guid="s1"))
            for state in ("investigating", "identified", "resolved")
        ],
        "resolved",
    ),
    "dates of the year 1970 and 9999": (
        [all_with(at="Thu, 01 Jan 1970 00:00:00 GMT"), all_with(at="Fri, 31 Dec 9999 23:59:59 GMT"), TWO],
        "fire flood",
    ),
    "dates of 9999 and new guids": (
        [
            all_with(at="Fri, 31 Dec 9999 23:59:59 GMT", link=None),
            rss(
                *(replace(e, guid="n" + e.title, at="Fri, 31 Dec 9999 23:59:59 GMT", link=None) for e in (FIRE, FLOOD))
            ),
        ],
        "fire flood",
    ),
    "a series of one title": (
        [
            rss(
                *(
                    replace(piece("briefing", n), guid=f"b{n}", link=f"https://a.example/b{n}", text=f"Day {n}.")
                    for n in days
                )
            )
            for days in ([1], [2, 1], [3, 2, 1])
        ],
        "briefing briefing briefing",
    ),
    "a series of one title, no text, and numbered guids": (
        numbered("crossword", ""),
        "crossword " * 6,
    ),
    "a series of one title and numbered guids": (numbered("briefing", "Day {}."), "briefing " * 6),
    "pieces of one moment and numbered guids": (
        numbered("news{}", "Day {}.", at="Sun, 01 Feb 2026 00:00:00 GMT"),
        "news1 news2 news3 news4 news5 news6",
    ),
    "pieces of one moment, one title and numbered guids": (
        numbered("news", "Day {}.", at="Sun, 01 Feb 2026 00:00:00 GMT"),
        "news " * 6,
    ),
    "a redirector in place of the links": (
        [TWO, links("https://feeds.example/~r/{}"), TWO],
        "fire flood",
    ),
    "one link for all, for an hour": ([TWO, all_with(link="https://a.example/down"), TWO], "fire flood"),
    "links to the front door": ([TWO, all_with(link="https://a.example/"), TWO], "fire flood"),
    "links that are swapped": (
        [TWO, rss(replace(FIRE, link=FLOOD.link), replace(FLOOD, link=FIRE.link)), TWO],
        "fire flood",
    ),
    "guids that are swapped": (
        [TWO, rss(replace(FIRE, guid=FLOOD.guid), replace(FLOOD, guid=FIRE.guid)), TWO],
        "fire flood",
    ),
    "white space in guids": ([guids("id {}"), guids(" id {} \n"), guids("id\n {}")], "fire flood"),
    "markup in titles": ([TWO, rss(replace(FIRE, title="&lt;b&gt;fire&lt;/b&gt;"), FLOOD)], "fire flood"),
}


def names(said: str) -> list[str]:
    return said.split("|") if "|" in said else said.split()


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_nothing_is_lost_doubled_or_unmarked(reader: Reader, sequence: str) -> None:
    documents, expected = SEQUENCES[sequence]
    reader.add()
    for each in (*documents, documents[-1]):
        reader.check(each)
    assert reader.titles() == names(expected)
    assert reader.lost_marks() == {}


def test_what_is_rewritten_says_what_it_was_called(reader: Reader) -> None:
    reader.add()
    for name in ("fire", "blaze", "fire", "blaze", "arson"):
        reader.check(rss(replace(FIRE, title=name)))
    assert reader.before("arson") == ["fire", "blaze"]
    assert reader.lost_marks() == {}


def test_a_piece_follows_its_publisher_to_another_host_and_is_found_at_either(reader: Reader) -> None:
    moved = rss(*(replace(e, link=f"https://new.example/{e.title}") for e in (FIRE, FLOOD)))
    reader.add()
    reader.check(TWO)
    reader.check(moved)
    assert reader.urls() == {"fire": "https://new.example/fire", "flood": "https://new.example/flood"}
    reader.add("/other")
    reader.check(rss(replace(FIRE, guid="x"), replace(FLOOD, guid="y", link="https://new.example/flood")), "/other")
    assert reader.titles() == ["fire", "flood"]
    reader.check(rss(replace(FIRE, link="https://third.example/fire"), FLOOD))
    reader.add("/third")
    reader.check(
        rss(*(piece("fire", link=f"https://{at}.example/fire", guid=at) for at in ("a", "new", "third"))), "/third"
    )
    assert reader.titles() == ["fire", "flood"]
    assert reader.urls() == {"fire": "https://third.example/fire", "flood": FLOOD.link}
    assert reader.lost_marks() == {}


@pytest.mark.parametrize("are_together", [True, False])
@pytest.mark.parametrize("guid", [FIRE.guid, "new"])
def test_a_piece_that_moves_to_where_another_feed_links_already_is_one(
    reader: Reader, are_together: bool, guid: str
) -> None:
    reader.add("/other")
    reader.add()
    reader.site.pages["/other"] = rss(FROST)
    reader.check(rss(FIRE))
    there = replace(FIRE, link="https://new.example/fire", guid=guid)
    elsewhere = rss(FROST, replace(there, guid="x", title="blaze"))
    if are_together:
        reader.site.pages["/other"] = elsewhere
    else:
        reader.check(elsewhere, "/other")
    reader.check(rss(there))
    reader.check(rss(there, FLOOD))
    assert reader.titles() == ["fire", "flood", "frost"]
    assert reader.urls()["fire"] == there.link
    with reading(reader.engine) as db:
        of_fire = schema.article_status.c.article_id == reader.id_of("fire")
        [status] = db.execute(select(schema.article_status).where(of_fire))
    assert (status.read_at is None, status.starred_at is None) == (False, are_together)


def test_a_list_of_links_that_puts_an_address_right_takes_no_article_from_its_publisher(reader: Reader) -> None:
    reader.add("/list")
    reader.add()
    listed = piece("fire", guid="list", link="https://a.example/fier", text="Comments")
    reader.site.pages["/list"] = rss(listed)
    reader.check(rss(FIRE))
    reader.check(rss(replace(listed, link=FIRE.link)), "/list")
    assert reader.titles() == ["fire", "fire"]
    with reading(reader.engine) as db:
        assert sorted(db.execute(select(schema.articles.c.text)).scalars()) == ["Comments", "On fire."]
    assert reader.lost_marks() == {}


def test_a_piece_whose_address_is_another_with_every_check_is_one_and_fills_no_disk(reader: Reader) -> None:
    reader.add()
    for n in range(MAX_FORMER + 4):
        reader.check(rss(replace(FIRE, link=f"https://a.example/session{n}/fire")))
    assert reader.titles() == ["fire"]
    with reading(reader.engine) as db:
        assert len(db.execute(select(schema.former_addresses.c.key)).all()) == MAX_FORMER


def test_two_workers_that_check_a_feed_at_once_keep_it_once(reader: Reader) -> None:
    reader.add()
    reader.check(TWO)
    reader.site.pages["/feed"] = rss(replace(FIRE, guid="new", link="https://new.example/fire"), FLOOD, FROST)
    with transaction(reader.engine) as db:
        due = polling.claim(db, [1], now=reader.now, lease_s=60)
    together = threading.Barrier(2)

    def work() -> None:
        checks = refreshing.refresh(reader.engine, due, TOOLS, PollSettings(), now=reader.now + HOUR)
        together.wait()
        list(checks)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert reader.titles() == ["fire", "flood", "frost"]
    assert reader.lost_marks() == {}


def test_a_clock_that_goes_back_neither_loses_nor_doubles(reader: Reader) -> None:
    reader.add()
    reader.check(rss(FIRE, replace(FLOOD, at=None)), after=timedelta(days=2))
    reader.check(
        rss(FIRE, replace(FLOOD, at=None), replace(FROST, at="Tue, 03 Mar 2026 12:00:00 GMT")), after=-timedelta(days=2)
    )
    reader.check(
        rss(replace(FIRE, guid="x"), replace(FLOOD, at=None), replace(FROST, title="hail")), after=timedelta(days=3)
    )
    assert reader.titles() == ["fire", "flood", "hail"]
    assert reader.lost_marks() == {}


def test_a_feed_that_moves_for_good_keeps_all_and_doubles_nothing(reader: Reader) -> None:
    reader.add()
    reader.check(TWO)
    reader.site.pages["/new"] = rss(replace(FIRE, link="https://new.example/fire"), FLOOD, FROST)
    for status in (301, 308, 301, 308):
        reader.check(Page(b"", status, {"Location": "/new"}))
    reader.check(Page(b"", 410))
    assert reader.titles() == ["fire", "flood", "frost"]
    assert reader.urls()["fire"] == "https://new.example/fire"
    assert reader.lost_marks() == {}


MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DATE = "{:%a, %d %b %Y %H:%M:%S GMT}"
LATER = DATE.format(NOON + timedelta(hours=2, minutes=90))
GOOD = {"ETag": '"1"'}


def good(head: str = "", **headers: str) -> Page:
    return Page(rss(FIRE, head=head), headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("answer", "at_least", "at_most"),
    [
        pytest.param(Page(b"", 503, {"Retry-After": LATER}), 90 * MINUTE, 2 * HOUR, id="a date"),
        pytest.param(Page(b"", 429, {"Retry-After": DATE.format(NOON)}), 14 * MINUTE, HOUR, id="a date that is over"),
        pytest.param(Page(b"", 429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}), DAY, 1.2 * DAY, id="9999"),
        pytest.param(Page(b"", 503, {"Retry-After": "9" * 400}), DAY, 1.2 * DAY, id="a number without end"),
        pytest.param(Page(b"", 429, {"Retry-After": "-60"}), 14 * MINUTE, HOUR, id="less than nothing"),
        pytest.param(Page(b"", 429, {"Retry-After": "soon"}), 14 * MINUTE, HOUR, id="a word"),
        pytest.param(Page(b"", 500, {"Retry-After": "7200"}), 2 * HOUR, 3 * HOUR, id="beside another status"),
        pytest.param(Page(b"", 429), 14 * MINUTE, HOUR, id="nothing"),
        pytest.param(
            good(Cache_Control="max-age=60", Expires="Fri, 31 Dec 9999 23:59:59 GMT"),
            14 * MINUTE,
            DAY,
            id="max-age first",
        ),
        pytest.param(good(Cache_Control="no-store, max-age=86400", Expires="0"), 14 * MINUTE, 12 * HOUR, id="no-store"),
        pytest.param(good(Cache_Control="max-age=7200", Expires="0"), 2 * HOUR, DAY, id="Expires of the past"),
        pytest.param(good(Cache_Control="max-age=86400, max-age=60"), 14 * MINUTE, 1.2 * DAY, id="max-age twice"),
        pytest.param(good(Cache_Control="max-age=99999999999"), DAY, 1.2 * DAY, id="max-age of an age"),
        pytest.param(good(Cache_Control="max-age=-1"), 14 * MINUTE, DAY, id="max-age of less than nothing"),
        pytest.param(good("<ttl>180</ttl>"), 3 * HOUR, DAY, id="ttl"),
        pytest.param(good("<ttl>999999</ttl>"), DAY, 1.2 * DAY, id="ttl of an age"),
        pytest.param(good("<ttl>-5</ttl>"), 14 * MINUTE, DAY, id="ttl of less than nothing"),
        pytest.param(
            good("<skipHours>" + "".join(f"<hour>{n}</hour>" for n in range(24)) + "</skipHours>"),
            14 * MINUTE,
            DAY,
            id="no hour at all",
        ),
        pytest.param(
            good("<skipDays><day>Sunday</day><day>Monday</day></skipDays>"), 35 * HOUR - HOUR, 2 * DAY, id="no Sunday"
        ),
        pytest.param(HTML, 14 * MINUTE, HOUR, id="a web page"),
    ],
)
def test_a_feed_is_asked_again_neither_too_soon_nor_too_late(
    reader: Reader, answer: Answer, at_least: timedelta, at_most: timedelta
) -> None:
    reader.add()
    reader.check(rss(FIRE))
    reader.check(answer)
    assert at_least <= reader.poll().next_check_at - reader.now <= at_most
    assert reader.titles() == ["fire"]
