"""What a document is by its first bytes, without reading it."""

import re

_WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|rdf|feed)\s*>", re.I)
_TAIL_BYTES = 8192
"""Where the end is looked for: some servers write comments, scripts or errors of their own behind it."""
_EDGE_OF_ENTRY = re.compile(rb"<(/?)(?:[\w.-]+:)?(?:item|entry)\b", re.I)


def goes_to_its_end(body: bytes) -> bool:
    """Whether an XML feed closes what it opened first, in any encoding: otherwise entries may be missing."""
    return _END.search(body[-_TAIL_BYTES:].replace(b"\x00", b"")) is not None


def ends_within_entry(body: bytes) -> bool:
    """Whether an XML feed breaks off in the middle of an entry."""
    edges = _EDGE_OF_ENTRY.findall(body.replace(b"\x00", b""))
    return bool(edges) and not edges[-1]


def is_web_page(body: bytes) -> bool:
    """Whether a document begins as HTML does."""
    return _WEB_PAGE.match(body.removeprefix(b"\xef\xbb\xbf")[:4096]) is not None
