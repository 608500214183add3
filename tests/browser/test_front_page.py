"""What a reader does with the front page in a browser, and how still it stands meanwhile."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import Engine

from aggregator.config import ImageSettings, Settings, WebSettings
from aggregator.store import settings as memory
from aggregator.store.db import open_database, reading, sqlite_url, transaction
from tests.browser.press import chromium, needs_chromium, served
from tests.edition import NOON, Edition, Piece, keep_past, make_topics, print_edition, sample_day, write_printed
from tests.pictures import png
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]

PNG = png(120, 80)

WATCH = """
window.shifts = [];
window.moved = [];
new PerformanceObserver(list => {
  for (const each of list.getEntries()) {
    window.shifts.push(each.value);
    window.moved.push(...each.sources.map(source => source.node?.outerHTML?.slice(0, 120)));
  }
}).observe({ type: "layout-shift", buffered: true });
"""


class Clock:
    """The server's clock, which stands still until it is put forward."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return write_printed(tmp_path / "paper.db", sample_day())


@pytest.fixture
def engine(edition: Edition, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(sqlite_url(tmp_path / "paper.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def address(engine: Engine, clock: Clock, tmp_path: Path) -> Iterator[str]:
    settings = Settings(
        web=WebSettings(time_zone="UTC"), images=ImageSettings(show="proxied", cache_folder=str(tmp_path / "images"))
    )
    with served(create_app(engine, settings, clock=clock)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, service_workers="block")
    page = context.new_page()
    page.add_init_script(WATCH)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/image/**", lambda route: route.fulfill(body=PNG, content_type="image/png"))
    yield page
    context.close()
    assert complaints == [], "the browser complained; a breach of the content security policy shows here too"


def was_here(engine: Engine, *, hours_ago: float) -> None:
    with transaction(engine) as db:
        memory.note_visit(db, now=NOON - timedelta(hours=hours_ago))


def shifts(page: Page) -> list[float]:
    found: list[float] = page.evaluate("window.shifts")
    return found


def test_ten_stories_stand_above_the_fold(page: Page, edition: Edition) -> None:
    page.goto("/")
    tops = [each.bounding_box() for each in page.locator("article.card h2").all()]
    assert sum(box is not None and box["y"] + box["height"] <= 900 for box in tops) >= 10


def test_the_first_visit_takes_six_requests_without_images_and_under_100_kb(page: Page, edition: Edition) -> None:
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda each: sizes.update({each.url: sum(_sizes(each.sizes()))}))
    page.goto("/", wait_until="networkidle")
    pages = {url: size for url, size in sizes.items() if "/image/" not in url}
    assert len(pages) <= 6, list(pages)
    assert sum(pages.values()) < 100_000


def _sizes(sizes: Any) -> tuple[int, int]:
    return sizes["responseBodySize"], sizes["responseHeadersSize"]


def test_nothing_moves_while_pictures_load_and_stories_are_marked(page: Page, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        db.exec_driver_sql("UPDATE articles SET image_url = 'https://pictures.example/1.png'")
    waiting: list[Route] = []
    page.route("**/image/**", lambda route: waiting.append(route))
    page.goto("/")
    expect(page.locator("article.lead .thumb")).to_be_visible()
    for route in waiting:
        route.fulfill(body=PNG, content_type="image/png")
    page.locator("article.lead").hover()
    page.locator("article.lead").get_by_role("button", name="Mark read").click()
    expect(page.locator("#said")).to_contain_text("read")
    assert sum(shifts(page)) == 0, page.evaluate("window.moved")


def test_unfolding_moves_nothing_above_it(page: Page, edition: Edition) -> None:
    page.goto("/")
    fold = page.locator("article.third details").nth(5)
    before = fold.bounding_box()
    fold.locator("summary").click()
    expect(fold.locator(".headlines")).to_be_visible()
    after = fold.bounding_box()
    assert before
    assert after
    assert (before["x"], before["y"]) == (after["x"], after["y"])


def test_a_page_that_is_looked_at_notes_the_visit(page: Page, engine: Engine, edition: Edition) -> None:
    page.clock.install()
    page.goto("/")
    with reading(engine) as db:
        assert memory.last_visit(db) is None
    with page.expect_response("**/visit") as answer:
        page.clock.fast_forward(6000)
    assert answer.value.status == 204
    with reading(engine) as db:
        visit = memory.last_visit(db)
    assert visit
    assert visit.seen_at == NOON


def test_stories_that_moved_are_told_and_the_page_stays_put_until_it_is_turned(
    page: Page, engine: Engine, edition: Edition, clock: Clock
) -> None:
    page.clock.install()
    page.goto("/")
    before = page.locator("article.card h2").all_text_contents()
    clock.now = NOON + timedelta(minutes=10)
    news = [Piece(name, "flood", f"Flood, says {name}", hours_ago=0.1) for name in ("One", "Two", "Three")]
    print_edition(engine, news, now=clock.now)
    page.clock.fast_forward(61_000)
    moved = page.get_by_role("link", name="1 story moved")
    expect(moved).to_be_visible()
    assert page.locator("article.card h2").all_text_contents() == before
    assert sum(shifts(page)) == 0, page.evaluate("window.moved")
    moved.click()
    expect(page.get_by_text("Flood, says One").first).to_be_visible()


def test_what_is_waited_for_stands_under_its_own_outline(page: Page, edition: Edition) -> None:
    page.goto("/")
    main = page.locator("#main")
    before = main.bounding_box()
    link = page.get_by_role("link", name="Newest change")
    link.evaluate("link => link.addEventListener('click', event => event.preventDefault())")  # as if it never came
    link.click()
    expect(main).to_have_class("is-loading")
    expect(main).to_have_attribute("aria-busy", "true")
    assert main.bounding_box() == before
    assert sum(shifts(page)) == 0, page.evaluate("window.moved")
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    expect(main).not_to_have_class("is-loading")


def test_sections_changes_reasons_and_sources_are_a_key_away(page: Page, engine: Engine, edition: Edition) -> None:
    was_here(engine, hours_ago=9)
    page.goto("/")
    page.keyboard.press("Shift+J")
    expect(page.locator("article.lead h2 a")).to_be_focused()
    page.keyboard.press("Shift+J")
    second = page.locator("[data-section]").nth(1)
    expect(second.locator("[data-item] a").first).to_be_visible()
    assert second.evaluate("section => section.contains(document.activeElement)")
    page.keyboard.press("Shift+K")
    assert page.locator("[data-section]").first.evaluate("section => section.contains(document.activeElement)")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.closest('[data-item]').querySelector('.chip') !== null")
    page.keyboard.press("w")
    expect(page.locator(".why:focus")).to_contain_text("Why here")
    page.keyboard.press("1")
    page.wait_for_url(re.compile(r"/story/\d+#a\d+"))


def test_catching_up_and_back(page: Page, engine: Engine, edition: Edition) -> None:
    was_here(engine, hours_ago=2)
    page.goto("/")
    n_all = page.locator("article.card").count()
    page.get_by_role("link", name="Catch up").click()
    page.wait_for_url("**/?changed=*")
    n_changed = page.locator("article.card").count()
    assert 0 < n_changed < n_all
    assert page.locator("article.card .chip.new, article.card .chip.updated").count() == n_changed
    page.get_by_role("link", name="Show everything").first.click()
    expect(page.locator("article.card")).to_have_count(n_all)


def test_a_past_front_page_is_two_clicks_away(page: Page, engine: Engine, edition: Edition) -> None:
    keep_past(engine)
    page.goto("/")
    page.get_by_role("link", name=re.compile("Edition of")).click()
    page.get_by_role("link", name="23", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Monday, 23 November 2026")
    page.get_by_role("link", name=re.compile("→")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tuesday, 24 November 2026")


@pytest.mark.parametrize(
    "theme", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=str
)
def test_axe_finds_nothing_serious_on_the_front_pages_and_pictures(
    browser: Browser, address: str, engine: Engine, edition: Edition, theme: dict[str, Any]
) -> None:
    was_here(engine, hours_ago=9)
    keep_past(engine)
    (topic, *_) = make_topics(
        engine,
        edition,
        {"Quakes": ("quake-aegean", "quake-highlands"), "Ports": ("port-strike",), "Votes": ("river-election",)},
    ).values()
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900}, **theme)
    page = context.new_page()
    page.route("**/image/**", lambda route: route.fulfill(body=PNG, content_type="image/png"))
    for path in ("/", "/?changed=", "/?order=newest", "/editions", "/edition/2026-11-24", "/topics", f"/topic/{topic}"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = Axe().run(page).response["violations"]
        grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
        assert grave == [], path
    context.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_front_page_is_wider_than_the_window(
    browser: Browser, address: str, engine: Engine, edition: Edition, width: int
) -> None:
    was_here(engine, hours_ago=9)
    keep_past(engine)
    long = "Donaudampfschifffahrtsgesellschaft " * 3
    make_topics(engine, edition, {long: ("quake-aegean",), "Ports": ("port-strike",), "Votes": ("river-election",)})
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.route("**/image/**", lambda route: route.fulfill(body=PNG, content_type="image/png"))
    for path in ("/", "/?changed=", "/editions", "/edition/2026-11-24", "/topics"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()
