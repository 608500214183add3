"""A publisher to whom everything happens, by a seed: many hosts on loopback, and a log of what it served."""

import asyncio
import contextlib
import io
import re
import socket
import struct
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from random import Random
from time import monotonic

import feedparser

from tests.chaos.documents import AGE, Desk, Token, write_feed
from tests.chaos.faults import FAULTS, Answer, Occasion, Says, fault_of, good, manner_of, zeroes

EPOCH_S = 15.0
"""How long a feed keeps a fault."""
TOKEN = re.compile(r"\[(\d+)\.(\d+)\]")
_MOVES_AFTER_S = 20.0
_OF_304 = ("ETag", "Cache-Control")
_N_WAYS = 20
"""More redirects in a row than anybody follows."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, and what it was answered with."""

    at_s: float
    host: str
    path: str
    feed: int
    """-1 where it was for none."""
    fault: str
    status: int
    retry_after_s: float
    max_age_s: float


@dataclass(frozen=True, slots=True)
class Served:
    """An answer that went out whole and has to be kept."""

    at_s: float
    feed: int
    fault: str
    tokens: frozenset[Token]


class Publisher:
    """Serves `n_feeds` feeds while the `with` lasts; a `faulty` share of them has some fault at any time.

    What happens is a function of the seed, the feed and the time, so that a run can be repeated.
    """

    def __init__(
        self,
        n_feeds: int,
        *,
        seed: int,
        faulty: float = 0.3,
        n_hosts: int = 40,
        n_fast: int = 0,
        gaps_s: tuple[float, float] = (60.0, 240.0),
        n_shown: int = 10,
        fault: str = "",
        age: timedelta = AGE,
    ) -> None:
        self.seed = seed
        self.n_feeds = n_feeds
        self.asks: list[Ask] = []
        self.served: list[Served] = []
        self._faulty = faulty
        self._always = fault
        self._new_desk = partial(Desk, seed, n_fast=n_fast, gaps_s=gaps_s, n_shown=n_shown, age=age)
        self._hosts = [f"127.0.{50 + n // 250}.{1 + n % 250}" for n in range(n_hosts)]
        self._calm_since_s: float | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._began_s = 0.0
        self._closed = socket.socket()
        """Bound, and never listening: nobody else can take its port meanwhile."""
        self._closed_port = 0

    def __enter__(self) -> "Publisher":
        zeroes()
        listening = _listen(self._hosts)
        port = listening[0].getsockname()[1]
        sites = tuple(f"http://{host}:{port}" for host in self._hosts)
        self._desk = self._new_desk(sites=sites, began_at=datetime.now(UTC))
        self._closed.bind((self._hosts[0], 0))
        self._closed_port = self._closed.getsockname()[1]
        self._began_s = monotonic()
        self._thread.start()
        for each in listening:
            asyncio.run_coroutine_threadsafe(self._start(each), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._closed.close()
        self._loop.close()

    @property
    def at_s(self) -> float:
        """How long it has been publishing; stands still once it is calm."""
        return monotonic() - self._began_s if self._calm_since_s is None else self._calm_since_s

    def urls(self) -> list[str]:
        """Return the address of each feed, by its number."""
        return [f"{self._desk.site(feed)}/feed/{feed}" for feed in range(self.n_feeds)]

    def calm(self) -> None:
        """Let nothing happen any more: no faults, and nothing new."""
        self._calm_since_s = monotonic() - self._began_s

    def tokens_served(self) -> set[Token]:
        """Return every piece that was in a good answer."""
        return {token for each in list(self.served) for token in each.tokens}

    # --- in the publisher's own thread ---

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _start(self, listening: socket.socket) -> None:
        self._servers.append(await asyncio.start_server(self._talk, sock=listening, limit=1 << 18))

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                answer, feed, tokens = self._answer(writer.get_extra_info("sockname")[0], head.decode("latin-1"))
                # noted before it goes out: who has the whole answer may look at once
                noted = Served(self.at_s, feed, answer.fault, tokens)
                self.served.append(noted)
                is_whole = False
                try:
                    is_whole = await _send(writer, answer)
                finally:
                    if not is_whole:
                        self.served.remove(noted)
                if not is_whole:
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # who asked has gone, or is no reader of feeds
        finally:
            writer.close()

    def _answer(self, host: str, head: str) -> tuple[Answer, int, frozenset[Token]]:
        path = head.split(" ", 2)[1]
        feed, fault = self._what_happens(path)
        tokens: frozenset[Token] = frozenset()
        if feed < 0:
            answer = _beside(path)
        else:
            answer, tokens = self._feed(feed, fault, "if-none-match: " in head.lower(), _header(head, "if-none-match"))
        max_age_s = 30.0 if "Cache-Control" in answer.headers and answer.says is Says.ALL else 0.0
        self.asks.append(Ask(self.at_s, host, path, feed, fault, answer.status, answer.retry_after_s, max_age_s))
        return replace(answer, fault=fault), feed, tokens

    def _what_happens(self, path: str) -> tuple[int, str]:
        found = re.fullmatch(r"/(feed|copy)/(\d+)", path)
        if not found:
            return -1, ""
        feed = int(found[2])
        if found[1] == "feed" and feed % 40 == 7 and self.at_s > _MOVES_AFTER_S:
            return feed, "moved"  # and for good
        if self._calm_since_s is not None or found[1] == "copy":
            return feed, ""
        return feed, self._always or fault_of(self.seed, feed, int(self.at_s / EPOCH_S), self._faulty)

    def _feed(self, feed: int, fault: str, is_conditional: bool, known: str) -> tuple[Answer, frozenset[Token]]:
        epoch = int(self.at_s / EPOCH_S)
        pieces = self._desk.pieces(feed, self.at_s, manner_of(fault, epoch))
        document = write_feed(feed, pieces, self._desk.site(feed))
        etag = f'"{blake2b(document, digest_size=8).hexdigest()}"'
        occasion = Occasion(
            feed=feed,
            document=document,
            etag=etag,
            site=self._desk.site(feed),
            closed_port=self._closed_port,
            now=datetime.now(UTC),
            is_conditional=is_conditional,
            chance=Random(f"{self.seed} {feed} {epoch}"),
        )
        answer = FAULTS[fault](occasion) if fault else good(occasion)
        if answer.says is Says.ALL and known and known == answer.headers.get("ETag"):
            return replace(answer, body=b"", status=304), frozenset()
        if answer.says is Says.WHAT_FEEDPARSER_FINDS:
            return answer, tokens_in(answer.body, answer.headers["Content-Type"])
        return answer, frozenset(each.token for each in pieces) if answer.says is Says.ALL else frozenset()


def tokens_in(document: bytes, content_type: str) -> frozenset[Token]:
    """Return the pieces that feedparser finds in a document."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = feedparser.parse(io.BytesIO(document), response_headers={"content-type": content_type})
    return frozenset(token for entry in found["entries"] for token in tokens_of(str(entry.get("title", ""))))


def tokens_of(title: str) -> Iterator[Token]:
    """Yield the marks by which a piece is known in its title."""
    for feed, n in TOKEN.findall(title):
        yield int(feed), int(n)


def _beside(path: str) -> Answer:
    """Answer for what is no feed: a long way of redirects, a page to sign in at, a site."""
    if path.startswith("/way/") and int(path[5:]) < _N_WAYS:
        return Answer(b"", 302, {"Location": f"/way/{int(path[5:]) + 1}"})
    if path in ("/", "/login"):
        return Answer(b"<!doctype html><html><title>A site</title><p>Hello", headers={"Content-Type": "text/html"})
    return Answer(b"no", 404)


def _header(head: str, name: str) -> str:
    found = re.search(rf"^{name}:[ \t]*([^\r]*)", head, re.I | re.M)
    return found[1] if found else ""


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    """Send an answer; return whether the connection may be used again."""
    if answer.is_reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False
    await asyncio.sleep(answer.pause_s)
    names = {name: value for name, value in answer.headers.items() if answer.status != 304 or name in _OF_304}
    if not answer.is_endless and answer.status != 304:
        names["Content-Length"] = str(len(answer.body))
    lines = [f"HTTP/1.1 {answer.status} Status", *(f"{name}: {value}" for name, value in names.items()), "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    await _send_body(writer, answer)
    await writer.drain()
    return answer.cut_at is None


async def _send_body(writer: asyncio.StreamWriter, answer: Answer) -> None:
    if answer.drip_s:
        for n in range(len(answer.body)):
            writer.write(answer.body[n : n + 1])
            await writer.drain()
            await asyncio.sleep(answer.drip_s)
        return
    writer.write(answer.body[: answer.cut_at])
    while answer.is_endless:
        await writer.drain()
        writer.write(answer.body)


def _listen(hosts: list[str]) -> list[socket.socket]:
    """Return a listening socket for each host, all at the same port."""
    while True:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            port, sockets = 0, []
            for host in hosts:
                each = stack.enter_context(socket.create_server((host, port), backlog=256))
                port = each.getsockname()[1]
                sockets.append(each)
            stack.pop_all()
            return sockets
