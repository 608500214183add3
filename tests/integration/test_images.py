"""Foreign pictures: fetched by us, shown by us, and nothing else by that way."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from aggregator.config import FetchSettings, ImageSettings, Settings, WebSettings
from aggregator.models.fetching import Hold
from aggregator.models.markup import SafeHtml
from aggregator.store import holds
from aggregator.store.db import transaction
from aggregator.store.images import ImageCache
from tests.blank import open_blank
from tests.edition import NOON, print_edition
from tests.pictures import GIF, ICO, JPEG, SVG, WEBP, avif, png
from tests.server import Page, Site
from web import create_app
from web.images import POLICY, illustrated, image_url

MB = 1024 * 1024


@pytest.fixture
def site() -> Iterator[Site]:
    """A publisher of pictures, on the owner's own machine."""
    with Site() as site:
        yield site


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "paper.db")
    yield engine
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    images = ImageSettings(cache_folder=str(tmp_path / "images"), max_bytes=MB, timeout_s=60.0)
    return Settings(fetch=FetchSettings(allowed_hosts=("127.0.0.1",)), images=images)


@pytest.fixture
def app(engine: Engine, settings: Settings) -> Flask:
    return create_app(engine, settings, clock=lambda: NOON)


@pytest.fixture
def show(app: Flask) -> Callable[[str], TestResponse]:
    """What a browser gets that finds this picture on a page of ours."""

    def ask(url: str) -> TestResponse:
        with app.test_client().get(place_of(app, url)) as reply:
            reply.get_data()
            return reply

    return ask


def place_of(app: Flask, url: str) -> str:
    with app.test_request_context():
        place = image_url(url)
    assert place
    return place


def is_missing(reply: TestResponse) -> bool:
    return reply.status_code == 200 and reply.content_type.startswith("image/svg+xml") and b"M.5.5h47" in reply.data


@pytest.mark.parametrize(
    ("body", "kind"),
    [(png(), "image/png"), (GIF, "image/gif"), (JPEG, "image/jpeg"), (WEBP, "image/webp"), (avif(), "image/avif"),
     (ICO, "image/x-icon")],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_picture_is_shown_as_what_it_is_whatever_its_server_calls_it(
    show: Callable[[str], TestResponse], site: Site, body: bytes, kind: str
) -> None:
    site.pages["/p"] = Page(body, headers={"Content-Type": "text/html"})
    reply = show(site.at("/p"))
    assert (reply.status_code, reply.content_type, reply.data) == (200, kind, body)


@pytest.mark.parametrize(
    "body",
    [SVG, b"<?xml version='1.0'?>" + SVG, b"<!doctype html><script>alert(1)</script>", b"", b"%PDF-1.7",
     b"BM" + b"\0" * 60, b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0" + b"\0" * 40],
)  # fmt: skip
def test_nothing_but_whole_raster_pictures_is_shown(
    show: Callable[[str], TestResponse], site: Site, body: bytes
) -> None:
    site.pages["/p.png"] = Page(body, headers={"Content-Type": "image/png"})
    assert is_missing(show(site.at("/p.png")))


def test_a_publisher_without_an_icon_has_a_small_paper_for_one(show: Callable[[str], TestResponse], site: Site) -> None:
    reply = show(site.at("/favicon.ico"))
    assert (reply.status_code, reply.content_type.partition(";")[0]) == (200, "image/svg+xml")
    assert b'width="16"' in reply.data
    assert not is_missing(reply)


def test_a_picture_is_sandboxed_never_sniffed_and_for_our_pages_only(
    show: Callable[[str], TestResponse], site: Site
) -> None:
    site.pages["/p"] = GIF + b"<script>alert(1)</script>"
    for reply in (show(site.at("/p")), show(site.at("/gone"))):
        assert reply.headers["Content-Security-Policy"] == POLICY
        assert "sandbox" in POLICY
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert reply.headers["Referrer-Policy"] == "no-referrer"


def test_publishers_learn_nothing_about_readers(app: Flask, site: Site) -> None:
    site.pages["/p"] = (200, {"Set-Cookie": "who=you"}, png())
    client = app.test_client()
    client.set_cookie("broadsheet", "secret")
    told = {"Referer": "http://localhost/story/5", "User-Agent": "Reader's browser", "X-Forwarded-For": "203.0.113.5"}
    reply = client.get(place_of(app, site.at("/p")), headers=told)
    assert "Set-Cookie" not in reply.headers
    assert set(site.asks[0].headers) <= {"host", "accept", "accept-encoding", "user-agent"}
    assert "Reader" not in site.asks[0].headers["user-agent"]


@pytest.mark.parametrize(
    "change",
    [
        lambda signature, name: (signature[:-2] + "xx", name),
        lambda signature, name: (signature, name[:-4] + "xxxx"),
        lambda signature, name: ("", name),
        lambda signature, name: (signature, "..%2f..%2fetc"),
        lambda signature, name: ("é", "é"),
    ],
)
def test_only_addresses_that_we_wrote_are_fetched(
    app: Flask, site: Site, change: Callable[[str, str], tuple[str, str]]
) -> None:
    _, _, signature, name = place_of(app, site.at("/p")).split("/")
    changed = "/".join(change(signature, name))
    assert app.test_client().get(f"/image/{changed}").status_code == 404
    assert site.n_connections == 0


def test_another_broadsheet_signs_otherwise(app: Flask, tmp_path: Path, settings: Settings) -> None:
    other = open_blank(tmp_path / "other.db")
    theirs = place_of(create_app(other, settings, clock=lambda: NOON), "https://a.example/p.png")
    other.dispose()
    assert app.test_client().get(theirs).status_code == 404


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:image/png;base64,AAAA", "file:///etc/passwd", "//a.example/x", "", "x" * 5000]
)
def test_what_is_no_web_address_has_no_place(app: Flask, url: str) -> None:
    with app.test_request_context():
        assert image_url(url) is None


def test_a_picture_on_a_private_address_is_never_asked_for(app: Flask, engine: Engine, settings: Settings) -> None:
    strict = create_app(engine, replace(settings, fetch=FetchSettings()), clock=lambda: NOON)
    with Site({"/p": png()}) as private:
        for url in (private.at("/p"), private.at("/p", "localhost"), f"http://[::ffff:127.0.0.1]:{private.port}/p"):
            with strict.test_client().get(place_of(strict, url)) as reply:
                reply.get_data()
                assert is_missing(reply)
        assert private.n_connections == 0


def test_no_redirect_leads_to_a_private_address(show: Callable[[str], TestResponse], site: Site) -> None:
    with Site({"/p": png()}, hosts=("127.0.0.2",)) as private:
        for n, url in enumerate((private.at("/p"), f"http://localhost:{private.port}/p", "file:///etc/passwd")):
            site.pages[f"/{n}"] = (302, {"Location": url}, b"")
            assert is_missing(show(site.at(f"/{n}")))
        assert private.n_connections == 0


def test_a_redirect_to_a_picture_is_followed(show: Callable[[str], TestResponse], site: Site) -> None:
    site.pages |= {"/a": (301, {"Location": "/b"}, b""), "/b": png()}
    assert show(site.at("/a")).data == png()


@pytest.mark.parametrize(
    "page",
    [
        Page(png(padding=2 * MB)),
        Page(png(60_000, 60_000)),
        Page(png(20_000, 1)),
        Page(png(10_000, 10_000)),
        Page(png(), status=500),
        Page(png(padding=1000), cut_at=500),
        Page(reset=True),
    ],
    ids=["bytes", "pixels", "side", "pixels within sides", "status", "cut", "reset"],
)
def test_a_picture_that_is_too_large_or_broken_is_left_out(
    show: Callable[[str], TestResponse], site: Site, page: Page
) -> None:
    site.pages["/p"] = page
    assert is_missing(show(site.at("/p")))


def test_a_picture_that_drips_is_left_out_at_its_deadline(engine: Engine, settings: Settings, site: Site) -> None:
    impatient = replace(settings, images=replace(settings.images, timeout_s=1.0))
    app = create_app(engine, impatient, clock=lambda: NOON)
    site.pages["/p"] = lambda _: Page(chain([png()], repeat(b"x")), pause_s=0.05)
    with app.test_client().get(place_of(app, site.at("/p"))) as reply:
        assert is_missing(reply)


def test_a_picture_that_is_redirected_six_times_is_left_out(show: Callable[[str], TestResponse], site: Site) -> None:
    site.pages |= {f"/{n}": (302, {"Location": f"/{n + 1}"}, b"") for n in range(6)} | {"/6": png()}
    assert show(site.at("/1")).data == png()
    assert is_missing(show(site.at("/0")))


def test_a_picture_is_fetched_once(show: Callable[[str], TestResponse], site: Site) -> None:
    site.pages["/p"] = png()
    first, second = show(site.at("/p")), show(site.at("/p"))
    assert first.data == second.data
    assert len(site.asks) == 1
    assert "max-age=604800" in first.headers["Cache-Control"]


def test_what_could_not_be_had_is_asked_for_again_after_an_hour(engine: Engine, settings: Settings, site: Site) -> None:
    moments = [NOON]
    app = create_app(engine, settings, clock=lambda: moments[-1])
    for minutes, n_asked in ((0, 1), (1, 1), (59, 1), (60, 2)):
        moments.append(NOON + timedelta(minutes=minutes))
        with app.test_client().get(place_of(app, site.at("/gone"))) as reply:
            assert is_missing(reply)
        assert len(site.asks) == n_asked


def test_a_host_that_wants_a_pause_is_asked_for_no_picture_until_it_is_over(
    engine: Engine, settings: Settings, site: Site
) -> None:
    site.pages["/p"] = png()
    with transaction(engine) as db:
        holds.hold(db, Hold("127.0.0.1", NOON + timedelta(minutes=5)), now=NOON)
    moments = [NOON]
    app = create_app(engine, settings, clock=lambda: moments[-1])
    for minutes, n_asked in ((0, 0), (4, 0), (5, 1)):
        moments.append(NOON + timedelta(minutes=minutes))
        with app.test_client().get(place_of(app, site.at("/p"))) as reply:
            assert is_missing(reply) is (n_asked == 0)
        assert len(site.asks) == n_asked


def test_slow_pictures_leave_threads_for_pages(engine: Engine, settings: Settings, site: Site) -> None:
    patient = replace(settings, web=WebSettings(threads=4), images=replace(settings.images, timeout_s=30.0))
    app = create_app(engine, patient, clock=lambda: NOON)
    others_are_told = threading.Event()
    site.pages["/slow"] = lambda ask: Page(png()) if others_are_told.wait(30) else Page(status=504)
    places = [place_of(app, site.at(f"/slow?{n}")) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        asked = as_completed([pool.submit(app.test_client().get, place) for place in places])
        replies = [next(asked), next(asked)]
        others_are_told.set()
        replies = [each.result() for each in (*replies, *asked)]
    assert site.most_at_once <= 2
    busy = [reply for reply in replies if reply.headers["Cache-Control"] == "no-store"]
    assert len(busy) >= 2
    assert all(is_missing(reply) for reply in busy)
    for reply in replies:
        reply.close()


def test_the_owner_may_do_without_pictures(engine: Engine, settings: Settings, site: Site) -> None:
    app = create_app(engine, replace(settings, images=ImageSettings(show="none")), clock=lambda: NOON)
    edition = print_edition(engine)
    with app.test_request_context():
        assert image_url(site.at("/p")) is None
        assert illustrated(SafeHtml('<p>a<img src="https://a.example/p">b</p>')) == "<p>ab</p>"
    for path in (f"/article/{edition.article_ids['A garden in pictures']}", f"/story/{edition.story_ids['quake']}"):
        assert "<img" not in app.test_client().get(path).get_data(as_text=True)
    signed = place_of(create_app(engine, settings, clock=lambda: NOON), site.at("/p"))
    assert app.test_client().get(signed).status_code == 404


def test_an_articles_pictures_come_from_us_when_they_are_looked_at(app: Flask) -> None:
    kept = SafeHtml('<p>Look: <img src="https://a.example/p.png?a=1&amp;b=2" alt="a &lt;rose&gt;" width="60"> red.</p>')
    with app.test_request_context():
        shown = illustrated(kept)
    assert place_of(app, "https://a.example/p.png?a=1&b=2") in shown
    assert 'alt="a &lt;rose&gt;" width="60"' in shown
    assert 'loading="lazy"' in shown
    assert "a.example" not in shown


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ('<img src="javascript:alert(1)">x', "x"),
        ('<img src="/image/a/b" onerror="alert(1)">x', "x"),
        ("<script>alert(1)</script><p onclick=alert(1)>x</p>", "<p>x</p>"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'),
        ('<svg><image href="https://a.example/p"/></svg>x', "x"),
    ],
)
def test_what_was_kept_unsafe_is_not_shown_either(app: Flask, kept: str, shown: str) -> None:
    with app.test_request_context():
        assert illustrated(SafeHtml(kept)) == shown


def test_every_publisher_of_a_story_has_its_icon_from_us(app: Flask, engine: Engine) -> None:
    edition = print_edition(engine)
    shown = app.test_client().get(f"/story/{edition.story_ids['quake']}").get_data(as_text=True)
    assert place_of(app, "https://north-wire.example/favicon.ico") in shown


def ask_for(name: str) -> str:
    return f"https://a.example/{name}"


def test_the_cache_stays_within_its_bound_and_keeps_what_is_used(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "images", max_bytes=100_000)
    cache.keep(ask_for("front"), b"f" * 1000, now=NOON)
    for n in range(500):
        moment = NOON + timedelta(seconds=n)
        assert cache.find(ask_for("front"), now=moment), n
        cache.keep(ask_for(f"{n}"), b"x" * 1000, now=moment)
        assert sum(path.stat().st_size for path in (tmp_path / "images").rglob("*") if path.is_file()) <= 100_000
    assert cache.find(ask_for("499"), now=NOON)
    assert cache.find(ask_for("0"), now=NOON) is None


def test_a_cache_that_is_opened_anew_for_each_picture_stays_within_its_bound(tmp_path: Path) -> None:
    for n in range(200):
        ImageCache(tmp_path / "images", 100_000).keep(ask_for(f"{n}"), b"x" * 1000, now=NOON + timedelta(seconds=n))
    assert sum(path.stat().st_size for path in (tmp_path / "images").rglob("*") if path.is_file()) <= 100_000


def test_pictures_that_cannot_be_had_fill_no_folder(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "images", max_bytes=100_000)
    for n in range(200):
        cache.keep(ask_for(f"{n}"), b"", now=NOON + timedelta(seconds=n))
    assert sum(path.is_file() for path in (tmp_path / "images").rglob("*")) <= 25


def test_a_picture_that_could_not_be_had_in_another_time_is_asked_for_again(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "images", max_bytes=100_000)
    cache.keep(ask_for("p"), b"", now=NOON + timedelta(days=365))
    assert cache.find(ask_for("p"), now=NOON) is None


def test_a_cache_that_cannot_be_written_loses_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("not a folder")
    cache = ImageCache(tmp_path / "images", max_bytes=1000)
    cache.keep(ask_for("p"), b"x", now=NOON)
    assert cache.find(ask_for("p"), now=NOON) is None


def test_nobody_else_on_the_machine_looks_into_the_cache(tmp_path: Path) -> None:
    cache = ImageCache(tmp_path / "images", max_bytes=1000)
    cache.keep(ask_for("p"), b"x", now=NOON)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "images").rglob("*")} == {0}
