"""A small web server on loopback for tests: a dict of pages, faults on demand, a log of what was asked."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Ask:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    address: str
    """The local address that was called, such as 127.0.0.1."""


@dataclass(frozen=True)
class Page:
    """An answer. A 200 with an ETag or a Last-Modified turns into a 304 when it is asked for with the same one."""

    body: bytes | Iterable[bytes] = b""
    """Bytes go out with a Content-Length; pieces go out one by one without, until the connection closes."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    """Waited before the answer, and between the pieces of the body."""
    cut_at: int | None = None
    """The connection closes after so many bytes of the body, whatever Content-Length said."""
    reset: bool = False
    """The connection is torn down with RST instead of an answer."""


Answer = Page | bytes | str | tuple[int, Mapping[str, str], bytes]
Pages = dict[str, Answer | Callable[[Ask], Answer]]


def free_port() -> int:
    """Return a port of this machine that nobody has, and that nobody is given for a minute who asks for any.

    A connection that its server ended keeps the port from those who leave the choice to the system (RFC 9293 §3.6.1,
    TIME-WAIT), and not from those who ask for it by number and say SO_REUSEADDR, as servers do.
    """
    with socket.socket() as listening, socket.socket() as calling:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        calling.connect(listening.getsockname())
        listening.accept()[0].close()
        return int(listening.getsockname()[1])


class Site:
    """Serves `pages` while the `with` block lasts; `pages` may be changed meanwhile.

    A page is a Page, a body alone, (status, headers, body), or a function of the Ask that returns one of these.
    A path with a query is looked up as it is, then without its query; anything else is a 404.
    With several `hosts` (any of 127.0.0.0/8), the site answers on each of them, at the same port.
    """

    def __init__(
        self,
        pages: Pages | None = None,
        *,
        hosts: tuple[str, ...] = ("127.0.0.1",),
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.pages: Pages = {} if pages is None else pages
        self.hosts = hosts
        self.port = port
        self.tls = tls
        self.asks: list[Ask] = []
        self.n_connections = 0
        self.called: list[str] = []
        """The local address of each connection, asked or not."""
        self.most_at_once = 0
        """The most requests that were being answered at one time."""
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._n_now = 0
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Site":
        for host in self.hosts:
            server = _Server((host, self.port), self)
            self.port = server.server_address[1]
            self._servers.append(server)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for server in self._servers:
            server.shutdown()
            server.hang_up()
            server.server_close()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """The address of the site, without a slash at the end."""
        return f"http://{self.hosts[0]}:{self.port}"

    def at(self, path: str, host: str | None = None) -> str:
        """Return the address of a path, on the first host or on the one named (`name.localhost` works too)."""
        return f"http://{host or self.hosts[0]}:{self.port}{path}"

    def paths(self) -> list[str]:
        """Return what was asked for, in order."""
        return [ask.path for ask in self.asks]

    def answer(self, ask: Ask) -> Page:
        """Return the page for a request, noting the request."""
        with self._lock:
            self.asks.append(ask)
        found = self.pages.get(ask.path, self.pages.get(ask.path.partition("?")[0], Page(b"not here", 404)))
        page = _as_page(found(ask) if callable(found) else found)
        return _or_not_modified(page, ask)

    def entered(self) -> None:
        """Count a request that is being answered."""
        with self._lock:
            self._n_now += 1
            self.most_at_once = max(self.most_at_once, self._n_now)

    def left(self) -> None:
        """Count a request that was answered."""
        with self._lock:
            self._n_now -= 1


def _as_page(answer: Answer) -> Page:
    match answer:
        case Page():
            return answer
        case bytes():
            return Page(answer)
        case str():
            return Page(answer.encode())
        case (status, headers, body):
            return Page(body, status, headers)
    raise TypeError(f"not a page: {answer!r}")


def _or_not_modified(page: Page, ask: Ask) -> Page:
    given = {name.lower(): value for name, value in page.headers.items()}
    pairs = (("etag", "if-none-match"), ("last-modified", "if-modified-since"))
    same = [given[name] == ask.headers[asked] for name, asked in pairs if name in given and asked in ask.headers]
    return Page(b"", 304, page.headers) if page.status == 200 and same and all(same) else page


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        if self.site.tls:
            connection = self.site.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.site.n_connections += 1
        self.site.called.append(connection.getsockname()[0].removeprefix("::ffff:"))
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients of a test hang up when they please."""

    def hang_up(self) -> None:
        """End connections that are kept alive, so that their threads end."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _serve(self) -> None:
        site = self.server.site
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        ask = Ask(self.command, self.path, headers, body, self.connection.getsockname()[0])
        # counted until the answer begins: a client that has the whole answer may already ask again
        site.entered()
        try:
            page = site.answer(ask)
            goes_on = not site.closing.wait(page.pause_s)
        finally:
            site.left()
        if goes_on:
            self._send(page)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _serve  # noqa: N815  (these names are http.server's)

    def _send(self, page: Page) -> None:
        if page.reset:
            return self._reset()
        self.close_connection |= page.cut_at is not None or not isinstance(page.body, bytes)
        self._send_head(page)
        left = page.cut_at
        for n, piece in enumerate((page.body,) if isinstance(page.body, bytes) else page.body):
            if left == 0 or (n and self.server.site.closing.wait(page.pause_s)):
                break
            self.wfile.write(piece[:left] if self.command != "HEAD" else b"")
            left = None if left is None else max(left - len(piece), 0)
        return None

    def _send_head(self, page: Page) -> None:
        headers = dict(page.headers)
        names = {name.lower() for name in headers}
        if isinstance(page.body, bytes) and not {"content-length", "transfer-encoding"} & names and page.status != 304:
            headers["Content-Length"] = str(len(page.body))
        if not isinstance(page.body, bytes):
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {page.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name is http.server's)
        """Say nothing: the log of requests is `Site.asks`."""
