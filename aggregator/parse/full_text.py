"""The article in a web page, as trafilatura finds it, sanitised like everything else."""

import re

import trafilatura

from aggregator.errors import ParseError
from aggregator.models.markup import SafeHtml
from aggregator.parse.html import sanitise, text_of
from aggregator.parse.kinds import is_web_page

MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Of a page; the article in it is a few kilobytes."""
MIN_CHARS = 250
"""Of a text: trafilatura's own measure of what is an article and not a notice."""


def full_text(body: bytes, *, url: str, content_type: str | None = None) -> SafeHtml:
    """Return the article that a page at `url` holds; raises ParseError, in words, where there is none to be found."""
    if len(body) > MAX_PAGE_BYTES:
        raise ParseError(f"The page is larger than {MAX_PAGE_BYTES // 1024**2} MiB.")
    if not is_web_page(body) and "html" not in (content_type or "").lower():
        raise ParseError("What lies there is not a web page.")
    found = trafilatura.extract(
        _decoded(body, content_type),
        url=url,
        output_format="html",
        include_comments=False,
        include_formatting=True,
        include_images=True,
        include_links=True,
    )
    content = sanitise(found or "", base_url=url)
    if len(text_of(content)) < MIN_CHARS:
        raise ParseError("No article was found in the page; it may want a subscription or a click.")
    return content


def _decoded(body: bytes, content_type: str | None) -> str | bytes:
    """Return the page's text where its server says how to read it; trafilatura finds out for itself where not."""
    declared = re.search(r"charset=[\"']?([\w.:-]+)", content_type or "", re.I)
    try:
        return body.decode(declared[1]) if declared else body
    except (LookupError, UnicodeError):
        return body
