"""Writes every page at 1280 and 390 px, light and dark, as PNG: python -m tests.browser.screenshots FOLDER [DOCS].

Into DOCS go the two that the README opens with.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import Connection, Engine, update

from aggregator.config import ImageSettings, Settings, WebSettings
from aggregator.store import reading
from aggregator.store import settings as memory
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.schema import polls
from tests.browser.press import CHROMIUM, chromium, served
from tests.edition import (
    NOON,
    Edition,
    act_some,
    correct_some,
    keep_past,
    make_topics,
    print_edition,
    read_some,
    read_stories,
    sample_day,
)
from web import create_app

SIZES = {1280: 900, 390: 844}
TOPICS = {
    "Earthquake, villages": ("quake-aegean", "quake-highlands", "eboulement-valserane"),
    "Almar River elections": ("coast-election", "river-election"),
    "Port strike, ferry": ("port-strike", "strait-ferry", "grain-corridor", "pesquero-punta-lareda"),
}


def _lag(db: Connection) -> None:
    memory.remember(db, memory.REGROUPED_AT, (NOON - timedelta(minutes=40)).isoformat())


def _cut_off(db: Connection) -> None:
    db.execute(update(polls).values(error="No route to host.", succeeded_at=NOON - timedelta(hours=5)))


STATES: dict[str, Callable[[Connection], object]] = {
    "behind": _lag,
    "model-missing": lambda db: memory.remember_encoder_error(db, "the folder models/multilingual is not there."),
    "cut-off": _cut_off,
    "all-read": lambda db: reading.mark_all(db, seen_before=NOON, now=NOON),
}
"""What happens to the full paper, one after the other."""


def main(folder: Path) -> None:
    """Fill one database with the sample day, leave one empty, and photograph both."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        full = open_database(sqlite_url(Path(scratch) / "full.db"))
        edition = print_edition(full, sample_day())
        topic_ids = make_topics(full, edition, TOPICS)
        read_stories(full)
        read_some(full, edition)
        correct_some(full, edition)
        act_some(full, edition)
        keep_past(full)
        photograph(browser, full, full_pages(edition, topic_ids), folder)
        with transaction(full) as db:
            memory.note_visit(db, now=NOON - timedelta(hours=9))
        photograph(browser, full, {"catch-up": "/", "catch-up-only": "/?changed="}, folder)
        for name, change in STATES.items():
            with transaction(full) as db:
                change(db)
            photograph(browser, full, {f"state-{name}": "/?order=unread" if name == "all-read" else "/"}, folder)
        empty = open_database(sqlite_url(Path(scratch) / "empty.db"))
        photograph(
            browser,
            empty,
            {
                "first-run": "/",
                "river-empty": "/river",
                "topics-empty": "/topics",
                "feeds-empty": "/feeds",
                "starred-empty": "/starred",
                "following-empty": "/following",
                "muted-empty": "/muted",
            },
            folder,
        )
        odd = open_database(sqlite_url(Path(scratch) / "odd.db"))
        oddities = print_edition(odd)
        pages = {"odd-front": "/", "odd-river": "/river", "odd-story": f"/story/{oddities.story_ids['quake']}"}
        photograph(browser, odd, pages, folder)
        for engine in (full, empty, odd):
            engine.dispose()


def full_pages(edition: Edition, topic_ids: dict[str, int]) -> dict[str, str]:
    """Return the pages of the sample day by name."""
    feed = next(iter(edition.feed_ids.values()))
    return {
        "front": "/",
        "story": "LEAD",
        "article": f"/article/{next(iter(edition.article_ids.values()))}",
        "front-newest": "/?order=newest",
        "editions": "/editions",
        "edition": "/edition/2026-11-24",
        "topics": "/topics",
        "topic": f"/topic/{next(iter(topic_ids.values()))}",
        "river": "/river",
        "changes": "/changes",
        "engine": "/engine?bar=0.4",
        "starred": "/starred",
        "following": "/following",
        "muted": "/muted",
        "mute": f"/story/{edition.story_ids['port-strike']}/mute",
        "feeds": "/feeds",
        "feed": f"/feed/{feed}",
        "delete": f"/feed/{feed}/delete",
        "folder": "/folder/1",
        "publisher": "/publisher/1",
        "health": "/health",
        "settings": "/settings",
        "import": "/import",
        "welcome": "/welcome",
        "keys": "/keys",
        "not-found": "/nothing",
    }


def photograph(browser: Browser, engine: Engine, pages: dict[str, str], folder: Path) -> None:
    """Write a picture of each page, in both themes and at both widths."""
    app = create_app(
        engine, Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none")), clock=lambda: NOON
    )
    with served(app) as address:
        for theme in ("light", "dark"):
            for width, height in SIZES.items():
                context = browser.new_context(
                    base_url=address,
                    viewport={"width": width, "height": height},
                    color_scheme=theme,
                    has_touch=width < 500,
                    is_mobile=width < 500,
                )
                page = context.new_page()
                for name, path in pages.items():
                    if path == "LEAD":
                        page.goto("/")
                        path = page.locator("article.lead h2 a").get_attribute("href") or "/"
                    page.goto(path)
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
                context.close()


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Screenshots need Chromium, and there is none on this machine.")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    main(folder)
    for docs in map(Path, sys.argv[2:3]):
        for theme in ("light", "dark"):
            shutil.copy(folder / f"front-1280-{theme}.png", docs / f"front-{theme}.png")
