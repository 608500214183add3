"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), which feedparser 6 does not read."""

import html
import json
from typing import Any

import msgspec

from aggregator.errors import ParseError
from aggregator.parse.raw import RawBody, RawEntry, RawFeed

MAX_PARTS = 300_000
"""Objects and lists in a document: they take many times the room in memory that they take in it."""
MAX_COMMAS = 2_000_000
"""As a bound for all other values; 15 MiB of prose have a tenth of that."""

Said = dict[str, Any]
"""An object of the document, in which anything may be of any type."""


def is_json(body: bytes) -> bool:
    """Whether a document can only be JSON."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_json_feed(body: bytes) -> RawFeed | None:
    """Return what the document says, or None where it is JSON of another kind."""
    if body.count(b"{") + body.count(b"[") > MAX_PARTS or body.count(b",") > MAX_COMMAS:
        raise ParseError("The document holds more values than any feed does.")
    try:
        feed = _decoded(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"The document begins as JSON and is not: {error}.") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return None
    return RawFeed(
        title=_text(feed, "title"),
        link=_text(feed, "home_page_url"),
        language=_text(feed, "language"),
        hub_link=_hub(feed),
        self_link=_text(feed, "feed_url"),
        entries=tuple(_entry(item) for item in feed["items"] if isinstance(item, dict)),
    )


def _decoded(document: str) -> Any:
    """Return what a document says, as strictly as it allows.

    Some hold half an emoji, a bare line end inside a string or something behind their end, and lose nothing by it.
    """
    try:
        return msgspec.json.decode(document)
    except msgspec.DecodeError:
        return json.JSONDecoder(strict=False, parse_int=str).raw_decode(document.lstrip())[0]


def _hub(feed: Said) -> str:
    hubs = feed.get("hubs")
    listed = [hub for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, list) else []
    return next((_text(hub, "url") for hub in listed if _text(hub, "type").lower() == "websub"), "")


def _entry(item: Said) -> RawEntry:
    return RawEntry(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        bodies=tuple(_bodies(item)),
        author=_author(item),
        dates=(_text(item, "date_published"), _text(item, "date_modified")),
        language=_text(item, "language"),
        images=(_text(item, "image"), _text(item, "banner_image"), *_attached_images(item)),
    )


def _bodies(item: Said) -> list[RawBody]:
    """Return the HTML where there is any, since the plain text beside it says the same."""
    if _text(item, "content_html"):
        return [RawBody(_text(item, "content_html"))]
    texts = (_text(item, "content_text"), _text(item, "summary"))
    return [RawBody(html.escape(text, quote=False).replace("\n\n", "<p>")) for text in texts]


def _author(item: Said) -> str:
    """Return the authors' names, of version 1.1 or of 1.0."""
    authors = item.get("authors")
    listed = authors if isinstance(authors, list) and authors else [item.get("author")]
    return ", ".join(filter(None, (_text(author, "name") for author in listed[:5] if isinstance(author, dict))))


def _attached_images(item: Said) -> list[str]:
    attachments = item.get("attachments")
    listed = attachments if isinstance(attachments, list) else []
    images = [one for one in listed if isinstance(one, dict) and _text(one, "mime_type").startswith("image/")]
    return [_text(image, "url") for image in images]


def _text(said: Said, name: str) -> str:
    """Return what stands under a name; version 1.0 allows numbers as ids."""
    value = said.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
