"""Feeds are read in child processes, so that a document that hurts its reader hurts nobody else."""

import contextlib
import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator import heap
from aggregator.config import ParseSettings
from aggregator.errors import OpmlError, ParseError
from aggregator.models.entries import FeedOffer, ParsedFeed
from aggregator.models.fetching import Fetched
from aggregator.models.markup import SafeHtml
from aggregator.models.subscribing import Subscription
from aggregator.parse.kinds import is_web_page

Parsed = ParsedFeed | tuple[FeedOffer, ...]
"""What a document was: a feed, or a web page with the feeds that it declares."""

Read = TypeVar("Read")

_WALL_PER_CPU = 6
"""A child may compute for `timeout_s`, and take so many times that by the clock: on a machine that is busy with other
things, a good document is not given up for having waited."""
_SPARE = heap.Spare(much_bytes=1024**2)
"""Of this process, whose memory is one."""
_STOP_AFTER_S = 5.0
_STOPPED = "Broadsheet was stopped while it read the document."
_GRACE_S = 1.0
"""A child stops itself so long after we should have stopped it: were we killed, nobody else would."""


class Parse(Protocol):
    """Reads a document elsewhere: `Parsers.parse`, or a fake."""

    def __call__(self, reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
        """Give a feed, or, where it may be looked for, the feeds that a web page in its place declares.

        Items that are known may be left out where they are there unchanged.
        """


def parse_reply(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Parsed:
    """Return the feed, or, where it may be looked for, what feeds a web page in its place declares.

    Raises ParseError, in words, for what is neither.
    """
    # Here and below: only children load what reads documents, and those who ask for nothing new need no child.
    from aggregator.parse.discover import find_offers
    from aggregator.parse.feed import parse_feed

    try:
        return parse_feed(reply.body, url=reply.url, content_type=reply.content_type, known_items=known_items)
    except ParseError:
        if not discover or not is_web_page(reply.body):
            raise
    offers = find_offers(reply.body, url=reply.url, content_type=reply.content_type)
    if not offers:
        raise ParseError("This is a web page that names no feed; look on the site for the feed's own address.")
    return offers


def read_page(reply: Fetched) -> SafeHtml:
    """Return the article that a web page holds; raises ParseError, in words, where there is none."""
    # And only children that are asked for one load what finds articles: it takes as much memory as all the rest.
    from aggregator.parse.full_text import full_text

    return full_text(reply.body, url=reply.url, content_type=reply.content_type)


def read_list(reply: Fetched) -> list[Subscription]:
    """Return the feeds of a subscription list; raises ParseError, in words, where it is none."""
    from aggregator.parse.opml import parse_opml

    try:
        return parse_opml(reply.body)
    except OpmlError as error:
        raise ParseError(str(error)) from error


class Parsers:
    """Child processes that read documents within limits of time and memory, for as long as the `with` lasts."""

    def __init__(self, settings: ParseSettings) -> None:
        self._settings = settings
        self._under_way: set[Future[Any]] = set()
        # The first children take a second to start; whoever hands a document over does not wait for them.
        self._hands = ThreadPoolExecutor(1, "parsers")
        # forks of a small server that has loaded this room and nothing of the caller's: quick to start and to replace
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["aggregator.parse.warm"])
        self._pool = ProcessPool(
            max_workers=settings.processes,
            initializer=_prepare_child,
            initargs=(settings.max_memory_bytes,),
            context=context,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the children at once; what they were reading is cancelled."""
        self._hands.shutdown(cancel_futures=True)
        for work in list(self._under_way):
            work.cancel()
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join(timeout=_STOP_AFTER_S)

    def parse(self, reply: Fetched, *, discover: bool = False, known_items: bytes = b"") -> Future[Parsed]:
        """Read a document in a child; whatever goes wrong there is a ParseError of the future."""
        return self._submit(partial(parse_reply, discover=discover, known_items=known_items), reply)

    def read_page(self, reply: Fetched) -> Future[SafeHtml]:
        """Find the article in a web page in a child; whatever goes wrong there is a ParseError of the future."""
        return self._submit(read_page, reply)

    def read_list(self, reply: Fetched) -> Future[list[Subscription]]:
        """Read a subscription list in a child; whatever goes wrong there is a ParseError of the future."""
        return self._submit(read_list, reply)

    def _submit(self, read: Callable[[Fetched], Read], reply: Fetched) -> Future[Read]:
        answer: Future[Read] = Future()
        answer.set_running_or_notify_cancel()
        handed = self._hands.submit(self._schedule, read, reply, answer)
        handed.add_done_callback(lambda done: _give_up(done, answer))
        return answer

    def _schedule(self, read: Callable[[Fetched], Read], reply: Fetched, answer: Future[Read]) -> None:
        cpu_s = self._settings.timeout_s
        wall_s = cpu_s * _WALL_PER_CPU
        work = self._pool.schedule(_within, args=(cpu_s, wall_s + _GRACE_S, read, reply), timeout=wall_s)
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        work.add_done_callback(lambda done: _hand_over(done, answer, self._settings))


def _give_up(handed: Future[None], answer: Future[Any]) -> None:
    """Say of a document that no child was given why that is."""
    if handed.cancelled():
        answer.set_exception(ParseError(_STOPPED))
    elif error := handed.exception():
        answer.set_exception(error)


def _hand_over(done: Future[Read], answer: Future[Read], settings: ParseSettings) -> None:
    try:
        answer.set_result(done.result())
    except ParseError as error:
        answer.set_exception(error)
    except TimeoutError:
        answer.set_exception(_too_long(settings.timeout_s * _WALL_PER_CPU))
    except MemoryError:
        limit = settings.max_memory_bytes // 1024**2
        answer.set_exception(ParseError(f"Reading the document took more than {limit} MiB of memory."))
    except CancelledError:
        answer.set_exception(ParseError(_STOPPED))
    except ProcessExpired as expired:
        is_late = expired.exitcode == -signal.SIGPROF
        broken = ParseError("The document broke the process that read it.")
        answer.set_exception(_too_long(settings.timeout_s) if is_late else broken)
    except Exception as error:  # whatever a child raises is that document's fault, and the next one is waiting
        answer.set_exception(ParseError(f"The document cannot be read ({type(error).__name__})."))


def _too_long(limit_s: float) -> ParseError:
    return ParseError(f"Reading the document took longer than {limit_s:g} seconds.")


def _within(cpu_s: float, wall_s: float, read: Callable[[Fetched], Read], reply: Fetched) -> Read:
    """Read a document; the alarms that ring where it takes longer to compute, or by the clock, end this process.

    What reading took is handed back once it is much, or where it failed: a child that had read a hostile document held
    70 MB without that. After each document it would take a fifth of the time of one in which little is new.
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    try:
        found = _outcome(read, reply)
        _SPARE.give_back(at_once=isinstance(found, Exception))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    if isinstance(found, Exception):
        raise found
    return found


def _outcome(read: Callable[[Fetched], Read], reply: Fetched) -> Read | Exception:
    """Return what reading a document gives, or raises: without the places where it was raised, which hold it all."""
    try:
        return read(reply)
    except Exception as error:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)


def _prepare_child(max_memory_bytes: int) -> None:
    """Bound this process; pebble has left Ctrl-C to its parent."""
    with contextlib.suppress(ValueError, OSError):  # a stricter limit may be set already; macOS knows none
        resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))
