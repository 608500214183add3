import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import feedparser
import pytest

from aggregator.config import ParseSettings
from aggregator.errors import ParseError
from aggregator.models.entries import ParsedFeed
from aggregator.models.fetching import Fetched, Request
from aggregator.parse.feed import parse_feed
from aggregator.parse.sandbox import Parsers
from aggregator.parse.strict import read_found
from tests.fuzz.targets import unclean_words

DATA = Path(__file__).parents[2].parent / "shared" / "data"
URL = "https://site.example/feed"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the collected feeds lie in ../shared, which is not here")


def parsed(body: bytes) -> ParsedFeed:
    try:
        return parse_feed(body, url=URL)
    except ParseError:
        return ParsedFeed()


def by_feedparser(body: bytes) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False))


def n_by_feedparser(body: bytes) -> int:
    return len(by_feedparser(body)["entries"])


def said(found: Any) -> Any:
    """Return what feedparser found, without dates as moments."""
    if isinstance(found, Mapping):
        return {name: said(value) for name, value in found.items() if not name.endswith("_parsed")}
    return [said(each) for each in found] if isinstance(found, list) else found


@needs_data
def test_every_case_of_feedparser_is_read_and_loses_no_entry() -> None:
    paths = [path for path in (DATA / "cases" / "feedparser" / "tests").rglob("*") if path.is_file()]
    fewer, unclean = [], []
    for path in paths:
        body = path.read_bytes()
        feed = parsed(body)
        if len(feed.entries) < n_by_feedparser(body):
            fewer.append(path.name)
        unclean += [(path.name, text) for text in unclean_words(feed)]
    assert len(paths) == 2107
    assert fewer == []
    assert unclean == []


@needs_data
def test_every_document_says_what_feedparser_says_to_the_letter() -> None:
    paths = [path for path in (DATA / "cases" / "feedparser" / "tests").rglob("*") if path.is_file()]
    paths += (DATA / "feeds").glob("*.xml")
    others = []
    for path in paths:
        body = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read_found(body, {})
        expected = by_feedparser(body)
        if any(said(found.get(name)) != said(expected.get(name)) for name in ("version", "feed", "entries")):
            others.append(path.name)
    assert len(paths) > 2107
    assert others == []


@needs_data
@pytest.mark.slow
def test_every_real_feed_is_read_and_loses_no_entry() -> None:
    """Counted against feedparser, or, for JSON Feed, against the list of items."""
    names = [json.loads(line)["file"] for line in (DATA / "feeds" / "MANIFEST.jsonl").read_text().split("\n") if line]
    fewer, unclean, undated = [], [], 0
    for name in names:
        body = (DATA / "feeds" / name).read_bytes()
        feed = parse_feed(body, url=URL)
        n_said = len(json.loads(body)["items"]) if name.endswith(".json") else n_by_feedparser(body)
        if len(feed.entries) != n_said:
            fewer.append(name)
        unclean += [(name, text) for text in unclean_words(feed)]
        undated += sum(entry.published_at is None for entry in feed.entries)
    assert len(names) == 385
    assert fewer == []
    assert unclean == []
    assert undated < 200


def rss(items: bytes, dtd: bytes = b"") -> bytes:
    return dtd + b'<rss version="2.0"><channel><title>T</title>' + items + b"</channel></rss>"


ENTITIES = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
BOMBS = {
    "an author of 32 kB": rss(b"<item><author>" + b"a" * 32_768 + b"</author></item>"),
    "an author of 1 MB": rss(b"<item><author>" + b"a." * 500_000 + b"</author></item>"),
    "100,000 attributes": rss(b"<item " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"/>"),
    "a depth of 100,000": rss(b"<a>" * 100_000 + b"<item/>"),
    "entities in entities": rss(
        b"<item><title>&j;</title></item>", b'<!DOCTYPE r [<!ENTITY a "ha">' + ENTITIES + b"]>"
    ),
    "100,000 items in items": rss(b"<item>" * 100_000),
    "HTML of depth 100,000": rss(b"<item><description>" + b"&lt;b>" * 100_000 + b"</description></item>"),
    "14 MB of paragraphs": rss(b"<item><description>" + b"&lt;p>x" * 2_000_000 + b"</description></item>"),
    "JSON of depth 1,000,000": b"[" * 1_000_000,
    "JSON of 5,000,000 items": b'{"items": [' + b"{}," * 5_000_000 + b"{}]}",
    "JSON of 1,900,000 words": b'{"items": [' + b'"word",' * 1_900_000 + b"{}]}",
}


def test_no_bomb_stops_the_parsers() -> None:
    """Each is read or refused within its limits, and the feed after it is read."""
    with Parsers(ParseSettings(timeout_s=3.0)) as parsers:
        answers = {name: parsers.parse(reply(body)) for name, body in BOMBS.items()}
        for answer in answers.values():
            error = answer.exception(timeout=60)
            assert error is None or isinstance(error, ParseError)
        after = parsers.parse(reply(rss(b"<item><title>A</title></item>"))).result(timeout=60)
        assert isinstance(after, ParsedFeed)
        assert len(after.entries) == 1


def reply(body: bytes) -> Fetched:
    return Fetched(request=Request(URL), url=URL, body=body)
