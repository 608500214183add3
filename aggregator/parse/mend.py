"""What is put right of a feed's XML before it is read: ampersands that nobody escaped."""

import re

_BARE = re.compile(rb"&(?!#?\w+;)")
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"


def mended(body: bytes) -> bytes:
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
