"""Sending pages in fewer bytes, to browsers that take them so."""

from flask import Flask, Response, request
from isal import igzip

LEVEL = 2
"""Of igzip: a page of 125 kB is a fifth of that after a tenth of a millisecond; zlib takes six times as long for it."""

MIN_BYTES = 1_000
"""Under this there is next to nothing to win."""

TEXTS = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "application/json",
        "application/manifest+json",
        "image/svg+xml",
        "text/x-opml",
    }
)


def compress_replies(app: Flask) -> None:
    """Compress what is text; to be called before the other rooms, so that it comes after all they do to a reply."""
    app.after_request(_compress)


def _compress(reply: Response) -> Response:
    if (
        _is_asked_for_by_another_site()
        or reply.mimetype not in TEXTS
        or reply.status_code != 200
        or "Content-Encoding" in reply.headers
    ):
        return reply
    reply.vary.add("Accept-Encoding")
    # A file of ours is small; anything longer that streams has no length and stays as it is.
    if not request.accept_encodings["gzip"] or (reply.content_length or 0) < MIN_BYTES:
        return reply
    reply.direct_passthrough = False
    plain = reply.get_data()
    reply.close()  # a file of ours lies open behind it
    reply.set_data(igzip.compress(plain, LEVEL, mtime=0))
    reply.headers["Content-Encoding"] = "gzip"
    etag, _ = reply.get_etag()
    if etag:
        reply.set_etag(etag, weak=True)
    return reply


def _is_asked_for_by_another_site() -> bool:
    """Whether another site's page made the browser ask.

    It could put words of its own into an address and learn from the compressed length whether they stand beside a
    secret of the page, such as its token (BREACH, CVE-2013-3587); browsers that do not say whose page it was keep our
    cookie from such requests (SameSite).
    """
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
