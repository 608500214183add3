"""Leaving out the items of a document that are there word for word as last time, where its structure is plain.

feedparser takes most of the time of a check, and of a busy feed all items but one are usually known. Where nothing is
plain, nothing is cut: tests/hostile/test_cut_cases.py holds both ways of reading against each other.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from xml.parsers import expat

from aggregator.models.entries import Entry

VERSION = b"2"
"""Of how items are read: raised when that changes, so that every item is read anew once."""

_HASH_BYTES = 8
_MARK_BYTES = 4 * _HASH_BYTES
_PLAIN_CHARSETS = frozenset((b"", b"utf-8", b"us-ascii", b"iso-8859-1", b"windows-1252"))
"""Encodings in which no byte of another character can look like a `<`."""

_OUTSIDE = rb"(?:<\?[^>]*\?>|<!--(?:(?!-->).)*-->|\s)*"
_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml(?P<declaration>[^>]*)\?>)?" + _OUTSIDE + rb"<(?:rss\b[^>]*>"
    + _OUTSIDE + rb"<channel\b[^>]*>|(?P<atom>feed)\b[^>]*>)",
    re.S,
)  # fmt: skip
_BASE = re.compile(rb"base(?<=[\s:]base)\s*=")
"""An xml:base inside an item, which feedparser lets leak into all that come after. Begins with letters, so that these
are searched for at the speed of memory."""
_ENCODING = re.compile(rb"\bencoding\s*=\s*[\"']([^\"']*)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_TOKEN = re.compile(
    rb"<!\[CDATA\[[^\]]*+(?:\](?!\]>)[^\]]*+)*+\]\]>|<!--[^-]*+(?:-(?!->)[^-]*+)*+-->|<(/?)(item|entry)\b([^<>]*)>"
)
"""Text in which a tag is none is run over without a look at each letter (`.*?` takes five times as long)."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A document whose items can be told apart without reading it."""

    body: bytes
    spans: tuple[tuple[int, int], ...]
    """Where each item begins and ends."""
    hashes: tuple[bytes, ...]
    """Of each item, as it stands, under this document's root; no two are the same."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells an item from others when it comes again, as hashes."""

    item: bytes
    guid: bytes
    url: bytes
    words: bytes

    @property
    def names(self) -> tuple[bytes, bytes, bytes]:
        """By what an entry is known to be another's: its guid, its address, its words."""
        return self.guid, self.url, self.words


def split(body: bytes, content_type: str | None) -> Plain | None:
    """Return where the items of an RSS or Atom document are; None where its structure is not plain."""
    head = _HEAD.match(body)
    if head is None or not _is_plainly_encoded(head["declaration"] or b"", content_type):
        return None
    spans = _spans(body, head.end(), b"entry" if head["atom"] else b"item")
    if not spans or _BASE.search(body, head.end()):
        return None
    seed = _hash(VERSION, head[0], (content_type or "").encode("latin-1", "replace"))
    hashes = tuple(_hash(seed, body[start:end]) for start, end in spans)
    return Plain(body, spans, hashes) if len(set(hashes)) == len(hashes) else None


def places_to_read(plain: Plain, known: Collection[bytes]) -> list[int]:
    """Return the places of the items that have to be read: those that are new, and each one before such a one.

    feedparser lets some of an item's state (which of its elements was the summary) leak into the next.
    """
    is_new = [item not in known for item in plain.hashes]
    return [n for n, here in enumerate(is_new) if here or any(is_new[n + 1 : n + 2])]


def only(plain: Plain, places: Collection[int]) -> bytes | None:
    """Return the document with no other items than those at these places; None where it is not well-formed.

    feedparser reads what is not well-formed as a whole in another way, all of it.
    """
    try:
        expat.ParserCreate(None, " ").Parse(plain.body, True)
    except (expat.ExpatError, ValueError, LookupError):
        return None
    return b"".join(_pieces(plain, places))


def mark(item: bytes, entry: Entry) -> Mark:
    """Return what an item of this hash is known by, having been read as this entry."""
    url = _hash(entry.canonical_url.encode()) if entry.canonical_url else bytes(_HASH_BYTES)
    words = _hash(entry.title.encode("utf-8", "surrogatepass"), entry.text.encode("utf-8", "surrogatepass"))
    return Mark(item, _hash(entry.guid.encode("utf-8", "surrogatepass")), url, words)


def pack(marks: Iterable[Mark]) -> bytes:
    """Return the marks as they are kept."""
    return b"".join(each.item + each.guid + each.url + each.words for each in marks)


def unpack(packed: bytes) -> dict[bytes, Mark]:
    """Return the marks that were kept, by their items' hashes; nothing of what does not look like that."""
    if len(packed) % _MARK_BYTES:
        return {}
    rows = (packed[at : at + _MARK_BYTES] for at in range(0, len(packed), _MARK_BYTES))
    marks = (Mark(*(row[at : at + _HASH_BYTES] for at in range(0, _MARK_BYTES, _HASH_BYTES))) for row in rows)
    return {each.item: each for each in marks}


def share_a_name(marks: Iterable[Mark], others: Iterable[Mark]) -> bool:
    """Whether an entry of the ones may be an entry of the others: only side by side can they be told apart."""
    taken = [set(names) - {bytes(_HASH_BYTES)} for names in zip(*(each.names for each in others), strict=True)]
    return any(name in names for each in marks for name, names in zip(each.names, taken, strict=False))


def _is_plainly_encoded(declaration: bytes, content_type: str | None) -> bool:
    declared = _ENCODING.search(declaration)
    charset = _CHARSET.search(content_type or "")
    in_document = declared[1].strip().lower() if declared else b""
    in_header = charset[1].lower().encode("ascii", "replace") if charset else b""
    same = {in_document or b"utf-8", in_header or in_document or b"utf-8"}
    return in_document in _PLAIN_CHARSETS and len(same) == 1


def _spans(body: bytes, begin: int, name: bytes) -> tuple[tuple[int, int], ...]:
    """Return where items begin and end; nothing where one lies in another, or is empty, or never ends."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for token in _TOKEN.finditer(body, begin):
        if token[2] != name:
            continue
        if token[3].endswith(b"/") or (start is None) == bool(token[1]):
            return ()
        if start is None:
            start = token.start()
        else:
            spans.append((start, token.end()))
            start = None
    return tuple(spans) if start is None else ()


def _pieces(plain: Plain, places: Collection[int]) -> Iterator[bytes]:
    at = 0
    for place, (start, end) in enumerate(plain.spans):
        if place not in places:
            yield plain.body[at:start]
            at = end
    yield plain.body[at:]


def _hash(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=_HASH_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.digest()
