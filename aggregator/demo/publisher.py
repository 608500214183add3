"""A small loopback publisher that serves the sample day, edition by edition."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from aggregator.demo import documents
from aggregator.demo.day import N_EDITIONS, SampleDay
from aggregator.demo.documents import Site


class SamplePress:
    """All publishers of the day at one port of this machine, each at its own KEY.localhost."""

    def __init__(self, day: SampleDay, *, port: int, day_end: datetime) -> None:
        self.edition = N_EDITIONS
        self.day_end = day_end
        self._day = day
        self.sites = {
            f"{publisher.key}.localhost": Site(publisher, f"http://{publisher.key}.localhost:{port}/", day_end)
            for publisher in day.publishers
        }

    def page(self, host: str, path: str) -> tuple[str, bytes] | None:
        """Return content type and body of what lies there in the present edition; None where nothing does."""
        site = self.sites.get(host)
        if site is None:
            return None
        articles = self._day.published_by(site.publisher.key, up_to_edition=self.edition)
        if site.url + path == site.feed_url:
            return documents.CONTENT_TYPES[site.publisher.format], documents.feed_document(site, articles)
        if not path:
            return "text/html; charset=utf-8", documents.front_page(site, articles)
        named = [article for article in articles if f"{article.slug}.html" == path]
        return ("text/html; charset=utf-8", documents.article_page(site, named[0])) if named else None


@contextmanager
def serving(day: SampleDay, *, day_end: datetime, port: int = 0) -> Iterator[SamplePress]:
    """Serve the sample day on 127.0.0.1 until the block ends; port 0 takes a free one."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.press = SamplePress(day, port=server.server_port, day_end=day_end)
    thread = Thread(target=server.serve_forever, name="sample press", daemon=True)
    thread.start()
    try:
        yield server.press
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    press: SamplePress


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        found = self.server.press.page(host, self.path.partition("?")[0].removeprefix("/"))
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"Nothing is here.", etag=None)
            return
        content_type, body = found
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(HTTPStatus.NOT_MODIFIED, content_type, b"", etag=etag)
        else:
            self._answer(HTTPStatus.OK, content_type, body, etag=etag)

    def log_message(self, *_: object) -> None:
        """Say nothing: the demonstration's own lines are the ones to read."""

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes, *, etag: str | None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if etag:
            self.send_header("ETag", etag)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
