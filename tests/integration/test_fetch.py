"""The fetch room against a real server on loopback; curl opens its own sockets, which pytest-socket does not see."""

import contextlib
import gzip
import itertools
import random
import resource
import socket
import ssl
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import brotli
import pytest

from aggregator.config import FetchSettings
from aggregator.fetch.http import at_once, fetch, fetch_all
from aggregator.fetch.turns import Gaps
from aggregator.models.feeds import Validators
from aggregator.models.fetching import Failed, Fetched, Hold, NotAsked, NotModified, Request
from tests.server import Ask, Page, Site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = FetchSettings(allowed_hosts=("127.0.0.0/8",), timeout_s=20, per_host_gap_s=0.0)
FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>" * 20


@pytest.fixture
def site() -> Iterator[Site]:
    with Site({"/feed.xml": FEED}, hosts=("127.0.0.1", "127.0.0.2")) as site:
        yield site


def ask(site: Site, path: str, settings: FetchSettings = OURS, host: str | None = None) -> Fetched:
    reply = fetch(Request(site.at(path, host)), settings, now=NOON)
    assert isinstance(reply, Fetched), reply
    return reply


def ask_in_vain(site: Site, path: str, settings: FetchSettings = OURS, host: str | None = None) -> Failed:
    reply = fetch(Request(site.at(path, host)), settings, now=NOON)
    assert isinstance(reply, Failed), reply
    return reply


# --- good answers ---


def test_a_good_answer_comes_back_whole(site: Site) -> None:
    site.pages["/feed.xml"] = (200, {"ETag": '"a"', "Last-Modified": "yesterday", "Content-Type": "text/xml"}, FEED)
    reply = ask(site, "/feed.xml")
    assert (reply.body, reply.url, reply.moved_to) == (FEED, site.at("/feed.xml"), None)
    assert (reply.content_type, reply.validators) == ("text/xml", Validators('"a"', "yesterday"))


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_packed_answer_is_unpacked(site: Site, encoding: str, pack: object) -> None:
    site.pages["/feed.xml"] = (200, {"Content-Encoding": encoding}, pack(FEED))  # type: ignore[operator]
    assert ask(site, "/feed.xml").body == FEED
    assert encoding in site.asks[0].headers["accept-encoding"]


def test_what_did_not_change_is_not_sent_again(site: Site) -> None:
    site.pages["/feed.xml"] = (200, {"ETag": '"a"', "Last-Modified": "yesterday"}, FEED)
    validators = ask(site, "/feed.xml").validators
    assert isinstance(fetch(Request(site.at("/feed.xml"), validators), OURS, now=NOON), NotModified)


def test_validators_go_out_word_for_word_and_nothing_about_us_but_the_name(site: Site) -> None:
    request = Request(site.at("/feed.xml"), Validators('W/"\xe9"', "Thu, 01 Jan 1970 00:00:00 GMT"))
    next(fetch_all([request], replace(OURS, user_agent="Paper/1"), now=NOON))
    headers = dict(site.asks[0].headers)
    assert headers.pop("if-none-match") == 'W/"\xe9"'
    assert headers.pop("if-modified-since") == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert headers.pop("user-agent") == "Paper/1"
    assert set(headers) == {"host", "accept", "accept-encoding"}


@pytest.mark.parametrize("etag", ['"a\x07b"', '"' + "x" * 64_000 + '"', '"a\tb"'])
def test_a_hostile_validator_is_neither_kept_nor_sent(site: Site, etag: str) -> None:
    site.pages["/feed.xml"] = (200, {"ETag": etag}, FEED)
    assert ask(site, "/feed.xml").validators == Validators()
    fetch(Request(site.at("/feed.xml"), Validators(etag)), OURS, now=NOON)
    assert "if-none-match" not in site.asks[-1].headers


@pytest.mark.parametrize("etag", ['"a\rb"', '"a\0b"'])
def test_an_answer_with_a_broken_header_is_none(site: Site, etag: str) -> None:
    site.pages["/feed.xml"] = (200, {"ETag": etag}, FEED)
    assert "not HTTP" in ask_in_vain(site, "/feed.xml").why


def test_cookies_are_not_kept(site: Site) -> None:
    site.pages["/feed.xml"] = (200, {"Set-Cookie": "me=you"}, FEED)
    list(fetch_all([Request(site.at("/feed.xml"))] * 3, replace(OURS, per_host=1), now=NOON))
    assert all("cookie" not in one.headers for one in site.asks)


def test_a_proxy_of_the_environment_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    assert ask(site, "/feed.xml").body == FEED


def test_a_password_that_the_environment_has_for_a_host_is_not_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ask(site, "/feed.xml").body == FEED
    assert "authorization" not in site.asks[0].headers


# --- answers that are none ---


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (204, "no content"),
        (206, "partial content"),
        (304, "nothing has changed"),
        (400, "bad request"),
        (401, "password"),
        (403, "does not let"),
        (404, "nothing at this address"),
        (410, "gone for good"),
        (429, "less often"),
        (500, "trouble of its own"),
        (503, "not available"),
        (599, "HTTP does not know"),
    ],
)
def test_another_status_is_a_failure_in_words(site: Site, status: int, words: str) -> None:
    site.pages["/feed.xml"] = Page(status=status, headers={"Retry-After": "120"})
    reply = ask_in_vain(site, "/feed.xml")
    assert reply.status == status
    assert reply.headers["retry-after"] == "120"
    assert reply.why.startswith(f"127.0.0.1 answered {status}: ")
    assert words in reply.why


def test_a_torn_connection_is_a_failure(site: Site) -> None:
    site.pages["/feed.xml"] = Page(reset=True)
    assert "connection" in ask_in_vain(site, "/feed.xml").why


def test_a_host_that_does_not_listen_is_a_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: nobody else can take the port meanwhile
        reply = fetch(Request(f"http://127.0.0.1:{unused.getsockname()[1]}/"), OURS, now=NOON)
    assert reply == Failed(request=reply.request, why="127.0.0.1 could not be reached: it does not accept connections.")


def test_a_name_that_does_not_exist_is_a_failure() -> None:
    reply = fetch(Request("http://nowhere.invalid/"), OURS, now=NOON)
    assert isinstance(reply, Failed)
    assert "could not be found" in reply.why


def test_something_else_than_http_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        reply = fetch(Request(f"http://127.0.0.1:{server.getsockname()[1]}/"), OURS, now=NOON)
        thread.join()
    assert isinstance(reply, Failed)
    assert "not HTTP" in reply.why


def test_a_certificate_that_nobody_vouches_for_is_a_failure() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).parents[1] / "data/self-signed.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake_hands() -> None:
            connection, _ = server.accept()
            tls = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            with tls, contextlib.suppress(OSError):
                tls.do_handshake()
                tls.recv(1)  # the client hangs up at the sight of the certificate

        thread = threading.Thread(target=shake_hands)
        thread.start()
        reply = fetch(Request(f"https://127.0.0.1:{server.getsockname()[1]}/"), OURS, now=NOON)
        thread.join()
    assert isinstance(reply, Failed)
    assert "its certificate is not valid" in reply.why


# --- too slow, too large, too short ---


def test_an_answer_that_drips_is_cut_at_the_deadline(site: Site) -> None:
    site.pages["/feed.xml"] = lambda _: Page(itertools.repeat(b"x"), pause_s=0.05)
    reply = ask_in_vain(site, "/feed.xml", replace(OURS, timeout_s=0.4))
    assert "within 0.4 s" in reply.why


def test_an_answer_that_stops_is_cut_at_the_deadline_and_not_when_it_goes_on(site: Site) -> None:
    is_cut, went_on = threading.Event(), list[bool]()

    def stopping() -> Iterator[bytes]:
        yield b"x"
        went_on.append(not is_cut.wait(30))
        yield b"x"

    site.pages["/feed.xml"] = lambda _: Page(stopping())
    reply = ask_in_vain(site, "/feed.xml", replace(OURS, timeout_s=0.4))
    assert went_on == []
    is_cut.set()
    assert "within 0.4 s" in reply.why


def test_redirects_share_one_deadline(site: Site) -> None:
    # the first one comes at once, so that however busy the machine is a second is asked for
    onward = {"Location": "/feed.xml"}
    site.pages["/feed.xml"] = lambda _: Page(status=302, headers=onward, pause_s=0.6 if len(site.asks) > 1 else 0.0)
    reply = ask_in_vain(site, "/feed.xml", replace(OURS, timeout_s=1.0))
    assert "within 1 s" in reply.why
    assert 2 <= len(site.asks) <= 3


def test_what_a_redirect_took_is_no_longer_left_for_what_comes_after_it(site: Site) -> None:
    site.pages["/late"] = Page(status=302, headers={"Location": "/drip"}, pause_s=3.0)
    site.pages["/drip"] = lambda _: Page(itertools.repeat(b"x"), pause_s=0.05)
    reply = ask_in_vain(site, "/late", replace(OURS, timeout_s=4.0))
    assert site.paths() == ["/late", "/drip"]
    assert reply.after_s < 3.0 + 4.0


def test_an_endless_body_is_cut_within_64_mb_of_memory(site: Site) -> None:
    piece = bytes(65536)
    site.pages["/feed.xml"] = lambda _: Page(itertools.repeat(piece))
    reply, peak_bytes = measured(site)
    assert "larger than 15 MiB" in reply.why
    assert peak_bytes < 64_000_000


def test_a_bomb_is_cut_within_64_mb_of_memory(site: Site) -> None:
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    site.pages["/feed.xml"] = (200, {"Content-Encoding": "gzip"}, bomb)
    reply, peak_bytes = measured(site)
    assert "larger than 15 MiB" in reply.why
    assert peak_bytes < 64_000_000


def test_many_large_answers_at_once_are_read_within_160_mb_of_memory() -> None:
    large = gzip.compress(bytes(14_000_000), compresslevel=1)
    hosts = tuple(f"127.0.0.{n}" for n in range(1, 31))
    with Site({"/": (200, {"Content-Encoding": "gzip"}, large)}, hosts=hosts) as site:
        replies = fetch_all([Request(site.at("/", host)) for host in hosts], OURS, now=NOON)
        tracemalloc.start()
        try:
            sizes = [len(reply.body) for reply in replies if isinstance(reply, Fetched)]
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sizes == [14_000_000] * 30
    assert peak_bytes < 160_000_000


def measured(site: Site) -> tuple[Failed, int]:
    """Return the failure, and the peak of memory that it took, in bytes."""
    tracemalloc.start()
    try:
        return ask_in_vain(site, "/feed.xml"), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_body_shorter_than_it_said_is_a_failure(site: Site) -> None:
    site.pages["/feed.xml"] = lambda _: Page(FEED, headers={"ETag": '"a"'}, cut_at=next(cuts))
    cuts = iter([0, 1, len(FEED) - 1])
    assert {ask_in_vain(site, "/feed.xml").why for _ in range(3)} == {
        "127.0.0.1 broke off in the middle of its answer."
    }


def test_a_gzip_cut_anywhere_is_a_failure(site: Site) -> None:
    packed = gzip.compress(random.Random(3).randbytes(500) + FEED)
    cuts = random.Random(4).sample(range(len(packed)), 100)
    for cut in cuts:
        site.pages[f"/{cut}"] = (200, {"Content-Encoding": "gzip", "ETag": '"a"'}, packed[:cut])
    replies = list(fetch_all((Request(site.at(f"/{cut}")) for cut in cuts), OURS, now=NOON))
    assert len(replies) == 100
    assert all(isinstance(reply, Failed) and "damaged" in reply.why for reply in replies)


# --- redirects ---


@pytest.mark.parametrize(
    ("statuses", "moves"),
    [((301,), True), ((308, 301), True), ((302,), False), ((301, 302), False), ((307, 301), False), ((303,), False)],
)
def test_a_feed_has_moved_only_where_every_hop_is_permanent(site: Site, statuses: list[int], moves: bool) -> None:
    for n, status in enumerate(statuses):
        last = n == len(statuses) - 1
        site.pages[f"/{n}"] = (status, {"Location": "../feed.xml" if last else f"/{n + 1}"}, b"moved")
    reply = ask(site, "/0")
    assert (reply.body, reply.url) == (FEED, site.at("/feed.xml"))
    assert reply.moved_to == (site.at("/feed.xml") if moves else None)


def test_a_loop_and_a_long_chain_end_after_ten_redirects(site: Site) -> None:
    def onwards(ask: Ask) -> Page:
        return Page(status=302, headers={"Location": f"/{int(ask.path[1:]) + 1}"})

    site.pages |= {f"/{n}": onwards for n in range(30)} | {"/a": (302, {"Location": "/a"}, b"")}
    for path in ("/0", "/a"):
        site.asks.clear()
        assert "goes on redirecting" in ask_in_vain(site, path).why
        assert len(site.asks) == 11


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/",
        "ftp://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1]/",
        "http://167772161/",
        "//0x0a000001/",
        "/feed.xml\x0bX",
        "/feed\x00.xml",
        "/feed\r.xml",
        "http://",
    ],
)
def test_a_redirect_that_leads_astray_is_not_followed(site: Site, location: str) -> None:
    site.pages["/from"] = (301, {"Location": location}, b"")
    assert "could not be reached" not in ask_in_vain(site, "/from").why
    assert site.paths() == ["/from"]


def test_a_redirect_without_a_location_is_a_failure(site: Site) -> None:
    site.pages["/from"] = (302, {}, b"")
    assert "without saying where" in ask_in_vain(site, "/from").why


def test_every_hop_is_judged_again(site: Site) -> None:
    site.pages["/a"] = (302, {"Location": "/b"}, b"")
    site.pages["/b"] = (302, {"Location": site.at("/feed.xml", "127.0.0.2")}, b"")
    reply = ask_in_vain(site, "/a", replace(OURS, allowed_hosts=("127.0.0.1",)))
    assert "127.0.0.2 lies on this machine" in reply.why
    assert site.paths() == ["/a", "/b"]


# --- the guard at the socket ---


def test_the_address_behind_a_name_is_judged_when_it_is_connected_to(site: Site) -> None:
    # some network is allowed, so that the name alone is not enough to refuse it
    settings = replace(OURS, allowed_hosts=("10.0.0.0/8",))
    reply = ask_in_vain(site, "/feed.xml", settings, host="paper.localhost")
    assert reply.why == ("paper.localhost lies on this machine; name the host in [fetch] allowed_hosts if it is yours.")
    assert site.n_connections == 0


def test_a_refused_address_of_a_host_does_not_bar_its_other_one(site: Site) -> None:
    # *.localhost is both ::1, which nobody allowed, and 127.0.0.1
    settings = replace(OURS, allowed_hosts=("127.0.0.1",))
    assert ask(site, "/feed.xml", settings, host="paper.localhost").body == FEED


def test_a_host_that_the_owner_names_is_called(site: Site) -> None:
    settings = replace(OURS, allowed_hosts=("*.localhost",))
    assert ask(site, "/feed.xml", settings, host="paper.localhost").body == FEED
    ask_in_vain(site, "/feed.xml", settings)


# --- many at once ---


def test_no_more_than_allowed_are_under_way(site: Site) -> None:
    hosts = tuple(f"127.0.0.{n}" for n in range(1, 11))
    with Site({"/": Page(FEED, pause_s=0.02)}, hosts=hosts) as site:
        requests = [Request(site.at(f"/?{n}", hosts[n % 10])) for n in range(60)]
        replies = list(fetch_all(requests, replace(OURS, in_flight=5), now=NOON))
    assert sorted(reply.request.url for reply in replies) == sorted(request.url for request in requests)
    assert 2 < site.most_at_once <= 5


def test_half_of_the_files_that_a_program_may_open_are_left_to_others() -> None:
    assert at_once(256, 1024) == 256
    assert at_once(256, 256) == 128
    assert at_once(256, 1) == 1
    assert at_once(256, resource.RLIM_INFINITY) == 256


def test_no_more_than_allowed_are_under_way_at_one_host(site: Site) -> None:
    site.pages["/feed.xml"] = Page(FEED, pause_s=0.02)
    replies = list(
        fetch_all([Request(site.at(f"/feed.xml?{n}")) for n in range(20)], replace(OURS, per_host=3), now=NOON)
    )
    assert len(replies) == 20
    assert site.most_at_once == 3
    assert site.n_connections == 3


def test_redirects_to_one_host_wait_for_their_turn_there(site: Site) -> None:
    hosts = tuple(f"127.0.0.{n}" for n in range(3, 13))
    with Site(hosts=hosts) as elsewhere:
        site.pages["/feed.xml"] = Page(FEED, pause_s=0.02)
        elsewhere.pages["/"] = (302, {"Location": site.at("/feed.xml")}, b"")
        replies = list(
            fetch_all([Request(elsewhere.at("/", host)) for host in hosts], replace(OURS, per_host=1), now=NOON)
        )
    assert [type(reply) for reply in replies] == [Fetched] * 10
    assert site.most_at_once == 1


def test_a_slow_host_holds_nobody_up(site: Site) -> None:
    others_are_told = threading.Event()
    site.pages["/slow"] = lambda _: Page(FEED) if others_are_told.wait(60) else Page(status=504)
    requests = [Request(site.at("/slow"))] * 3 + [Request(site.at("/feed.xml", "127.0.0.2"))] * 10
    replies = fetch_all(requests, replace(OURS, per_host=1), now=NOON)
    first = [next(replies).request.url for _ in range(10)]
    others_are_told.set()
    assert first == [site.at("/feed.xml", "127.0.0.2")] * 10
    assert [type(reply) for reply in replies] == [Fetched] * 3


def test_a_caller_that_is_busy_costs_nobody_their_answer(site: Site) -> None:
    site.pages["/later"] = Page(FEED, pause_s=0.2)
    requests = [Request(site.at("/feed.xml")), Request(site.at("/later", "127.0.0.2"))]
    replies = fetch_all(requests, replace(OURS, timeout_s=3.0), now=NOON)
    first = next(replies)
    threading.Event().wait(3.5)
    assert [type(reply) for reply in (first, *replies)] == [Fetched, Fetched]


def test_requests_are_drawn_only_as_there_is_room(site: Site) -> None:
    drawn = itertools.count()
    requests = (Request(site.at(f"/feed.xml?{next(drawn)}")) for _ in range(1000))
    replies = fetch_all(requests, replace(OURS, in_flight=4), now=NOON)
    next(replies)
    assert next(drawn) <= 100
    replies.close()  # type: ignore[attr-defined]


def test_one_request_of_any_kind_has_one_reply(site: Site) -> None:
    site.pages |= {"/reset": Page(reset=True), "/moved": (301, {"Location": "/feed.xml"}, b"")}
    urls = [
        site.at("/feed.xml"),
        site.at("/reset"),
        site.at("/moved"),
        site.at("/none"),
        "ftp://x/",
        "",
        "http://10.0.0.1",
    ]
    requests = [Request(url) for url in urls * 30]
    replies = list(fetch_all(requests, OURS, now=NOON))
    assert sorted(reply.request.url for reply in replies) == sorted(urls * 30)
    assert sum(isinstance(reply, Fetched) for reply in replies) == 60


def test_a_list_of_nothing_but_refusals_ends() -> None:
    replies = list(fetch_all([Request("http://10.0.0.1/")] * 500, OURS, now=NOON))
    assert len(replies) == 500


# --- hosts that want to be left alone ---


def test_a_host_that_asks_for_a_pause_is_asked_nothing_more_and_others_go_on(site: Site) -> None:
    site.pages["/busy"] = Page(status=429, headers={"Retry-After": "3600"})
    here = [Request(site.at("/busy"))] + [Request(site.at(f"/feed.xml?{n}")) for n in range(20)]
    there = [Request(site.at("/feed.xml", "127.0.0.2"))] * 5
    replies = list(fetch_all(here + there, replace(OURS, per_host=1), now=NOON))
    assert site.paths().count("/busy") == 1
    assert len(site.asks) == 1 + 5
    assert sum(isinstance(reply, NotAsked) for reply in replies) == 20
    [busy] = [reply for reply in replies if isinstance(reply, Failed)]
    assert busy.hold
    assert busy.hold.host == "127.0.0.1"
    assert busy.hold.until >= NOON + timedelta(hours=1)


def test_a_host_that_asks_for_a_pause_while_the_caller_is_busy_is_not_sent_what_was_begun_before(site: Site) -> None:
    is_caller_busy, is_answered = threading.Event(), threading.Event()

    def nothing() -> Iterator[bytes]:
        is_answered.set()  # the head of the answer, which is all of it, was sent
        yield b""

    def busy(_: Ask) -> Page:
        is_caller_busy.wait(20)
        return Page(nothing(), status=429, headers={"Retry-After": "3600", "Content-Length": "0"})

    site.pages["/busy"] = busy
    requests = [Request(site.at(path)) for path in ("/feed.xml?1", "/busy", "/feed.xml?2")]
    at_once = replace(OURS, in_flight=2, per_host=2, per_host_gap_s=0.0)
    replies = fetch_all(requests, at_once, now=NOON)
    assert isinstance(next(replies), Fetched)
    is_caller_busy.set()
    assert is_answered.wait(60)
    threading.Event().wait(0.2)  # longer than a caller who is there takes
    assert [type(reply) for reply in replies] == [Failed, NotAsked]
    assert sorted(site.paths()) == ["/busy", "/feed.xml?1"]


def test_a_host_that_is_held_is_not_asked_not_even_by_way_of_another(site: Site) -> None:
    site.pages["/away"] = (302, {"Location": site.at("/feed.xml", "127.0.0.2")}, b"")
    held = {"127.0.0.2": NOON + timedelta(minutes=5)}
    requests = [Request(site.at("/away")), Request(site.at("/feed.xml", "127.0.0.2"))]
    replies = list(fetch_all(requests, OURS, now=NOON, held=held))
    assert site.paths() == ["/away"]
    assert {reply.request: reply for reply in replies} == {
        request: NotAsked(request=request, hold=Hold("127.0.0.2", held["127.0.0.2"])) for request in requests
    }


def test_a_host_whose_pause_is_over_is_asked(site: Site) -> None:
    held = {"127.0.0.1": NOON - timedelta(seconds=1)}
    [reply] = fetch_all([Request(site.at("/feed.xml"))], OURS, now=NOON, held=held)
    assert isinstance(reply, Fetched)


def test_requests_to_one_host_keep_their_distance(site: Site) -> None:
    next_s, gaps = list[float](), Gaps()
    site.pages["/feed.xml"] = lambda _: (next_s.append(gaps.free_at("127.0.0.1")), FEED)[1]  # type: ignore[func-returns-value]
    polite = replace(OURS, per_host=1, per_host_gap_s=0.05)
    list(fetch_all([Request(site.at("/feed.xml"))] * 4, polite, now=NOON, gaps=gaps))
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(next_s))


def test_requests_to_one_host_keep_their_distance_in_several_batches_too(site: Site) -> None:
    next_s, polite, gaps = list[float](), replace(OURS, per_host_gap_s=0.05), Gaps()
    site.pages["/feed.xml"] = lambda _: (next_s.append(gaps.free_at("127.0.0.1")), FEED)[1]  # type: ignore[func-returns-value]
    for _ in range(4):
        list(fetch_all([Request(site.at("/feed.xml"))], polite, now=NOON, gaps=gaps))
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(next_s))


def test_a_host_that_said_that_nothing_changed_may_be_asked_again_at_once(site: Site) -> None:
    site.pages["/feed.xml"] = lambda ask: Page(status=304) if "if-none-match" in ask.headers else FEED
    polite, gaps = replace(OURS, per_host_gap_s=3600.0), Gaps()
    known = [Request(site.at(f"/feed.xml?{n}"), Validators(etag='"1"')) for n in range(5)]
    replies = list(fetch_all(known, polite, now=NOON, gaps=gaps))
    assert [type(reply) for reply in replies] == [NotModified] * 5
    assert gaps.free_at("127.0.0.1") == 0.0
    list(fetch_all([Request(site.at("/feed.xml"))], polite, now=NOON, gaps=gaps))
    assert gaps.free_at("127.0.0.1") > time.monotonic()


def test_more_hosts_than_are_looked_up_at_once_are_all_asked(site: Site) -> None:
    deaf = [Request(f"http://127.0.1.{n}:1/") for n in range(1, 101)]
    replies = list(fetch_all([*deaf, Request(site.at("/feed.xml"))], OURS, now=NOON))
    assert Counter(type(reply) for reply in replies) == {Failed: 100, Fetched: 1}
