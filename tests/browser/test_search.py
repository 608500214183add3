"""Searching in a browser: by keyboard, in both themes, at every width."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from aggregator.config import ImageSettings, Settings, WebSettings
from tests.blank import open_blank
from tests.browser.press import chromium, needs_chromium, served
from tests.edition import NOON, print_edition
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_reader_searches_by_keyboard_and_opens_what_is_found(tmp_path: Path, scheme: Any, width: int) -> None:
    engine = open_blank(tmp_path / "paper.db")
    print_edition(engine)
    settings = Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none"))
    with chromium() as browser, served(create_app(engine, settings, clock=lambda: NOON)) as address:
        context = browser.new_context(base_url=address, color_scheme=scheme, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto("/river")
        page.keyboard.press("/")
        if width < 640:  # there is no room for the field: the key leads to the page that has one
            page.wait_for_url("**/search")
        expect(page.locator("#find" if width >= 640 else "#ask")).to_be_focused()
        page.keyboard.type("earthquake")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=earthquake*")
        expect(page.locator(".found mark").first).to_have_text("earthquake")
        for place in ("/search?q=earthquake", "/search?q=nothing+colour:red", "/search"):
            page.goto(place)
            found = Axe().run(page).response["violations"]
            assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == [], place
            assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        page.goto("/search?q=earthquake")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/story/*")
        context.close()
    engine.dispose()
