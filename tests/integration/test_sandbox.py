import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from aggregator.config import ParseSettings
from aggregator.errors import ParseError
from aggregator.models.entries import FeedOffer, ParsedFeed
from aggregator.models.fetching import Fetched, Request
from aggregator.parse.sandbox import Parsed, Parsers, _hand_over, _within

URL = "https://site.example/feed"
GOOD = b"<rss version='2.0'><channel><title>T</title><item><title>A</title></item></channel></rss>"
PAGE = b"<!doctype html><link rel=alternate type=application/rss+xml href=/rss><body>Hello"
BOMB = GOOD.replace(b"<title>A", b"<unusual/><author>" + b"a." * 500_000 + b"</author><title>A")
SETTINGS = ParseSettings(processes=1, timeout_s=2.0)


def reply(body: bytes) -> Fetched:
    return Fetched(request=Request(URL), url=URL, body=body)


def n_entries(parsed: Future[Parsed]) -> int:
    feed = parsed.result(timeout=60)
    assert isinstance(feed, ParsedFeed)
    return len(feed.entries)


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    with Parsers(SETTINGS) as parsers:
        yield parsers


def test_a_feed_is_read_in_a_child(parsers: Parsers) -> None:
    assert n_entries(parsers.parse(reply(GOOD))) == 1


def test_a_web_page_is_refused_in_words(parsers: Parsers) -> None:
    with pytest.raises(ParseError, match="a web page, not a feed"):
        parsers.parse(reply(PAGE)).result(timeout=60)


def test_a_web_page_is_asked_for_its_feeds_on_demand(parsers: Parsers) -> None:
    offers = parsers.parse(reply(PAGE), discover=True).result(timeout=60)
    assert offers == (FeedOffer("https://site.example/rss"),)


def test_a_web_page_without_feeds_says_so(parsers: Parsers) -> None:
    with pytest.raises(ParseError, match="names no feed"):
        parsers.parse(reply(b"<!doctype html><body>Hello"), discover=True).result(timeout=60)


@pytest.mark.skipif(sys.platform != "linux", reason="handing memory back is glibc's")
def test_what_a_large_document_took_is_handed_back() -> None:
    large = GOOD.replace(b"<title>A", b"<description>" + b"&lt;p>x" * 1_500_000 + b"</description><title>A")
    with Parsers(replace(SETTINGS, timeout_s=60.0)) as parsers:
        n_entries(parsers.parse(reply(GOOD)))
        before = memory_of_children()
        assert n_entries(parsers.parse(reply(large))) == 1
        assert memory_of_children() - before < 40 * 1024**2


def test_an_error_does_not_hold_what_was_read_before_it() -> None:
    held: list[weakref.ref[object]] = []

    def read_in_vain(_: Fetched) -> None:
        large = type("Large", (), {})()
        large.itself = large
        held.append(weakref.ref(large))
        try:
            raise ValueError
        except ValueError as error:
            raise ParseError("It makes no sense.") from error

    with pytest.raises(ParseError, match="no sense"):
        _within(60, 60, read_in_vain, reply(GOOD))
    assert held[0]() is None


def memory_of_children() -> int:
    return sum(child.memory_full_info().uss for child in forkserver_and_children())


def forkserver_and_children() -> list[psutil.Process]:
    """Return those that read documents, and not the servers that other tests have started."""
    there = psutil.Process().children(recursive=True)
    return [each for each in there if any("multiprocessing.forkserver" in word for word in each.cmdline())]


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read(parsers: Parsers) -> None:
    slow, good = parsers.parse(reply(BOMB)), parsers.parse(reply(GOOD))
    with pytest.raises(ParseError, match="longer than 2 seconds"):
        slow.result(timeout=60)
    assert n_entries(good) == 1


def test_a_document_is_not_given_up_for_what_else_the_machine_does() -> None:
    with Parsers(replace(SETTINGS, timeout_s=1.0)) as parsers:
        assert n_entries(parsers.parse(reply(GOOD))) == 1
        children = forkserver_and_children()
        for each in children:
            each.suspend()
        waiting = parsers.parse(reply(GOOD))
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1.5)
        for each in children:
            each.resume()
        assert n_entries(waiting) == 1


def test_a_document_that_was_never_done_is_told_in_the_seconds_that_it_had_by_the_clock() -> None:
    done, answer = Future[ParsedFeed](), Future[ParsedFeed]()
    done.set_exception(TimeoutError())
    _hand_over(done, answer, SETTINGS)
    with pytest.raises(ParseError, match="longer than 12 seconds"):
        answer.result()


def test_a_document_that_takes_too_much_memory_is_given_up_and_the_next_is_read() -> None:
    bomb = b'{"items": [' + b'"abcdefg",' * 1_400_000 + b"{}]}"
    with Parsers(replace(SETTINGS, timeout_s=30.0, max_memory_bytes=350 * 1024**2)) as parsers:
        # which of the two depends on where its memory runs out
        with pytest.raises(ParseError, match=r"more than 350 MiB of memory|broke the process"):
            parsers.parse(reply(bomb)).result(timeout=60)
        assert n_entries(parsers.parse(reply(GOOD))) == 1


def test_stopping_cancels_what_is_being_read() -> None:
    with Parsers(replace(SETTINGS, timeout_s=600.0)) as parsers:
        started = [parsers.parse(reply(BOMB)) for _ in range(3)]
    for parsed in started:
        with pytest.raises(ParseError):
            parsed.result(timeout=10)


def test_ctrl_c_in_the_terminal_is_for_whoever_had_the_document_read(parsers: Parsers) -> None:
    assert n_entries(parsers.parse(reply(GOOD))) == 1
    there = forkserver_and_children()
    for each in there:
        each.send_signal(signal.SIGINT)
    assert n_entries(parsers.parse(reply(GOOD))) == 1
    assert forkserver_and_children() == there


def test_a_child_that_waits_for_ever_ends_by_itself() -> None:
    """Were its parent killed, nobody else would end it; while it computes, another alarm does."""
    waiting = (
        "import threading; from aggregator.parse.sandbox import _within; "
        "_within(60, 0.2, lambda _: threading.Event().wait(), None)"
    )
    assert subprocess.run([sys.executable, "-c", waiting], check=False).returncode == -signal.SIGALRM


ORPHANING = """
import os, signal, threading
from dataclasses import replace
from tests.integration.test_sandbox import BOMB, GOOD, SETTINGS, Parsers, reply

if __name__ == "__main__":
    with Parsers(replace(SETTINGS, processes=2)) as parsers:
        parsers.parse(reply(BOMB))
        parsers.parse(reply(GOOD)).result()
        print("reading", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_children_of_a_worker_that_was_killed_end_by_themselves(tmp_path: Path) -> None:
    """Each of them holds our pipe open: it is at its end when the last of them is gone."""
    (tmp_path / "orphaning.py").write_text(ORPHANING)
    command = [sys.executable, str(tmp_path / "orphaning.py")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as worker:
        assert worker.stdout
        assert worker.stdout.read() == "reading\n"
