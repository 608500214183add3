"""Writes every page at 1280 and 390 px, light and dark, as PNG: python -m tests.browser.screenshots FOLDER [DOCS].

Into DOCS go the two that the README opens with.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from aggregator.config import ImageSettings, Settings, WebSettings
from aggregator.store.db import open_database, sqlite_url
from tests.browser.press import CHROMIUM, chromium, served
from tests.browser.scenes import PAPERS, Paper, Scene
from tests.edition import NOON
from web import create_app

SIZES = {1280: 900, 390: 844}
MOST_PX = 2600
"""Of a page that is longer, the rest looks the same."""
SETTINGS = Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none"))


def main(folder: Path) -> None:
    """Print every paper in a database of its own, and photograph it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        for name, paper in PAPERS.items():
            photograph(browser, paper, Path(scratch) / f"{name}.db", folder)


def photograph(browser: Browser, paper: Paper, database: Path, folder: Path) -> None:
    """Write a picture of each scene, in both themes and at both widths."""
    engine = open_database(sqlite_url(database))
    with served(create_app(engine, SETTINGS, clock=lambda: NOON)) as address:
        for scenes in paper(engine):
            for theme in ("light", "dark"):
                for width in SIZES:
                    _take(browser, address, scenes, theme, width, folder)
    engine.dispose()


def _take(browser: Browser, address: str, scenes: Sequence[Scene], theme: str, width: int, folder: Path) -> None:
    is_phone = width < 500
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=theme,
        has_touch=is_phone,
        is_mobile=is_phone,
    )
    for scene in scenes:
        page = context.new_page()
        page.goto(scene.path)
        scene.act(page)
        if not scene.is_cover:
            _heighten(page)
        page.screenshot(path=folder / f"{scene.name}-{width}-{theme}.png")
        page.close()
    context.close()


def _heighten(page: Page) -> None:
    """Make the window as high as the page. (Playwright's own pictures of whole pages forget that there are fingers.)"""
    window = page.viewport_size or {"width": 0, "height": 0}
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": window["width"], "height": min(max(height, window["height"]), MOST_PX)})


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Screenshots need Chromium, and there is none on this machine.")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    main(folder)
    for docs in map(Path, sys.argv[2:3]):
        for theme in ("light", "dark"):
            shutil.copy(folder / f"cover-1280-{theme}.png", docs / f"front-{theme}.png")
