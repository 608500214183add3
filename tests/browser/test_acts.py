"""What a reader does with stories, by keys and by pointer, and takes back."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine

from aggregator.config import ImageSettings, Settings, WebSettings
from aggregator.models.acts import MarkKind, Mute, MuteKind
from aggregator.models.pages import StoryCard
from aggregator.store import articles, marks, mutes, reading, showing
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.db import reading as looking
from tests.browser.press import ACT_UNSEEN, chromium, needs_chromium, served
from tests.edition import NOON, Edition, make_topics, write_printed
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return write_printed(tmp_path / "paper.db")


@pytest.fixture
def engine(edition: Edition, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(sqlite_url(tmp_path / "paper.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def address(engine: Engine) -> Iterator[str]:
    app = create_app(
        engine, Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none")), clock=lambda: NOON
    )
    with served(app) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str, edition: Edition) -> Iterator[Page]:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def said(page: Page) -> Locator:
    return page.locator("#said p")


def places(page: Page) -> list[list[float]]:
    """Where everything on the page stands that one reads."""
    found: list[list[float]] = page.evaluate(
        "[...document.querySelectorAll('[data-item], [data-item] h2, [data-item] summary')]"
        ".map(each => Object.values(each.getBoundingClientRect().toJSON()))"
    )
    return found


def read(engine: Engine) -> set[int]:
    with looking(engine) as db:
        return {line.id for line in articles.river(db, limit=999) if line.is_read}


def card(engine: Engine, story_id: int) -> StoryCard:
    with looking(engine) as db:
        [found] = showing.story_cards(db, [story_id])
    return found


def held(of: StoryCard) -> list[str]:
    """What was done with a story, by the keys that do it."""
    return [key for key, is_on in (("m", not of.n_unread), ("s", of.is_starred), ("f", of.is_followed)) if is_on]


def test_a_story_is_read_starred_followed_and_each_undone_by_keys_alone(
    page: Page, engine: Engine, edition: Edition
) -> None:
    page.goto("/")
    page.keyboard.press("j")
    link = page.locator(":focus")
    story_id = int((link.get_attribute("href") or "").split("/")[-1])
    before = places(page)
    for key, words, undone in (
        ("m", "Marked 4 articles read.", "Undone: 4 articles are unread again."),
        ("s", "Starred.", "Undone."),
        ("f", "You follow it now.", "Undone."),
    ):
        page.keyboard.press(key)
        expect(said(page)).to_have_text(words)
        expect(link).to_be_focused()
        assert held(card(engine, story_id)) == [key]
        page.keyboard.press("u")
        expect(said(page)).to_have_text(undone)
        expect(link).to_be_focused()
        assert held(card(engine, story_id)) == []
    assert places(page) == before
    page.keyboard.press("u")
    expect(said(page)).to_have_text("There is nothing to undo.")


def test_pressing_twice_takes_it_back(page: Page, engine: Engine, edition: Edition) -> None:
    quake = edition.story_ids["quake"]
    page.goto(f"/story/{quake}")
    for name, other in (("Star", "Remove the star"), ("Follow", "Unfollow"), ("Mark read", "Mark unread")):
        page.get_by_role("button", name=name, exact=True).first.click()
        back = page.get_by_role("button", name=other, exact=True).first
        expect(back).to_be_focused()
        back.click()
        expect(page.get_by_role("button", name=name, exact=True).first).to_be_focused()
    assert held(card(engine, quake)) == []


def test_what_is_to_be_said_waits_while_a_script_reads_pages(page: Page) -> None:
    page.goto("/")
    assert page.locator(".messages p").count() == 0
    page.evaluate(ACT_UNSEEN)
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog", name="Mute")).to_be_visible()
    page.reload()
    expect(page.locator(".messages p")).to_have_text("There is nothing to undo.")


def test_a_story_is_muted_and_unmuted_by_keys_alone(page: Page, engine: Engine, edition: Edition) -> None:
    page.goto("/")
    page.keyboard.press("j")
    item = page.locator("[data-item]:focus-within")
    headline = item.locator("h2").inner_text()
    before = places(page)
    page.keyboard.press("d")
    menu = page.get_by_role("dialog", name="Mute")
    expect(menu.get_by_role("radio", name="This story", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(item.get_by_role("link", name="Mute")).to_be_focused()
    page.keyboard.press("d")
    expect(menu.get_by_role("radio", name="This story", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("Muted for 7 days. It comes back when 8 publishers tell it.")
    expect(item).to_have_class(re.compile("is-muted"))
    expect(item.get_by_role("link", name="Mute")).to_be_focused()
    assert places(page) == before
    page.keyboard.press("u")
    expect(said(page)).to_have_text("Undone.")
    expect(item).not_to_have_class(re.compile("is-muted"))
    page.keyboard.press("d")
    menu.get_by_role("radio", name="Ever").check()
    menu.get_by_role("checkbox").uncheck()
    menu.get_by_role("button", name="Mute").click()
    expect(said(page)).to_have_text("Muted for ever.")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/muted")
    line = page.locator("[data-kind=mute]")
    expect(line).to_contain_text(headline)
    line.get_by_role("button", name="End now").click()
    expect(line).to_have_class(re.compile("is-over"))
    with looking(engine) as db:
        assert mutes.mute_lines(db, since=NOON - WEEK, now=NOON) == []


def test_a_section_is_marked_read_by_key_and_undone_exactly(page: Page, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        reading.mark_story(db, edition.story_ids["port"], is_read=True, now=NOON)
    before = read(engine)
    page.goto("/")
    page.keyboard.press("j")
    link, where = page.locator(":focus"), places(page)
    page.keyboard.press("Shift+A")
    expect(said(page)).to_have_text(re.compile(r"Marked \d+ articles read\."))
    expect(page.locator("article.lead")).to_have_class(re.compile("is-read"))
    assert len(read(engine)) > len(before)
    assert places(page) == where
    page.keyboard.press("u")
    expect(said(page)).to_have_text(re.compile("Undone"))
    expect(page.locator("article.lead")).not_to_have_class(re.compile("is-read"))
    expect(link).to_be_focused()
    assert read(engine) == before


def test_undo_is_a_button_for_the_pointer_too(page: Page, engine: Engine, edition: Edition) -> None:
    page.goto("/river")
    page.locator(".river li").first.hover()
    page.locator(".river li").first.get_by_role("button", name="Star").click()
    expect(said(page)).to_have_text("Starred.")
    page.get_by_role("button", name="Undo").click()
    expect(said(page)).to_have_text("Undone.")
    expect(page.locator(".river li").first.get_by_role("button", name="Star", exact=True)).to_be_focused()


def test_two_tabs_undo_the_same_act_once(page: Page, engine: Engine, edition: Edition) -> None:
    page.goto("/changes")
    with transaction(engine) as db:
        reading.mark_story(db, edition.story_ids["quake"], is_read=True, now=NOON)
    page.goto("/changes")
    other = page.context.new_page()
    other.goto("/changes")
    for tab, words in ((page, "Undone: 4 articles are unread again."), (other, "That was undone already")):
        tab.get_by_role("button", name="Undo").first.click()
        expect(tab.locator(".messages")).to_contain_text(words)
    assert read(engine) == set()


def test_without_javascript_everything_works_as_plain_forms(
    browser: Browser, address: str, engine: Engine, edition: Edition
) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    quake = edition.story_ids["quake"]
    page.goto(f"/story/{quake}")
    page.get_by_role("button", name="Star", exact=True).first.click()
    expect(page.locator(".messages")).to_contain_text("Starred.")
    page.locator(".messages").get_by_role("button", name="Undo").click()
    expect(page.locator(".messages")).to_contain_text("Undone.")
    assert not card(engine, quake).is_starred
    page.get_by_role("link", name="Mute").first.click()
    page.get_by_role("radio", name="30 days").check()
    page.get_by_role("button", name="Mute").click()
    expect(page.locator(".messages")).to_contain_text("Muted for 30 days.")
    assert page.locator(f"#s{quake}").count() == 0
    page.locator(".messages").get_by_role("button", name="Undo").click()
    expect(page.locator(f"#s{quake}")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious_and_nothing_is_too_wide(
    browser: Browser, address: str, engine: Engine, edition: Edition, scheme: Any, width: int
) -> None:
    context = browser.new_context(
        base_url=address, color_scheme=scheme, viewport={"width": width, "height": 900}, has_touch=width < 500
    )
    page = context.new_page()
    quake = edition.story_ids["quake"]

    def judge(path: str) -> None:
        found = Axe().run(page).response["violations"]
        grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
        assert grave == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    for path in ("/starred", "/following", "/muted"):
        page.goto(path)
        judge(f"{path}, empty")
    (topic,) = make_topics(engine, edition, {"Donaudampfschifffahrtsgesellschaft" * 3: ("quake", "long")}).values()
    with transaction(engine) as db:
        for label, story_id in edition.story_ids.items():
            marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON)
            marks.mark_story(db, story_id, MarkKind.FOLLOW, is_on=True, now=NOON)
            wanted = Mute(kind=MuteKind.STORY, title=label * 60, story_id=story_id, until=NOON + WEEK, made_at=NOON)
            mutes.mute(db, wanted, now=NOON) if label in ("long", "script") else None
        marks.follow_topic(db, topic, is_on=True, now=NOON)
        for article_id in edition.article_ids.values():
            reading.star_article(db, article_id, is_starred=True, now=NOON)
    for path in ("/", "/starred", "/following", "/muted", "/changes", f"/story/{quake}", f"/story/{quake}/mute"):
        page.goto(path)
        judge(path)
    page.goto(f"/story/{quake}")
    page.keyboard.press("s")
    expect(said(page)).to_have_text("Removed the star.")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog")).to_be_visible()
    judge("the menu of mutes")
    context.close()


def test_fingers_find_every_act(browser: Browser, address: str, edition: Edition) -> None:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    for path in ("/", "/river", f"/story/{edition.story_ids['quake']}"):
        page.goto(path)
        for act in page.locator(".act:visible").all():
            box = act.bounding_box()
            assert box
            assert (box["width"] >= 44, box["height"] >= 44) == (True, True), path
    context.close()


def test_the_link_of_a_story_is_copied_without_what_was_asked_of_its_page(page: Page, edition: Edition) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    story = f"/story/{edition.story_ids['quake']}"
    page.goto(f"{story}?sort=country#title")
    page.get_by_role("button", name="Copy link").click()
    expect(said(page)).to_have_text("The link is copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith(story)
    page.get_by_role("button", name="Star").first.click()
    expect(said(page)).to_have_text("Starred.")


def test_a_correction_is_taken_back_by_the_key_that_takes_back_everything(page: Page, edition: Edition) -> None:
    story = f"/story/{edition.story_ids['quake']}"
    page.goto(story)
    page.get_by_text("One of them does not belong here").click()
    page.get_by_role("button", name="Not this story …").first.click()
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text(re.compile("Took 1 article out"))).to_be_visible()
    page.wait_for_load_state()  # keys are heard from then on
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type) if request.method == "GET" else None)
    page.keyboard.press("u")
    expect(page.locator(".messages").get_by_text("Undone.")).to_be_visible()
    assert page.url.endswith(story)
    # the page that is turned to is the only one that is asked for; its icon, and what may install it, are no pages
    assert [kind for kind in asked if kind in ("document", "fetch", "xhr")] == ["document"]
