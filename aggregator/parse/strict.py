"""feedparser's own way with well-formed documents, without what nobody here asks of it: the same, in less time."""

import io
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from xml.sax import SAXException
from xml.sax.expatreader import ExpatParser
from xml.sax.handler import feature_external_ges
from xml.sax.xmlreader import InputSource

import feedparser
from feedparser.api import StrictFeedParser
from feedparser.encodings import convert_to_utf8
from feedparser.sanitizer import replace_doctype

from aggregator.parse.encoding import with_possible_references


def read_found(body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what `feedparser.parse` finds in a document, but for dates as moments; it has the ill-formed ones.

    feedparser's sanitiser and link resolver stay off: both are slower than ours, and the first lets half of the
    hostile inputs through. It is told no address either, so that guids do not change when a feed moves.
    """
    # Not in an except clause: what was read in vain would be held while it is read again.
    with suppress(SAXException):
        return _read_strictly(body, headers)
    found: Mapping[str, Any] = feedparser.parse(
        io.BytesIO(with_possible_references(body)),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return found


def _read_strictly(body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what a well-formed document says; what is done is the second half of `feedparser.parse`."""
    how: dict[str, Any] = {}
    data = convert_to_utf8(headers, body, how)
    if not how["encoding"]:
        raise SAXException("Its encoding is unknown.")
    version, data, _ = replace_doctype(data)
    reader = _Reader("", None, "utf-8")
    parser = _Expat(namespaceHandling=True)
    parser.setFeature(feature_external_ges, False)
    parser.setContentHandler(reader)
    parser.setErrorHandler(reader)
    source = InputSource()
    source.setByteStream(io.BytesIO(data))
    parser.parse(source)
    return {"version": version or reader.version, "feed": reader.feeddata, "entries": reader.entries}


class _Expat(ExpatParser):
    """Gives each text as a whole; the library's gives every line and every entity by itself, a thousand to a feed."""

    def reset(self) -> None:
        super().reset()
        self._parser.buffer_text = True  # type: ignore[attr-defined]


class _Content(dict[str, Any]):
    """What is known of the element that is being read: asked eight times for each one, and copied for each text.

    feedparser takes its FeedParserDict for that, whose other names for keys are no use here.
    """

    def __deepcopy__(self, seen: Mapping[int, Any]) -> "_Content":
        return _Content(self)


class _Reader(StrictFeedParser):  # type: ignore[misc]
    """feedparser's handler of what is in a well-formed document."""

    resolve_relative_uris = False
    sanitize_html = False

    def __init__(self, base_url: str, language: str | None, encoding: str) -> None:
        super().__init__(base_url, language, encoding)
        self.contentparams = _Content()

    def characters(self, text: str) -> None:
        """Take a text; its `<` apart, so that none is held to be the tag that feedparser takes off around XHTML."""
        if text.startswith("<"):
            self.handle_data("<")
            text = text[1:]
        self.handle_data(text)

    def push_content(self, tag: str, attributes: Mapping[str, str], content_type: str, expecting_text: int) -> None:
        super().push_content(tag, attributes, content_type, expecting_text)
        self.contentparams = _Content(self.contentparams)

    def _end_published(self) -> None:
        self.pop("published")

    def _end_updated(self) -> None:
        self.pop("updated")

    def _end_created(self) -> None:
        self.pop("created")

    # our own dates.py reads them
    _end_issued = _end_pubdate = _end_published
    _end_modified = _end_lastbuilddate = _end_updated
