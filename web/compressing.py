"""Sending pages in fewer bytes, to browsers that take them so."""

import gzip

from flask import Flask, Response, request

LEVEL = 3
"""Of gzip: a page of 100 kB is a fifth of that after a millisecond, and higher levels win little."""

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
    if reply.mimetype not in TEXTS or reply.status_code != 200 or "Content-Encoding" in reply.headers:
        return reply
    reply.vary.add("Accept-Encoding")
    # A file of ours is small; anything longer that streams has no length and stays as it is.
    if not request.accept_encodings["gzip"] or (reply.content_length or 0) < MIN_BYTES:
        return reply
    reply.direct_passthrough = False
    plain = reply.get_data()
    reply.close()  # a file of ours lies open behind it
    reply.set_data(gzip.compress(plain, LEVEL, mtime=0))
    reply.headers["Content-Encoding"] = "gzip"
    etag, _ = reply.get_etag()
    if etag:
        reply.set_etag(etag, weak=True)
    return reply
