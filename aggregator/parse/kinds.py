"""What a document is by its first bytes, without reading it."""

import re

_WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)


def is_web_page(body: bytes) -> bool:
    """Whether a document begins as HTML does."""
    return _WEB_PAGE.match(body.removeprefix(b"\xef\xbb\xbf")[:4096]) is not None
