"""What holds for any input at all: each target takes bytes and fails where something does not hold.

The suite calls these with hypothesis and with mutants, `make fuzz` with atheris, which looks for inputs that take new
ways through the code.
"""

import importlib.util
import io
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

import feedparser

from aggregator import arrivals
from aggregator.errors import OpmlError, ParseError
from aggregator.fetch.guard import Target, read_allowed, target_of
from aggregator.models.arrivals import Known
from aggregator.models.entries import ParsedFeed
from aggregator.models.feeds import Feed
from aggregator.parse.dates import FIRST_YEAR, parse_date
from aggregator.parse.feed import parse_feed
from aggregator.parse.html import clean_text, first_image, plain_line, plain_text, sanitise, text_of, valid_text
from aggregator.parse.json_feed import is_json
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.parse.urls import (
    MAX_URL_CHARS,
    as_feed_url,
    canonical_url,
    feed_url_problem,
    masked,
    registrable_domain,
    safe_link,
)

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
URL = "https://site.example/feed"
FEED = Feed(id=1, feed_url=URL, title="A feed", added_at=NOON)
MAX_JUDGED_CHARS = 50_000
"""Of HTML: the judge of it is slow."""


def read_feed(document: bytes) -> None:
    """A document is read or refused in words; no entry is lost that feedparser sees, and all of it is valid text."""
    n_seen = n_by_feedparser(document)
    try:
        parsed = parse_feed(document, url=URL)
    except ParseError:
        assert n_seen == 0, f"feedparser sees {n_seen} entries in what is refused"
        return
    assert len(parsed.entries) >= n_seen, f"feedparser sees {n_seen} entries, and {len(parsed.entries)} are read"
    assert unclean_words(parsed) == []
    distinct = arrivals.distinct(parsed.entries, FEED)
    assert len({each.guid for each in distinct}) == len(distinct)
    decided = arrivals.decide(distinct, Known(), FEED, now=NOON)
    assert len(decided.new) == len(distinct)
    again = parse_feed(document, url=URL, known_items=parsed.items)
    assert len(again.entries) + again.n_cut == len(parsed.entries)


def n_by_feedparser(document: bytes) -> int:
    """Return how many entries feedparser finds; none where it stumbles, or where a document can only be JSON."""
    if is_json(document):
        return 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = feedparser.parse(io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False)
        except Exception:
            return 0
    return len(found["entries"])


def unclean_words(parsed: ParsedFeed) -> list[str]:
    """Return every text of a feed that is not clean: lone surrogates, NUL, what XML does not allow."""
    words, codes = [parsed.title], [parsed.site_url]
    for each in parsed.entries:
        words += [each.title, each.text, each.author, each.origin_name]
        codes += [each.guid, each.url, each.canonical_url, each.domain, each.content_html]
        codes += [each.language, each.image_url, each.origin_url]
    unclean = [text for text in words if text and text != clean_text(text)]
    return unclean + [text for text in (*words, *codes) if text and not is_valid(text)]


def is_valid(text: str) -> bool:
    """Whether text is valid Unicode as any database, page or list can hold it."""
    return text == valid_text(text) and text.encode("utf-8").decode("utf-8") == text


def read_list(document: bytes) -> None:
    """A list is read or refused in words; what is written of it is read back and written the same."""
    try:
        found = parse_opml(document)
    except OpmlError:
        return
    written = write_opml(found, title="x")
    assert not found or write_opml(parse_opml(written), title="x") == written


def read_date(given: bytes) -> None:
    """A date is a moment in UTC that news may be from, or missing."""
    moment = parse_date(given.decode("utf-8", "replace"))
    assert moment is None or (moment.tzinfo is UTC and moment.year >= FIRST_YEAR)


def read_address(given: bytes) -> None:
    """Links lead into the web or nowhere, canonical addresses are their own, and none of it fails."""
    text = given.decode("utf-8", "replace")
    for base in (None, URL):
        link = safe_link(text, base)
        assert link is None or link.startswith(("http://", "https://")), link
        canonical = canonical_url(link)
        # encoded, it may be longer than an address may be, and no address itself; it is a key all the same
        is_address = canonical is not None and len(canonical) <= MAX_URL_CHARS
        assert not is_address or canonical_url(canonical) == canonical, canonical
        assert not link or is_valid(link)
    registrable_domain(text)
    masked(text)
    if feed_url_problem(text) is None:
        assert as_feed_url(text).startswith(("http://", "https://"))
    target = target_of(text, read_allowed(()))
    assert not isinstance(target, Target) or target.url.startswith(("http://", "https://"))


def clean_html(given: bytes) -> None:
    """What is left of any markup holds nothing that an independent judge minds, and means the same read again."""
    markup = given.decode("utf-8", "replace")[:MAX_JUDGED_CHARS]
    clean = sanitise(markup, base_url="https://site.example/a/")
    assert is_valid(clean)
    assert judge().violations(clean) == []
    assert sanitise(clean, base_url="https://site.example/a/") == clean
    assert text_of(clean).split() == plain_text(clean).split()
    assert first_image(clean) is None or str(first_image(clean)).startswith(("http://", "https://"))
    assert "\n" not in plain_line(markup)


@cache
def judge() -> ModuleType:
    """Return the judge of HTML that comes with the collected cases."""
    spec = importlib.util.spec_from_file_location("policy", DATA / "cases" / "html" / "policy.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TARGETS: dict[str, Callable[[bytes], None]] = {
    "feed": read_feed,
    "list": read_list,
    "date": read_date,
    "address": read_address,
    "html": clean_html,
}
CORPORA = {"feed": ("cases/feedparser/tests", "feeds"), "list": ("cases/opml/files",)}
"""Where to begin from, for what hypothesis does not make up by itself."""
MAX_ORIGINAL_BYTES = 20_000


def corpus(name: str) -> list[bytes]:
    """Return the collected documents that mutants of a kind are made from."""
    paths = (path for folder in CORPORA.get(name, ()) for path in sorted((DATA / folder).rglob("*")))
    return [path.read_bytes() for path in paths if path.is_file() and path.stat().st_size <= MAX_ORIGINAL_BYTES]
