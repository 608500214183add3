"""Pages made of attacks: what a browser does with them, and what they are made of."""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.etree import ElementTree

import html5lib
import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route
from sqlalchemy import Engine

import web
from aggregator.config import Settings, WebSettings
from tests.blank import open_blank
from tests.browser.press import chromium, needs_chromium, served
from tests.edition import NOON
from tests.hostile.paper import CASES, SHOWN_WHOLE_BYTES, collected_cases, print_paper, words
from tests.pictures import GIF
from web import create_app
from web.pictures import bars

pytestmark = [
    pytest.mark.skipif(not CASES.exists(), reason="the collected HTML cases lie in ../shared, which is not here"),
    pytest.mark.slow,
]

XHTML = "{http://www.w3.org/1999/xhtml}"
ADDRESSES = ("href", "src", "action", "formaction", "data-original", "data-progress", "data-next")
TOUCH_ALL = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  for (const each of document.images) each.loading = "eager";
  for (const each of document.querySelectorAll("main *"))
    for (const type of ["load", "error", "mouseover", "pointerdown", "focus", "toggle", "animationstart", "begin"])
      each.dispatchEvent(new Event(type));
  return Promise.all([...document.images].map(image => image.decode().catch(() => null)));
}"""
"""Opens, loads and touches everything, so that whatever could run does."""


@dataclass(frozen=True)
class Paper:
    """The pages that show every case in every field."""

    app: Flask
    places: tuple[str, ...]
    pictures: list[str] = field(default_factory=list)
    """Those that browsers asked us for; a publisher's server is asked for none of them here."""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    engine = open_blank(tmp_path_factory.mktemp("paper") / "paper.db")
    with pytest.MonkeyPatch.context() as patch:
        # All reports of a story on one page: a browser would need ten minutes for one of each dozen.
        patch.setattr("web.story.N_REPORTS", 1000)
        yield bind(engine, [words(case) for case in collected_cases()])
    engine.dispose()


@pytest.fixture(scope="module")
def trees(paper: Paper) -> dict[str, ElementTree.Element]:
    """Each page as a browser reads it."""
    return read(paper)


@pytest.fixture(scope="module")
def plain_shapes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """What pages of harmless words are made of, with stories of many articles and of one."""
    shapes = set()
    for page_bytes in (SHOWN_WHOLE_BYTES, 1):
        engine = open_blank(tmp_path_factory.mktemp("plain") / "paper.db")
        texts = ["en", "One word", "https://plain.example/2", "", "Another", "Ein <b>Wort</b>", "Viele Worte " * 40]
        for tree in read(bind(engine, texts, page_bytes=page_bytes)).values():
            shapes |= set(shapes_of(tree))
        engine.dispose()
    drawn = bars("coverage", "Where it is told", [("Ireland", 2), ("Italy", 1)])
    return shapes | set(shapes_of(html5lib.parse(str(drawn))))


def read(paper: Paper) -> dict[str, ElementTree.Element]:
    client = paper.app.test_client()
    return {place: html5lib.parse(client.get(place).get_data()) for place in paper.places}


def bind(engine: Engine, texts: list[str], *, page_bytes: int = SHOWN_WHOLE_BYTES) -> Paper:
    app = create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=lambda: NOON)
    stories = [f"/story/{story_id}" for story_id in print_paper(engine, texts, page_bytes=page_bytes, now=NOON)]
    on = [place for first in ("/river", *stories) for place in with_next(app, first)]
    paper = Paper(app, tuple(dict.fromkeys((*every_page(app), *on))))
    pages = app.wsgi_app

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/image/"):
            return pages(environ, start_response)
        paper.pictures.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(GIF)))])
        return [GIF]

    app.wsgi_app = answer  # type: ignore[method-assign]
    return paper


def every_page(app: Flask) -> Iterator[str]:
    """Yield an address of each page there is, one that is added later too; of things, that of the first."""
    for rule in app.url_map.iter_rules():
        place = re.sub(r"<int:\w+>", "1", rule.rule)
        if "GET" in (rule.methods or ()) and "<" not in place:
            reply = app.test_client().get(place)
            if reply.status_code == 200 and reply.content_type.startswith("text/html"):
                yield place


def with_next(app: Flask, place: str) -> Iterator[str]:
    """Yield a page and those that it goes on to."""
    onward: str | None = place
    while onward:
        yield onward
        found = re.search(r'rel="next" href="([^"]+)"', app.test_client().get(onward).get_data(as_text=True))
        onward = unescape(found[1]) if found else None


OUR_SCRIPTS = {f"/static/{path.name}" for path in (Path(web.__file__).parent / "static").glob("*.js")}


@dataclass
class Watch:
    """Notes whatever a page of ours may not do."""

    address: str
    wrongs: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> Page:
        context.route(re.compile(f"^(?!{re.escape(self.address)}/)"), self._on_request)
        context.on("page", lambda page: self.wrongs.append(f"opened {page.url}") if len(context.pages) > 1 else None)
        page = context.new_page()
        page.on("dialog", lambda dialog: (self.wrongs.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("download", lambda download: self.wrongs.append(f"download {download.url}"))
        page.on("pageerror", lambda error: self.wrongs.append(f"error {error}"))
        page.on("console", self._on_console)
        debugger = context.new_cdp_session(page)
        debugger.on("Debugger.scriptParsed", self._on_script)
        debugger.send("Debugger.enable")
        return page

    def _on_request(self, route: Route) -> None:
        self.wrongs.append(f"asked for {route.request.url[:100]}")
        route.abort()

    def _on_console(self, said: ConsoleMessage) -> None:
        self.wrongs.append(f"console {said.text[:200]}")

    def _on_script(self, script: dict[str, Any]) -> None:
        """Note each script but ours: what stands in a page has the page's address, what we evaluate here has none."""
        if script["url"] and urlsplit(script["url"]).path not in OUR_SCRIPTS:
            self.wrongs.append(f"script of {script['url'][:100]}")


@needs_chromium
@pytest.mark.parametrize("has_policy", [True, False], ids=["with our policy", "by the sanitiser alone"])
def test_no_script_runs_and_nobody_else_is_asked(paper: Paper, has_policy: bool) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(served(paper.app))
        browser = stack.enter_context(chromium())
        watch = Watch(address)
        page = watch.over(browser.new_context(base_url=address, bypass_csp=not has_policy))
        for place in (place for place in paper.places if not (has_policy and "before=" in place)):
            page.goto(place)
            page.evaluate(TOUCH_ALL)
            if page.url != f"{address}{place}":
                watch.wrongs.append(f"{place} went to {page.url}")
    assert watch.wrongs == []
    assert len(paper.pictures) > 1000


@needs_chromium
def test_the_watch_sees_what_it_watches_for(paper: Paper) -> None:
    """Without this one, the watch could be blind."""
    with ExitStack() as stack:
        address = stack.enter_context(served(paper.app))
        browser = stack.enter_context(chromium())
        watch = Watch(address)
        page = watch.over(browser.new_context(base_url=address, bypass_csp=True))
        page.goto("/keys")
        page.evaluate(
            "document.querySelector('main').innerHTML = '<img src=https://evil.example/a.png onload=1>"
            '<a onfocus="console.log(7)">x</a><iframe srcdoc="<script>parent.alert(1)</script>"></iframe>\''
        )
        page.evaluate(TOUCH_ALL)
        page.wait_for_load_state("networkidle")
    seen = " ".join(watch.wrongs)
    assert "asked for https://evil.example/a.png" in seen
    assert "console 7" in seen
    assert "dialog 1" in seen
    assert "script of" in seen


@needs_chromium
def test_our_policy_stops_what_a_sanitiser_would_have_missed(paper: Paper) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(served(paper.app))
        browser = stack.enter_context(chromium())
        watch = Watch(address)
        page = watch.over(browser.new_context(base_url=address))
        page.goto("/keys")
        page.evaluate(
            "document.querySelector('main').innerHTML = '<img src=https://evil.example/a.png onerror=\"alert(1)\">"
            "<iframe src=https://evil.example/></iframe><form action=https://evil.example/><button>b</button></form>'"
        )
        page.evaluate(TOUCH_ALL)
        page.get_by_role("button", name="b").click(no_wait_after=True)
        page.wait_for_load_state("networkidle")
    assert not [wrong for wrong in watch.wrongs if wrong.startswith(("asked", "dialog"))]
    refused = " ".join(watch.wrongs)
    assert all(part in refused for part in ("img-src", "script-src", "default-src", "form-action"))


def outside_of_texts(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield the elements of a page but for those inside articles' texts, which a judge of their own looks at."""
    yield element
    if element.get("class") != "prose":
        for child in element:
            if isinstance(child.tag, str):
                yield from outside_of_texts(child)


def shapes_of(page: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Yield what a page is made of: each element with each of its attributes."""
    for element in outside_of_texts(page):
        yield element.tag, ""
        yield from ((element.tag, str(name)) for name in element.attrib)


def test_outside_of_texts_no_word_of_a_feed_makes_an_element_or_an_attribute(
    trees: dict[str, ElementTree.Element], plain_shapes: set[tuple[str, str]]
) -> None:
    strange = {place: set(shapes_of(tree)) - plain_shapes for place, tree in trees.items()}
    assert {place: found for place, found in strange.items() if found} == {}


def test_every_address_on_every_page_leads_into_the_web_or_to_us(trees: dict[str, ElementTree.Element]) -> None:
    n_seen = 0
    for place, tree in trees.items():
        for element in tree.iter():
            for value in filter(None, (element.get(name) for name in ADDRESSES)):
                n_seen += 1
                is_ours = value.startswith(("/", "#")) and not value.startswith("//")
                is_link = element.tag != f"{XHTML}img" and re.match(r"https?://[^/]|mailto:", value, re.IGNORECASE)
                assert is_ours or is_link, (place, element.tag, value)
    assert n_seen > 10_000


def test_what_is_exported_is_one_well_formed_list(paper: Paper) -> None:
    exported = ElementTree.fromstring(paper.app.test_client().get("/export.opml").get_data())
    assert len([each for each in exported.iter("outline") if each.get("xmlUrl")]) == 1584
