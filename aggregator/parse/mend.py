"""What is put right of a feed's bytes before they are read: an encoding that is not theirs, ampersands left bare."""

import re

_DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"'>]{1,40})[\"']", re.I)
_WIDE = re.compile(rb"(?:utf|ucs|iso-10646-ucs)[-_]?(?:16|32|2|4)(?:[-_]?[lb]e)?", re.I)
_BARE = re.compile(rb"&(?!#?\w{1,32};)")
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_MANY_TO_ONE = 3
"""With so many good letters to each bad byte a text is UTF-8 with faults: in other encodings hardly any is good."""


def mended(body: bytes) -> bytes:
    """Return a document that is read as it was meant; the same bytes where nothing is amiss."""
    if b"\x00" in body[:200]:
        return body  # UTF-16 or UTF-32, which says so itself
    return _with_escaped_ampersands(_in_its_encoding(body))


def _in_its_encoding(body: bytes) -> bytes:
    """Return the document without a word of UTF-16 where it can be none, and as UTF-8 where all but a little of it is.

    Programs write "utf-16" over what they send as UTF-8, and cut texts in the middle of a letter; by one such byte
    all of a document would be taken for Windows-1252.
    """
    declared = _DECLARED.match(body)
    if declared and _WIDE.fullmatch(declared[1]):
        return _mostly_utf8(body[: declared.start(1)] + b"utf-8" + body[declared.end(1) :])
    is_other = declared is not None and declared[1].lower() not in (b"utf-8", b"utf8")
    return body if is_other else _mostly_utf8(body)


def _mostly_utf8(body: bytes) -> bytes:
    text = body.decode("utf-8", "replace")
    n_bad = text.count("\ufffd")
    n_good = len(text) - len(text.encode("ascii", "ignore")) - n_bad if n_bad else 0
    return text.encode() if n_bad and n_good >= _MANY_TO_ONE * n_bad else body


def _with_escaped_ampersands(body: bytes) -> bytes:
    """Return the document with each `&` that begins no reference as `&amp;`, but in CDATA, where it means itself.

    feedparser makes references of them: `?copy=1&lang=en` would lead to `?copy=1〈=en`.
    """
    if not _BARE.search(body) or b"\x1b" in body:  # in ISO-2022 it may be half of another character
        return body
    first, *others = body.split(_CDATA)
    return _CDATA.join([_BARE.sub(b"&amp;", first), *map(_after_cdata, others)])


def _after_cdata(piece: bytes) -> bytes:
    inside, end, after = piece.partition(_CDATA_END)
    return inside + end + _BARE.sub(b"&amp;", after)
