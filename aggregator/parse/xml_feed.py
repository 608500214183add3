"""RSS, Atom and RDF as feedparser reads them; the only file that knows its dictionaries."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax import SAXException

from aggregator.errors import ParseError
from aggregator.models.feeds import Wishes
from aggregator.parse.html import has_markup
from aggregator.parse.mend import mended
from aggregator.parse.raw import RawBody, RawEntry, RawFeed
from aggregator.parse.strict import read_found

MAX_AUTHORS = 5
_PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Said = Mapping[str, Any]
"""What feedparser found at one element."""


def read_xml_feed(body: bytes, *, content_type: str | None) -> RawFeed | None:
    """Return what the document says, or None where feedparser finds no feed in it."""
    headers = {"content-type": content_type} if content_type else {}
    try:
        found = read_found(mended(body), headers)
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ParseError(f"The document is too broken to be read ({type(error).__name__}).") from error
    version = str(found.get("version") or "")
    if not version and not found["entries"]:
        return None
    feed: Said = dict(found["feed"])
    return RawFeed(
        title=_text(feed, "title"),
        link=_link(feed),
        language=_text(feed, "language"),
        wishes=_wishes(feed, body),
        hub_link=_related(feed, "hub"),
        self_link=_related(feed, "self"),
        is_well_formed=not isinstance(found.get("bozo_exception"), SAXException),
        links_start_at_site=not version.startswith("atom"),
        entries=tuple(_entry(dict(entry)) for entry in found["entries"]),
    )


def _entry(entry: Said) -> RawEntry:
    source = _mapping(entry, "source")
    return RawEntry(
        guid=_text(entry, "id"),
        link=_link(entry),
        title=_text(entry, "title"),
        bodies=tuple(_body(detail) for detail in _bodies(entry)),
        author=_author(entry),
        dates=tuple(_text(entry, name) for name in ("published", "updated", "created")),
        language=_text(entry, "language") or _text(_mapping(entry, "title_detail"), "language"),
        images=tuple(_images(entry)),
        origin_name=_text(source, "title"),
        origin_link=_text(source, "href") or _link(source),
    )


def _bodies(entry: Said) -> list[Said]:
    summary = _mapping(entry, "summary_detail") or {"value": _text(entry, "summary"), "type": "text/html"}
    return [*_mappings(entry, "content"), summary]


def _body(detail: Said) -> RawBody:
    value = _text(detail, "value")
    is_text = _text(detail, "type") == "text/plain" and not has_markup(value)
    return RawBody(html.escape(value, quote=False).replace("\n\n", "<p>") if is_text else value, _text(detail, "base"))


def _link(said: Said) -> str:
    """Return where a feed or an entry leads; never an enclosure."""
    links = [link for link in _mappings(said, "links") if _text(link, "rel") == "alternate"]
    pages = [link for link in links if "html" in _text(link, "type")]
    hrefs = [_text(said, "link"), *(_text(link, "href") for link in pages + links)]
    return next((href for href in hrefs if href), "")


def _related(said: Said, relation: str) -> str:
    links = (_text(link, "href") for link in _mappings(said, "links") if _text(link, "rel") == relation)
    return next((href for href in links if href), "")


def _author(entry: Said) -> str:
    """Return the authors' names; an address for mail only where there is no name."""
    names = [_text(author, "name") for author in _mappings(entry, "authors")[:MAX_AUTHORS]]
    return ", ".join(dict.fromkeys(filter(None, names))) or _text(entry, "author")


def _images(entry: Said) -> list[str]:
    """Return the addresses of the entry's pictures, likelier ones first."""
    media = [item for item in _mappings(entry, "media_content") if _is_image(item)]
    enclosed = [link for link in _mappings(entry, "links") if _text(link, "rel") == "enclosure" and _is_image(link)]
    found = [*media, *_mappings(entry, "media_thumbnail"), *enclosed, _mapping(entry, "image")]
    return list(filter(None, (_text(item, "url") or _text(item, "href") for item in found if not _is_dot(item))))


def _is_dot(item: Said) -> bool:
    """Whether a picture is too small to show anything: one that counts its readers."""
    return any(re.fullmatch(r"\s*[0-3](?:px)?\s*", _text(item, side)) for side in ("width", "height"))


def _is_image(item: Said) -> bool:
    return _text(item, "medium") == "image" or _text(item, "type").startswith("image/")


def _wishes(feed: Said, body: bytes) -> Wishes:
    return Wishes(
        ttl_s=_ttl_s(feed),
        skip_hours=frozenset(_skip_hours(body)) if "skiphours" in feed else frozenset(),
        skip_days=frozenset(_skip_days(body)) if "skipdays" in feed else frozenset(),
    )


def _skip_hours(body: bytes) -> Iterator[int]:
    """Yield the hours of `skipHours`; RSS 0.91 counts 1 to 24 and RSS 2.0 0 to 23, and 24 means 0 in either."""
    for hour in _skipped(body, b"hour"):
        if hour.isdigit() and int(hour[:3]) <= 24:
            yield int(hour[:3]) % 24


def _skip_days(body: bytes) -> Iterator[int]:
    for day in _skipped(body, b"day"):
        if day.lower() in _WEEKDAYS:
            yield _WEEKDAYS.index(day.lower())


def _skipped(body: bytes, unit: bytes) -> list[str]:
    """Return what stands in `skipHours` or `skipDays`, word for word: feedparser keeps only the last of them."""
    found = re.search(rb"<skip%bs\b[^>]*>(.{,4000}?)</skip%bs\s*>" % (unit, unit), body, re.I | re.S)
    words = re.findall(rb"<%b\b[^>]*>\s*(\w{1,9})\s*</%b" % (unit, unit), found[1], re.I) if found else []
    return [word.decode("ascii") for word in words if word.isascii()]


def _ttl_s(feed: Said) -> int | None:
    """Return the feed's wish for the time between checks: `ttl` in minutes, or the Syndication module's period."""
    minutes = _whole_number(_text(feed, "ttl"))
    if minutes:
        return minutes * 60
    period_s = _PERIODS_S.get(_text(feed, "sy_updateperiod").strip().lower())
    return period_s // (_whole_number(_text(feed, "sy_updatefrequency")) or 1) if period_s else None


def _whole_number(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 6 else None


def _text(said: Said, name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _mapping(said: Said, name: str) -> Said:
    value = said.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _mappings(said: Said, name: str) -> list[Said]:
    value = said.get(name)
    return [dict(item) for item in value if isinstance(item, Mapping)] if isinstance(value, Sequence) else []
