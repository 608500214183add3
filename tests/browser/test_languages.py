"""The pages in German, whose words are long, and turned from right to left: nothing runs over the edge."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from aggregator.config import Settings, WebSettings
from tests.blank import open_blank
from tests.browser.press import chromium, needs_chromium, served
from tests.edition import NOON, make_topics, print_edition
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]

OVER_THE_EDGE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = (
    "/",
    "/river",
    "/topics",
    "/topic/1",
    "/story/{story}",
    "/feeds",
    "/settings",
    "/keys",
    "/changes",
    "/welcome",
    "/search",
    "/health",
    "/muted",
    "/editions",
    "/import",
    "/feed/1",
)


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
def addresses(engine: Engine) -> Iterator[list[str]]:
    edition = print_edition(engine)
    make_topics(engine, edition, {"Ardania": ("quake", "port")})
    app = create_app(engine, Settings(web=WebSettings(language="de")), clock=lambda: NOON)
    with served(app) as base:
        yield [base + path.format(story=edition.story_ids["quake"]) for path in PAGES]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_german_page_runs_over_the_edge(page: Page, addresses: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for address in addresses:
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", "de")
        assert page.evaluate(OVER_THE_EDGE) <= 0, address


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_that_is_turned_right_to_left_runs_over_the_edge(page: Page, addresses: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for address in addresses:
        page.goto(address)
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert page.evaluate(OVER_THE_EDGE) <= 0, address


def test_what_an_act_says_in_place_is_german_too(page: Page, addresses: list[str]) -> None:
    page.goto(addresses[0])
    page.locator("[data-kind=story] h2 a").first.focus()
    page.keyboard.press("s")
    expect(page.locator("#said")).to_contain_text("Gemerkt.")
    expect(page.locator("#said button")).to_have_text("Zurücknehmen")
