"""The items of a plainly structured document, read as feedparser reads them, in a tenth of its time.

Most feeds say title, link, guid, date, author and text in the few ways that are named here, and nothing else. What
feedparser makes of these is quickly told; a document that holds anything else is feedparser's own, as a whole.
tests/hostile/test_plain_cases.py holds both ways of reading against each other, in every collected document.
"""

import contextlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat

from aggregator.parse import cut
from aggregator.parse.html import has_markup
from aggregator.parse.raw import RawBody, RawEntry

MAX_AUTHORS = 5

_ATOM = "http://www.w3.org/2005/Atom "
_DUBLIN_CORE = "http://purl.org/dc/elements/1.1/ "
_MEDIA = "http://search.yahoo.com/mrss/ "
_CONTENT = "http://purl.org/rss/1.0/modules/content/ "

_RSS_NAMES = {
    **{name: name for name in ("title", "link", "guid", "description", "author", "category", "enclosure", "source")},
    "pubDate": "published",
    f"{_DUBLIN_CORE}creator dc": "author",
    f"{_DUBLIN_CORE}date dc": "updated",
    f"{_CONTENT}encoded content": "content",
    f"{_MEDIA}thumbnail media": "thumbnail",
    f"{_MEDIA}content media": "media",
    **dict.fromkeys(
        (
            "comments",
            f"{_MEDIA}credit media",
            "http://purl.org/rss/1.0/modules/slash/ comments slash",
            "http://wellformedweb.org/CommentAPI/ commentRss wfw",
            "http://wellformedweb.org/CommentAPI/ commentRSS wfw",
            "http://madskills.com/public/xml/rss/module/trackback/ ping trackback",
            "http://rssnamespace.org/feedburner/ext/1.0 origLink feedburner",
            "com-wordpress:feed-additions:1 post-id",
        ),
        "other",
    ),
}
"""What an element is called here, by its name as expat gives it: namespace, name and prefix. With another prefix than
the usual one, feedparser takes it for something else now and then."""

_ATOM_NAMES = {
    **{f"{_ATOM}{name}": name for name in ("title", "link", "id", "published", "updated", "summary", "content")},
    f"{_ATOM}author": "authors",
    f"{_ATOM}category": "category",
    f"{_MEDIA}thumbnail media": "thumbnail",
}
_PREFIXES = {
    name.rpartition(" ")[2]: name.partition(" ")[0] for name in (*_RSS_NAMES, *_ATOM_NAMES) if name.count(" ") == 2
}
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang xml"
_PERSON_NAMES = {f"{_ATOM}{name}": name for name in ("name", "uri", "email")}

_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "guid": frozenset({"isPermaLink"}),
    "category": frozenset({"domain", "term", "scheme", "label"}),
    "source": frozenset({"url"}),
    "other": frozenset({"role", "scheme"}),
    "enclosure": frozenset({"url", "type", "length"}),
    "thumbnail": frozenset({"url", "width", "height"}),
    "media": frozenset({"url", "type", "medium", "width", "height", "fileSize", "expression", "isDefault"}),
}
_ATOM_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    **_ATTRIBUTES,
    **dict.fromkeys(("title", "summary", "content"), frozenset({"type"})),
    "link": frozenset({"rel", "type", "href", "title", "hreflang", "length"}),
}
_OFTEN = frozenset({"author", "authors", "category", "enclosure", "thumbnail", "media", "other"})
"""What an item may hold more than once; of links, Atom's alone."""

_TEXT_TYPES = {"text": "text/plain", "text/plain": "text/plain", "html": "text/html", "text/html": "text/html"}
_HTML_TYPES = frozenset({"html", "text/html", "xhtml", "application/xhtml+xml"})
_C1 = re.compile("[\x80-\x9f]")
_RSS_END, _ATOM_END = re.compile(rb"\s*</channel\s*>\s*</rss\s*>\s*"), re.compile(rb"\s*</feed\s*>\s*")


class _UnusualError(Exception):
    """The document holds something that is not told here."""


@dataclass(frozen=True, slots=True)
class _Said:
    """An element of an item that holds no other, but for an author's."""

    name: str
    attributes: Mapping[str, str]
    text: str


def read_items(plain: cut.Plain) -> tuple[RawEntry, ...] | None:
    """Return what the items of a document in UTF-8 say; None where that is not plainly told."""
    is_atom = plain.is_atom
    if not plain.is_utf8 or not _is_nothing_between(plain, _ATOM_END if is_atom else _RSS_END):
        return None
    reader = _Reader(is_atom=is_atom)
    try:
        reader.read(plain.body)
        entry_of = _atom_entry if is_atom else _rss_entry
        items = tuple(entry_of(said, reader.language.replace("_", "-")) for said in reader.items)
    except (_UnusualError, expat.ExpatError, ValueError, LookupError):
        return None
    return items if len(items) == len(plain.spans) else None


def _is_nothing_between(plain: cut.Plain, end: re.Pattern[bytes]) -> bool:
    """Whether items follow one another, and nothing follows the last."""
    ends = [stop for _, stop in plain.spans]
    starts = [start for start, _ in plain.spans[1:]]
    are_close = all(not plain.body[stop:start].strip() for stop, start in zip(ends, starts, strict=False))
    return are_close and end.fullmatch(plain.body, ends[-1]) is not None


class _Reader:
    """Takes from expat what stands in items."""

    def __init__(self, *, is_atom: bool) -> None:
        self.items: list[list[_Said]] = []
        self.language = ""
        self._names = _ATOM_NAMES if is_atom else _RSS_NAMES
        self._attributes = _ATOM_ATTRIBUTES if is_atom else _ATTRIBUTES
        self._item = f"{_ATOM}entry" if is_atom else "item"
        self._item_depth = 2 if is_atom else 3
        self._depth = 0
        self._is_inside = False
        self._open: list[tuple[str, Mapping[str, str]]] = []
        self._pieces: list[str] = []

    def read(self, body: bytes) -> None:
        parser = expat.ParserCreate("utf-8", " ")
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._take
        parser.StartNamespaceDeclHandler = self._declare
        parser.Parse(body, True)

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        if prefix in _PREFIXES and uri != _PREFIXES[prefix]:
            raise _UnusualError  # feedparser goes by the prefix then

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._is_inside:
            self._begin(name, attributes)
        elif self._depth < self._item_depth:
            if attributes.keys() - {"version", _LANGUAGE} or (_LANGUAGE in attributes and self._depth > 1):
                raise _UnusualError  # where links start
            self.language = attributes.get(_LANGUAGE, self.language)
        elif self._depth == self._item_depth and name == self._item:
            if attributes:
                raise _UnusualError
            self._is_inside = True
            self.items.append([])

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        names = _PERSON_NAMES if self._open and self._open[-1][0] == "authors" else self._names
        known = names.get(name)
        if known is None or (self._open and names is self._names):
            raise _UnusualError
        if attributes and not attributes.keys() <= self._attributes.get(known, frozenset()):
            raise _UnusualError
        if self._open and "".join(self._pieces).strip():
            raise _UnusualError
        self._open.append((known, attributes))
        self._pieces = []

    def _take(self, text: str) -> None:
        if self._open:
            self._pieces.append(text)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._open:
            name, attributes = self._open.pop()
            self.items[-1].append(_Said(name, attributes, "".join(self._pieces).strip()))
            self._pieces = []
        elif self._depth < self._item_depth:
            self._is_inside = False


def _rss_entry(said: Sequence[_Said], language: str) -> RawEntry:
    once = _once(said)
    guid = _address(once, "guid")
    leads_there = "guid" in once and once["guid"].attributes.get("isPermaLink", "true") == "true"
    return RawEntry(
        guid=guid,
        link=_address(once, "link") if "link" in once or not leads_there else guid,
        title=_text(once, "title"),
        bodies=_bodies(once, "content", "description", usually="text/html"),
        author=_names(_mended(each.text) for each in said if each.name == "author"),
        dates=(_text(once, "published"), _text(once, "updated"), ""),
        language=language if "title" in once else "",
        images=tuple(_images(said)),
        origin_name=_text(once, "source"),
        origin_link=once["source"].attributes.get("url", "") if "source" in once else "",
    )


def _atom_entry(said: Sequence[_Said], language: str) -> RawEntry:
    once = _once([each for each in said if each.name not in {"link", "name", "uri", "email"}])
    guid = _address(once, "id")
    return RawEntry(
        guid=guid,
        link=_atom_link([each.attributes for each in said if each.name == "link"], guid),
        title=_title(once),
        bodies=_bodies(once, "content", "summary", usually="text"),
        author=_names(_persons(said)),
        dates=(_text(once, "published"), _text(once, "updated"), ""),
        language=language if "title" in once else "",
        images=tuple(_images(said)),
    )


def _once(said: Sequence[_Said]) -> dict[str, _Said]:
    """Return the elements by name, all of which an item may hold only once."""
    single = [each for each in said if each.name not in _OFTEN]
    by_name = {each.name: each for each in single}
    if len(by_name) < len(single):
        raise _UnusualError
    return by_name


def _text(once: Mapping[str, _Said], name: str) -> str:
    return _mended(once[name].text) if name in once else ""


def _title(once: Mapping[str, _Said]) -> str:
    if "title" in once and once["title"].attributes.get("type", "text").lower() not in _TEXT_TYPES:
        raise _UnusualError
    return _text(once, "title")


def _mended(text: str) -> str:
    """Return the text as feedparser mends it: one that was taken for Latin-1 and encoded once more is decoded."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    if _C1.search(text):
        raise _UnusualError  # taken for letters of Windows-1252
    return text


def _address(once: Mapping[str, _Said], name: str) -> str:
    return _plain_address(_text(once, name))


def _plain_address(url: str) -> str:
    """Return an address that feedparser leaves as it is."""
    if ":///" in url or ("&" in url and ";" in url):
        raise _UnusualError
    return url


def _atom_link(links: Sequence[Mapping[str, str]], guid: str) -> str:
    """Return the last link that leads to a page, else the guid, else the first link that stands for the entry."""
    hrefs = []
    for each in links:
        href = _plain_address(each.get("href", ""))
        if not href:
            raise _UnusualError
        if each.get("rel", "alternate").lower() == "alternate":
            hrefs.append((href, each.get("type", "text/html").lower() in _HTML_TYPES))
    pages = [href for href, is_page in hrefs if is_page]
    return pages[-1] if pages else guid or next((href for href, _ in hrefs), "")


def _bodies(once: Mapping[str, _Said], content: str, summary: str, *, usually: str) -> tuple[RawBody, ...]:
    """Return the whole text and the summary; where there is no summary, feedparser takes the text for that too."""
    whole = _body(once[content], usually) if content in once else None
    short = _body(once[summary], usually) if summary in once else RawBody(_text(once, content))
    return (whole, short) if whole else (short,)


def _body(said: _Said, usually: str) -> RawBody:
    kind = _TEXT_TYPES.get(said.attributes.get("type", usually).lower())
    if kind is None:
        raise _UnusualError
    text = _mended(said.text)
    is_text = kind == "text/plain" and not has_markup(text)
    return RawBody(html.escape(text, quote=False).replace("\n\n", "<p>") if is_text else text)


def _names(names: Iterable[str]) -> str:
    given = list(names)
    if any("@" in name for name in given):
        raise _UnusualError  # an address for mail, which feedparser takes apart
    return ", ".join(dict.fromkeys(filter(None, given[:MAX_AUTHORS])))


def _persons(said: Sequence[_Said]) -> Iterator[str]:
    """Yield the name of each author."""
    person: dict[str, str] = {}
    for each in said:
        if each.name in {"name", "uri", "email"}:
            if each.name in person:
                raise _UnusualError
            person[each.name] = each.text
        elif each.name == "authors":
            if each.text or not person.get("name"):
                raise _UnusualError
            yield person["name"]
            person = {}


def _images(said: Sequence[_Said]) -> Iterator[str]:
    """Yield the addresses of the item's pictures in feedparser's order, likelier ones first."""
    pictures = [each for each in said if _is_picture(each)]
    for name in ("media", "thumbnail", "enclosure", "link"):
        urls = (each.attributes.get("url") or each.attributes.get("href", "") for each in pictures if each.name == name)
        yield from filter(None, urls)


def _is_picture(said: _Said) -> bool:
    kind = said.attributes.get("type", "").lower()
    if said.name == "thumbnail":
        if said.text:
            raise _UnusualError
        return True
    if said.name == "link":
        return said.attributes.get("rel", "").lower() == "enclosure" and kind.startswith("image/")
    if said.name in {"media", "enclosure"}:
        return said.attributes.get("medium") == "image" or kind.startswith("image/")
    return False
