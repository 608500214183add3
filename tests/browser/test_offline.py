"""What a reader has where nothing can be reached: the server is really stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from aggregator.config import ImageSettings, Settings
from tests.blank import open_blank
from tests.browser.press import ACT_UNSEEN, chromium, needs_chromium, served
from tests.edition import NOON, print_edition
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]

KEPT = (
    "caches.open('pages').then((pages) => pages.keys()).then((kept) => kept.map((each) => new URL(each.url).pathname))"
)
FILES = "caches.open('files').then((files) => files.keys()).then((kept) => kept.length)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_blank(tmp_path / "paper.db")
    yield engine
    engine.dispose()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def wait_until(page: Page, condition: str) -> None:
    """Wait for what the service worker does behind the page; the test's own limit of time ends it."""
    page.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


def test_the_last_edition_and_its_stories_are_read_where_nothing_can_be_reached(page: Page, engine: Engine) -> None:
    story = f"/story/{print_edition(engine).story_ids['quake']}"
    app = create_app(engine, Settings(images=ImageSettings(show="none")), clock=lambda: NOON)
    with served(app) as address:
        page.goto(address)
        expect(page.locator(".kept-note")).to_be_hidden()
        wait_until(page, f"(await {KEPT}).includes('/')")
        wait_until(page, f"(await {KEPT}).includes('{story}')")
        wait_until(page, f"(await {FILES}) > 2")
        headline = page.locator(f"main a[href='{story}']").first.inner_text()
    page.reload()
    expect(page.locator(".kept-note")).to_contain_text("Nothing can be reached. This is what this browser kept of")
    page.get_by_role("link", name=headline).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(headline)
    size = page.locator("h1").first.evaluate("(title) => getComputedStyle(title).fontSize")
    assert size != "32px", "the style sheet is kept too"
    page.goto(f"{address}/changes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing can be reached")
    page.get_by_role("link", name="Read the last edition").click()
    expect(page.get_by_role("link", name=headline).first).to_be_visible()


def test_what_is_to_be_said_waits_while_pages_are_kept_ahead(page: Page, engine: Engine) -> None:
    story = f"/story/{print_edition(engine).story_ids['quake']}"
    app = create_app(engine, Settings(images=ImageSettings(show="none")), clock=lambda: NOON)
    with served(app) as address:
        page.goto(address)
        wait_until(page, f"(await {KEPT}).includes('{story}')")
        page.evaluate(ACT_UNSEEN)
        page.evaluate(
            "navigator.serviceWorker.ready.then((its) => its.active.postMessage({ pages: ['/keys'], files: [] }))"
        )
        wait_until(page, f"(await {KEPT}).includes('/keys')")
        page.reload()
        expect(page.locator(".messages p")).to_have_text("There is nothing to undo.")


def test_the_pages_can_be_installed(page: Page, engine: Engine) -> None:
    with served(create_app(engine, Settings(), clock=lambda: NOON)) as address:
        page.goto(address)
        session = page.context.new_cdp_session(page)
        found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    assert found["url"] == f"{address}/manifest.webmanifest"
