"""Who is really called: run by test_addresses.py in a network of its own, where every address would answer."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import certifi
import pytest
from sqlalchemy import Engine

from aggregator import refreshing
from aggregator.config import FetchSettings, ImageSettings, PollSettings, Settings
from aggregator.errors import OpmlError
from aggregator.fetch.http import fetch, fetch_all
from aggregator.models.fetching import Failed, Fetched, Reply, Request
from aggregator.models.subscribing import Subscription
from aggregator.parse.opml import parse_opml
from aggregator.refreshing import Tools
from aggregator.store import articles, feeds, polling
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from tests.hostile.network import NXDOMAIN, SERVFAIL, Names, Zone, settle
from tests.hostile.paper import parse_here
from tests.pictures import png
from tests.server import Page, Site
from web import create_app
from web.images import icon_url, image_url

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASES = Path(__file__).parents[2].parent / "shared/data/cases/url/cases.jsonl"
CERTIFICATE = Path(__file__).parents[1] / "data/self-signed.pem"
SETTINGS = FetchSettings(timeout_s=4.0, per_host_gap_s=0.0)

OK, OTHER, CLOSED = "20.1.2.3", "21.1.2.3", "22.1.2.3"
OK6 = "2a00::3"
PUBLIC = {OK, OTHER, CLOSED, OK6}
RSS = b'<rss version="2.0"><channel><title>T</title><item><title>One</title><link>http://ok.example/1</link></item></channel></rss>'

ZONE: Zone = {
    "ok.example": (OK, OK6),
    "other.example": (OTHER,),
    "xn--bcher-kva.example": (OK,),
    "localhost": ("127.0.0.1", "::1"),
    "127.0.0.1.nip.io": ("127.0.0.1",),
    "0x7f000001.nip.io": ("127.0.0.1",),
    "router": ("192.168.0.1",),
    "intranet": ("10.0.0.1",),
    "gateway.docker.internal": ("172.17.0.1",),
    "kubernetes.default.svc": ("10.96.0.1",),
    "both.example": (OK, "10.0.0.1", "127.0.0.1"),
    "both-closed.example": (CLOSED, "10.0.0.1", "127.0.0.1"),
    "six.example": ("::1", OK),
    "six-only.example": ("::1", "fd00::1"),
    "alias.example": ("=localhost",),
    "alias2.example": ("=inner.example",),
    "inner.example": ("169.254.169.254",),
    "nas.example": ("192.168.0.9",),
    "failing.example": SERVFAIL,
    "gone.example": NXDOMAIN,
    "silent.example": None,
}


@pytest.fixture(scope="session", autouse=True)
def names(tmp_path_factory: pytest.TempPathFactory) -> Names:
    certificate = CERTIFICATE.read_text()
    trusted = tmp_path_factory.mktemp("trusted") / "trusted.pem"
    trusted.write_text(certificate[certificate.index("-----BEGIN CERTIFICATE") :])
    return settle(tmp_path_factory.mktemp("names"), dict(ZONE), {trusted: Path(certifi.where())})


@pytest.fixture
def everywhere() -> Iterator[Site]:
    """A server that answers at every address there is, on port 80."""
    answers = dict.fromkeys(("/feed", "/feed.xml", "/rss", "/", "/1", "/x", "/secret", "/latest/meta-data/"), RSS)
    with Site(dict(answers), hosts=("::",), port=80) as site:
        yield site


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(sqlite_url(tmp_path / "news.db"))
    yield engine
    engine.dispose()


def ask(url: str, settings: FetchSettings = SETTINGS) -> Reply:
    return fetch(Request(url), settings, now=NOON)


def redirecting(site: Site, *locations: str) -> str:
    """Make a way over these locations, from one that is public; return where it begins."""
    for n, location in enumerate(locations):
        site.pages[f"/way{n}"] = (302, {"Location": location}, b"")
    return "http://ok.example/way0"


def poll(engine: Engine, *urls: str, tools_settings: FetchSettings = SETTINGS, n_polls: int = 2) -> None:
    """Subscribe and check the feeds as the worker does, some times over."""
    with transaction(engine) as db:
        for url in urls:
            feeds.subscribe(db, Subscription(feed_url=url), now=NOON)
    tools = Tools(fetch=partial(fetch_all, settings=tools_settings), parse=parse_here)
    for n in range(n_polls):
        now = NOON + timedelta(days=n)
        with transaction(engine) as db:
            polling.check_now(db, None, now=now)
            due = polling.claim_due(db, now=now, limit=1000, lease_s=60)
        list(refreshing.refresh(engine, due, tools, PollSettings(), now=now))


def titles(engine: Engine) -> list[str]:
    with reading(engine) as db:
        return [line.title for line in articles.river(db, limit=100)]


# --- addresses -----------------------------------------------------------------------------------------


PORTS = (80, 443, 8080, 8443, 6379, 9200, 2375, 22, 25, 11211)
"""Those that the collected addresses name, and more that something inside might listen on."""


def test_each_collected_address_is_called_or_not_as_it_says() -> None:
    if not CASES.exists():
        pytest.skip("The collected addresses lie in ../shared, which is not here.")
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    wrong = []
    with ExitStack() as stack:
        sites = [stack.enter_context(Site({"/": RSS}, hosts=("::",), port=port)) for port in PORTS]
        for case in cases:
            for site in sites:
                site.called.clear()
            ask(case["url"])
            called = {place for site in sites for place in site.called}
            host = case["url"].split("//")[-1].split("/")[0].strip("[]")
            may_be = {OK, OK6, host} if case["expect"] in ("accept", "special") else set()
            if called - may_be or (case["expect"] == "accept" and not called):
                wrong.append((case["id"], case["url"], called))
    assert wrong == []
    assert len(cases) == 96


# --- redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/secret",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/",
        "//127.0.0.1/",
        "http://localhost./",
        "http://ok.example\r\n\tX: 1/",
        "http://a:b@127.0.0.1/",
        "http://0177.0.0.1/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://alias.example/secret",
    ],
)
def test_r01_to_r10_a_redirect_that_leads_inside_is_not_followed(
    everywhere: Site, engine: Engine, location: str
) -> None:
    start = redirecting(everywhere, location)
    poll(engine, start)
    assert set(everywhere.called) <= PUBLIC
    assert titles(engine) == []
    with reading(engine) as db:
        assert [line.feed.feed_url for line in feeds.feed_lines(db)] == [start]


def test_r02_a_permanent_redirect_inside_does_not_move_the_feed(everywhere: Site, engine: Engine) -> None:
    everywhere.pages["/old"] = (301, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"")
    poll(engine, "http://ok.example/old", n_polls=5)
    with reading(engine) as db:
        assert [line.feed.feed_url for line in feeds.feed_lines(db)] == ["http://ok.example/old"]
    assert set(everywhere.called) <= PUBLIC


def test_r09_every_hop_is_judged_not_the_first_two_only(everywhere: Site) -> None:
    start = redirecting(everywhere, "http://other.example/way1", "http://10.0.0.1/secret")
    assert isinstance(ask(start), Failed)
    assert OTHER in everywhere.called
    assert set(everywhere.called) <= PUBLIC


def test_r11_a_relative_redirect_stays_on_its_host(everywhere: Site) -> None:
    everywhere.pages["/a/b"] = (302, {"Location": "../x"}, b"")
    reply = ask("http://ok.example/a/b")
    assert isinstance(reply, Fetched)
    assert reply.url == "http://ok.example/x"


def test_r12_a_redirect_to_nowhere_is_an_error_and_keeps_nothing(everywhere: Site, engine: Engine) -> None:
    everywhere.pages["/nowhere"] = (302, {}, RSS)
    poll(engine, "http://ok.example/nowhere")
    assert titles(engine) == []
    with reading(engine) as db:
        assert "without saying where" in str(feeds.feed_lines(db)[0].poll.error)


def test_r13_r14_loops_and_long_chains_end(everywhere: Site) -> None:
    assert isinstance(ask(redirecting(everywhere, "http://other.example/way1", "http://ok.example/way0")), Failed)
    assert len(everywhere.asks) <= 11
    everywhere.asks.clear()
    assert isinstance(ask(redirecting(everywhere, *(f"/way{n}" for n in range(1, 21)))), Failed)
    assert len(everywhere.asks) <= 11


def test_r15_r16_from_https_to_http_and_to_others_no_secret_goes_along(everywhere: Site) -> None:
    own = replace(SETTINGS, allowed_hosts=("localhost",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    answer = (302, {"Location": "http://other.example/x", "Set-Cookie": "a=b"}, b"")
    with Site({"/": answer, "/again": answer}, hosts=("127.0.0.1",), port=443, tls=context):
        reply = ask("https://localhost/", own)
    assert isinstance(reply, Fetched)
    assert reply.url == "http://other.example/x"
    assert not {"authorization", "cookie", "referer"} & set(everywhere.asks[-1].headers)
    assert isinstance(ask("http://me:secret@ok.example/feed"), Failed)


# --- names ---------------------------------------------------------------------------------------------


def test_r17_a_name_that_means_another_address_the_second_time_gains_nothing(
    everywhere: Site, engine: Engine, names: Names
) -> None:
    n_asked = iter(range(1000))
    names.zone["rebound.example"] = lambda: (OK,) if next(n_asked) < 2 else ("127.0.0.1",)  # one for A, one for AAAA
    poll(engine, "http://rebound.example/feed", n_polls=4)
    assert titles(engine) == ["One"]
    assert everywhere.called == [OK]
    with reading(engine) as db:
        assert "this machine" in str(feeds.feed_lines(db)[0].poll.error)


def test_r17_a_name_that_changes_at_every_question_reaches_nothing_inside(everywhere: Site, names: Names) -> None:
    turns = iter([(OK,), ("127.0.0.1",), ("127.0.0.1",), (OK,)] * 100)
    names.zone["flipping.example"] = lambda: next(turns)
    for _ in range(20):
        ask("http://flipping.example/feed")
    assert set(everywhere.called) == {OK}


@pytest.mark.parametrize("name", ["both.example", "both-closed.example", "six.example"])
def test_r18_r19_of_several_addresses_the_private_ones_are_never_tried(everywhere: Site, name: str) -> None:
    everywhere.pages["/feed"] = lambda ask: Page(reset=True) if ask.address.endswith(CLOSED) else RSS
    for _ in range(5):
        reply = ask(f"http://{name}/feed")
        assert isinstance(reply, Fetched) == (name != "both-closed.example")
    assert set(everywhere.called) <= PUBLIC


@pytest.mark.parametrize("name", ["alias.example", "alias2.example", "six-only.example", "127.0.0.1.nip.io"])
def test_r20_whatever_a_name_is_an_alias_of_its_address_decides(everywhere: Site, name: str) -> None:
    assert isinstance(ask(f"http://{name}/feed"), Failed)
    assert everywhere.called == []


@pytest.mark.parametrize("name", ["failing.example", "gone.example", "silent.example"])
def test_r21_a_name_that_cannot_be_found_is_an_error_on_the_feed(engine: Engine, name: str) -> None:
    poll(engine, f"http://{name}/feed", n_polls=2)
    with reading(engine) as db:
        line = feeds.feed_lines(db)[0]
    assert line.poll.error
    assert line.poll.n_failures == 2
    assert line.poll.next_check_at > NOON + timedelta(days=1, minutes=10)


# --- what else could be asked for ----------------------------------------------------------------------


@pytest.fixture
def shown(engine: Engine, tmp_path: Path) -> Callable[..., bytes]:
    """What a browser gets for a picture or an icon."""
    images = ImageSettings(cache_folder=str(tmp_path / "images"))
    app = create_app(engine, Settings(fetch=SETTINGS, images=images), clock=lambda: NOON)

    def ask_for(place: Callable[[str], str | None], what: str) -> bytes:
        with app.test_request_context():
            url = place(what)
        assert url
        with app.test_client().get(url) as reply:
            return reply.get_data()

    return ask_for


def test_r22_an_icon_inside_is_not_asked_for(everywhere: Site, shown: Callable[..., bytes]) -> None:
    everywhere.pages["/favicon.ico"] = (302, {"Location": "http://192.168.0.1/favicon.ico"}, b"")
    for domain in ("intranet", "router", "10.0.0.1", "alias.example", "localhost"):
        assert b"<svg" in shown(icon_url, domain)
    with Site({"/favicon.ico": Page(reset=True)}, hosts=("::",), port=443) as secure:
        shown(icon_url, "alias.example")
        shown(icon_url, "ok.example")
    assert set(secure.called) <= PUBLIC
    assert OK in secure.called or OK6 in secure.called
    assert everywhere.called == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/p.png", "http://10.0.0.1/p.png", "http://169.254.169.254/p.png", "http://[::1]/p.png",
        "http://alias.example/p.png", "http://six-only.example/p.png", "http://ok.example/inside", "http://nas.example/p",
    ],
)  # fmt: skip
def test_r23_a_picture_inside_is_not_asked_for(everywhere: Site, shown: Callable[..., bytes], url: str) -> None:
    everywhere.pages |= {"/p.png": png(), "/p": png(), "/inside": (302, {"Location": "http://10.0.0.1/p.png"}, b"")}
    assert b"<svg" in shown(image_url, url)
    assert set(everywhere.called) <= PUBLIC


def test_r23_a_picture_outside_is_shown(everywhere: Site, shown: Callable[..., bytes]) -> None:
    everywhere.pages["/p.png"] = png()
    assert shown(image_url, "http://ok.example/p.png") == png()


INSIDE = "http://10.0.0.1/secret"
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="http://search.yahoo.com/mrss/"><title>T</title>
<icon>{INSIDE}</icon><logo>{INSIDE}</logo>
<link rel="hub" href="{INSIDE}"/><link rel="self" href="{INSIDE}"/><link rel="next" href="{INSIDE}"/>
<link rel="alternate" href="{INSIDE}"/>
<entry><id>1</id><title>One</title><link href="{INSIDE}"/><link rel="enclosure" type="image/png" href="{INSIDE}"/>
<m:thumbnail url="{INSIDE}"/><content type="html">&lt;img src="{INSIDE}"></content></entry></feed>"""


def test_r24_r25_what_a_feed_merely_names_is_not_asked_for(everywhere: Site, engine: Engine) -> None:
    everywhere.pages["/atom"] = ATOM
    poll(engine, "http://ok.example/atom", n_polls=3)
    assert titles(engine) == ["One"]
    assert set(everywhere.called) <= PUBLIC


def test_r26_a_list_that_includes_others_asks_for_none(everywhere: Site) -> None:
    included = f'<opml version="2.0"><body><outline type="include" url="{INSIDE}"/></body></opml>'
    external = f'<!DOCTYPE opml [<!ENTITY x SYSTEM "{INSIDE}">]><opml><body><outline text="&x;"/></body></opml>'
    for document in (included, external):
        try:
            assert parse_opml(document.encode()) == []
        except OpmlError:
            continue
    assert everywhere.called == []


def test_r27_a_feed_that_a_site_names_inside_is_not_asked_for(everywhere: Site, engine: Engine) -> None:
    link = f'<link rel="alternate" type="application/rss+xml" href="{INSIDE}">'
    everywhere.pages["/site"] = Page(
        f"<html><head>{link}</head></html>".encode(), headers={"Content-Type": "text/html"}
    )
    poll(engine, "http://ok.example/site", n_polls=4)
    assert set(everywhere.called) <= PUBLIC
    assert titles(engine) == []


def test_r28_a_proxy_of_the_environment_is_not_asked_and_lets_nothing_through(
    everywhere: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    with Site({}, hosts=("127.0.0.1",), port=3128) as proxy:
        assert isinstance(ask("http://ok.example/feed"), Fetched)
        assert isinstance(ask("http://10.0.0.1/secret"), Failed)
    assert proxy.n_connections == 0
    assert set(everywhere.called) <= PUBLIC


# --- the owner's own -----------------------------------------------------------------------------------


def test_the_owner_may_name_a_host_and_opens_no_other_by_that(everywhere: Site) -> None:
    own = replace(SETTINGS, allowed_hosts=("nas.example",))
    assert isinstance(ask("http://nas.example/feed", own), Fetched)
    assert everywhere.called == ["192.168.0.9"]
    for url in ("http://192.168.0.9/feed", "http://router/feed", "http://inner.example/feed", "http://10.0.0.1/feed"):
        assert isinstance(ask(url, own), Failed)
    assert everywhere.called == ["192.168.0.9"]


def test_a_named_host_that_comes_to_mean_cloud_metadata_is_not_called(everywhere: Site, names: Names) -> None:
    names.zone["mine.example"] = ("169.254.169.254",)
    assert isinstance(ask("http://mine.example/feed", replace(SETTINGS, allowed_hosts=("mine.example",))), Failed)
    assert everywhere.called == []


def test_every_address_would_have_answered(everywhere: Site) -> None:
    """Without this one, nothing might be listening where nothing was called."""
    anything = replace(SETTINGS, allowed_hosts=("0.0.0.0/0", "::/0"))
    inside = ("127.0.0.1", "10.0.0.1", "192.168.0.1", "100.64.0.1", "[::1]", "[fd00::1]", "[::ffff:10.0.0.2]")
    for host in inside:
        assert isinstance(ask(f"http://{host}/feed", anything), Fetched), host
    assert len(everywhere.called) == len(inside)
