"""Every page in every state, in both themes and at both widths: no barrier, nothing over the edge, no jump."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from aggregator.config import ImageSettings, Settings, WebSettings
from tests.blank import open_blank
from tests.browser.press import chromium, needs_chromium, served
from tests.browser.scenes import PAPERS, Scene
from tests.edition import NOON
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]

WINDOWS = (("light", 1280), ("dark", 390))
"""Each theme and each width once: what goes wrong in a theme goes wrong at every width."""

SHIFTED = """() => new Promise((resolve) => {
  const shifts = [];
  const watch = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
  watch.observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(shifts.reduce((sum, each) => sum + each.value, 0)), 60);
})"""

NOT_JUDGED = ("rtl-", "forced-")
"""English turned from right to left shows where pages would run over, and no reader sees it; of colours that are the
system's own axe knows nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("theme", "width"), WINDOWS)
@pytest.mark.parametrize("paper", PAPERS)
def test_no_scene_has_a_barrier_runs_over_the_edge_or_jumps(
    browser: Browser, tmp_path: Path, paper: str, theme: Any, width: int
) -> None:
    engine = open_blank(tmp_path / "paper.db")
    settings = Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none"))
    found: list[str] = []
    with served(create_app(engine, settings, clock=lambda: NOON)) as address:
        for scenes in PAPERS[paper](engine):
            window: Any = {"width": width, "height": 900}
            context = browser.new_context(base_url=address, color_scheme=theme, viewport=window)
            page = context.new_page()
            for scene in scenes:
                found += [f"{scene.name}: {each}" for each in faults(page, scene, width)]
            context.close()
    engine.dispose()
    assert found == [], "\n".join(found)


def faults(page: Page, scene: Scene, width: int) -> Iterator[str]:
    """Yield what is wrong with a scene."""
    page.emulate_media(media="screen", contrast="no-preference", forced_colors="none")
    page.goto(scene.path)
    if (shift := page.evaluate(SHIFTED)) > 0:
        yield f"moved by {shift}"
    scene.act(page)
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        yield f"{wide} px wide"
    if not scene.name.startswith(NOT_JUDGED):
        for each in Axe().run(page).response["violations"]:
            if each["impact"] in ("serious", "critical"):
                yield f"{each['id']} {each['nodes'][0]['html'][:200]}"
