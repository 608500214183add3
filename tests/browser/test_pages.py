"""What a reader does in a browser."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from aggregator.config import ImageSettings, Settings, WebSettings
from aggregator.models.subscribing import Candidate, Headline, Subscription
from aggregator.store import articles, imports, probes, sessions, showing
from aggregator.store.db import reading, transaction
from aggregator.subscribing import foresee
from tests.blank import open_blank
from tests.browser.press import chromium, needs_chromium, served
from tests.edition import (
    NOON,
    Edition,
    correct_some,
    explain_some,
    make_topics,
    print_edition,
    read_some,
    read_stories,
    sample_day,
)
from web import create_app

pytestmark = [needs_chromium, pytest.mark.slow]

LIST = """<opml version="2.0"><head/><body><outline text="World">
<outline type="rss" text="One" xmlUrl="https://one.example/feed"/></outline></body></opml>"""


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
def address(engine: Engine) -> Iterator[str]:
    app = create_app(
        engine, Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none")), clock=lambda: NOON
    )
    with served(app) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == [], "the browser complained; a breach of the content security policy shows here too"


@pytest.fixture
def edition(engine: Engine) -> Edition:
    return print_edition(engine)


def n_unread(engine: Engine) -> int:
    with reading(engine) as db:
        return len(articles.river(db, limit=1000, unread_only=True))


def test_from_first_run_over_a_list_to_the_front_page(page: Page, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(LIST)
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("What shall be in your paper?")
    page.get_by_label("OPML file").set_input_files(tmp_path / "feeds.opml")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import 1 feed?")
    page.get_by_role("button", name="Import 1 feed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Added 1 feed")
    page.get_by_role("link", name="To the front page").click()
    expect(page.get_by_role("heading", name="The first edition is being made")).to_be_visible()
    print_edition(engine)
    expect(page.locator("[data-count=n_articles]")).not_to_have_text("0")


def test_first_run_reading_starring_muting_undoing_and_searching_by_keyboard_alone(page: Page, engine: Engine) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="Address").focus()
    page.keyboard.type("paper.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Looking what is there")
    found = Candidate(feed_url="https://paper.example/feed", title="Paper", newest=(Headline("News of today"),))
    with transaction(engine) as db:
        probes.keep(db, 1, [found], error=None, now=NOON)
    expect(page.get_by_label("Subscribe to it")).to_be_checked()
    page.get_by_label("Folder").focus()
    page.keyboard.type("World")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Added https://paper.example/feed.")).to_be_visible()
    page.wait_for_load_state()  # keys are heard from then on
    print_edition(engine)
    page.locator("body").press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/story/*")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    said = page.locator("#said")
    page.keyboard.press("s")
    expect(said).to_contain_text("Starred.")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog", name="Mute")).to_be_visible()
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Muted for 7 days.")
    page.keyboard.press("u")
    expect(said).to_contain_text("Undone.")
    page.keyboard.press("/")
    page.keyboard.type("earthquake")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=earthquake")
    expect(page.locator(".found mark").first).to_be_visible()


def test_without_javascript_a_feed_is_looked_at_and_a_list_imported(
    browser: Browser, address: str, engine: Engine, tmp_path: Path
) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/feeds")
    page.get_by_label("Address of a feed or a site").fill("paper.example")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Looking what is there")
    with transaction(engine) as db:
        probes.keep(db, 1, [Candidate(feed_url="https://paper.example/feed", title="Paper")], error=None, now=NOON)
    expect(page.get_by_role("heading", level=1)).to_have_text("One feed is there")  # the page loads itself anew
    (tmp_path / "feeds.opml").write_text(LIST)
    page.goto("/import")
    page.get_by_label("OPML file").set_input_files(tmp_path / "feeds.opml")
    page.get_by_role("button", name="Show what it would bring").click()
    page.get_by_role("button", name="Import 1 feed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Added 1 feed")
    context.close()


def test_ticked_feeds_are_acted_on_and_shift_ticks_all_between(page: Page, edition: Edition) -> None:
    page.goto("/feeds")
    boxes = page.locator("input[name=feed]")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("3 feeds are paused now.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page_about_feeds(
    browser: Browser, address: str, engine: Engine, edition: Edition, scheme: Any
) -> None:
    found = [Candidate(feed_url="https://paper.example/feed", title="Paper", n_entries=1, newest=(Headline("News"),))]
    with transaction(engine) as db:
        probes.keep(db, probes.begin(db, "https://paper.example/", (), now=NOON), found, error=None, now=NOON)
        probes.begin(db, "https://waits.example/", (), now=NOON)
        import_id = imports.begin(db, "feeds.opml", (), now=NOON)
        imports.show(
            db, import_id, foresee(db, [Subscription(feed_url="https://a.example/"), Subscription(feed_url="x y")])
        )
    for width in (1280, 390):
        context = browser.new_context(base_url=address, color_scheme=scheme, viewport={"width": width, "height": 900})
        page = context.new_page()
        for path in (
            "/add/1",
            "/add/2",
            "/import/1",
            "/folder/1",
            "/feeds?q=a",
            "/publisher/1",
            "/health",
            "/settings",
        ):
            page.goto(path)
            graves = [
                each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")
            ]
            assert [(each["id"], each["nodes"][0]["html"]) for each in graves] == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        context.close()


def test_the_starter_pack_is_one_click(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Subscribe to the starter pack").click()
    expect(page.get_by_text(re.compile(r"Added \d+ feeds"))).to_be_visible()
    page.get_by_role("link", name="Feeds").click()
    expect(page.get_by_role("table").first).to_be_visible()


def test_a_feed_is_looked_at_added_renamed_and_deleted(page: Page, engine: Engine) -> None:
    page.goto("/feeds")
    page.get_by_label("Address of a feed or a site").fill("paper.example")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Looking what is there")
    found = Candidate(feed_url="https://paper.example/feed", title="Paper", newest=(Headline("News of today"),))
    with transaction(engine) as db:
        probes.keep(db, 1, [found], error=None, now=NOON)
    expect(page.get_by_text("News of today")).to_be_visible()
    page.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.get_by_text("Added https://paper.example/feed.")).to_be_visible()
    page.get_by_label("Name").fill("The Paper")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Paper")
    page.get_by_role("link", name="Delete …").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("Deleted The Paper.")).to_be_visible()


def test_a_story_is_read_from_the_front_page(page: Page, edition: Edition) -> None:
    page.goto("/")
    page.locator("article.lead h2 a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Strong earthquake shakes the coast of Ardania")
    expect(page.get_by_role("table")).to_contain_text("Egypt, Arabic")


def test_from_a_story_to_its_topic_and_to_the_other_stories_of_it(page: Page, engine: Engine, edition: Edition) -> None:
    make_topics(engine, edition, {"Ardania": ("quake", "port")})
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/topics")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ardania")
    page.get_by_role("link", name="Strong earthquake shakes").click()
    page.get_by_role("link", name="Ardania", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ardania")


def test_a_story_says_why_each_article_is_there_and_why_it_stands_where_it_does(
    page: Page, engine: Engine, edition: Edition
) -> None:
    explain_some(engine, edition)
    page.goto(f"/story/{edition.story_ids['quake']}")
    report = page.locator("article.report").nth(1)
    report.get_by_text("Why is it here?").click()
    expect(report.get_by_text("it would be 0.41, and the two by themselves would stay apart")).to_be_visible()
    report.get_by_role("link", name="North Wire: “Strong earthquake").click()
    expect(page).to_have_url(re.compile("#a"))
    page.get_by_text("Why does it stand here?").click()
    expect(page.get_by_text("publishers did their own reporting")).to_be_visible()


def test_headlines_unfold_in_place(page: Page, edition: Edition) -> None:
    page.goto("/")
    lead = page.locator("article.lead")
    expect(lead.get_by_text("Thousands sleep outside")).to_be_hidden()
    lead.locator("summary").click()
    expect(lead.get_by_text("Thousands sleep outside")).to_be_visible()


def test_marking_happens_in_place_and_keeps_the_focus(page: Page, engine: Engine, edition: Edition) -> None:
    before = n_unread(engine)
    page.goto("/")
    lead = page.locator("article.lead")
    lead.hover()
    lead.get_by_role("button", name="Mark read").click()
    expect(page.locator("#said p")).to_have_text("Marked 4 articles read.")
    expect(lead).to_have_class(re.compile("is-read"))
    expect(lead.get_by_role("button", name="Mark unread")).to_be_focused()
    assert n_unread(engine) == before - 4
    lead.get_by_role("button", name="Mark unread").click()
    expect(page.locator("#said p")).to_have_text("Marked 4 articles unread.")
    assert n_unread(engine) == before


def test_marking_moves_nothing(page: Page, edition: Edition) -> None:
    page.goto("/river")
    before = tops(page)
    page.locator(".river li").first.hover()
    page.locator(".river li button").first.click()
    expect(page.locator("#said p")).to_have_text("Marked 1 article read.")
    assert tops(page) == before


def test_without_javascript_marking_still_works(
    browser: Browser, address: str, engine: Engine, edition: Edition
) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("article.lead").hover()
    page.locator("article.lead").get_by_role("button", name="Mark read").click()
    expect(page.get_by_text("Marked 4 articles read.")).to_be_visible()
    expect(page.locator("article.lead")).to_have_class(re.compile("is-read"))
    context.close()


def test_the_front_page_can_be_worked_by_keys_alone(page: Page, engine: Engine, edition: Edition) -> None:
    page.goto("/")
    with reading(engine) as db:
        cards = showing.front_page(db, since=NOON - timedelta(days=7), limit=30, now=NOON)
    page.keyboard.press("j")
    expect(page.locator(f"#s{cards[0].id} a")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"#s{cards[1].id} a")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("article.lead details")).to_have_attribute("open", "")
    page.keyboard.press("m")
    expect(page.locator("article.lead")).to_have_class(re.compile("is-read"))
    page.keyboard.press("o")
    page.wait_for_url(f"**/story/{cards[0].id}")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/river")
    page.keyboard.press("Shift+A")
    expect(page.get_by_text(re.compile(r"Marked \d+ articles read\."))).to_be_visible()
    assert n_unread(engine) == 0
    page.keyboard.press("?")
    page.wait_for_url("**/keys")


def test_keys_can_be_switched_off_and_never_act_while_one_types(page: Page, edition: Edition) -> None:
    page.goto("/feeds")
    page.locator("#folder").press_sequentially("gr?")
    assert page.url.endswith("/feeds")
    page.goto("/keys")
    page.get_by_label("Keys work in this browser").uncheck()
    page.goto("/")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")


def test_what_is_exported_comes_as_a_file(page: Page, edition: Edition) -> None:
    page.goto("/feeds")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename == "broadsheet.opml"
    assert "North Wire" in Path(download.value.path()).read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(
    browser: Browser, address: str, engine: Engine, edition: Edition, scheme: Any
) -> None:
    read_some(engine, edition)
    (topic,) = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    explain_some(engine, edition)
    context = browser.new_context(base_url=address, color_scheme=scheme)
    page = context.new_page()
    story = edition.story_ids["quake"]
    feed = edition.feed_ids["North Wire"]
    correct_some(engine, edition)
    for path in (
        *("/", "/topics", "/river", "/feeds", "/changes", "/welcome", "/import", "/keys", "/nothing"),
        *(f"/topic/{topic}", f"/story/{story}", f"/feed/{feed}", f"/feed/{feed}/delete"),
        f"/article/{edition.article_ids['Port strike enters third day']}",
    ):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        grave = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
        assert grave == [], path
    context.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280])
def test_no_page_is_wider_than_the_window(
    browser: Browser, address: str, engine: Engine, edition: Edition, width: int
) -> None:
    (topic,) = make_topics(engine, edition, {"Donaudampfschifffahrtsgesellschaft" * 3: ("quake", "long")}).values()
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 800})
    page = context.new_page()
    correct_some(engine, edition)
    for path in (
        "/",
        "/topics",
        "/changes",
        f"/topic/{topic}",
        "/river",
        "/feeds",
        "/welcome",
        *(f"/story/{each}" for each in edition.story_ids.values()),
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()


def test_fingers_find_large_targets(browser: Browser, address: str, edition: Edition) -> None:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto("/")
    for button in page.locator("button:visible").all():
        box = button.bounding_box()
        assert box
        assert box["width"] >= 44
        assert box["height"] >= 44
    context.close()


def tops(page: Page) -> list[float]:
    found: list[float] = page.evaluate(
        "[...document.querySelectorAll('[data-item]')].map(item => item.getBoundingClientRect().top)"
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_signs_in_and_out_by_keyboard_alone(
    browser: Browser, address: str, engine: Engine, edition: Edition, scheme: Any
) -> None:
    with transaction(engine) as db:
        sessions.set_password_hash(db, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("some words"))
    context = browser.new_context(base_url=address, color_scheme=scheme, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto("/river")
    expect(page.get_by_label("The household’s password")).to_be_focused()
    page.keyboard.type("other words")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_label("The household’s password")).to_be_focused()
    page.keyboard.type("some words")
    page.keyboard.press("Enter")
    page.wait_for_url("**/river")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/sign-in")
    page.goto("/river")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    context.close()


def test_a_story_says_who_says_what_and_shows_a_correction_before_it_is_done(page: Page, engine: Engine) -> None:
    edition = print_edition(engine, sample_day())
    read_stories(engine)
    page.goto(f"/story/{edition.story_ids['strait-ferry']}")
    said = page.locator("details.said-by").first
    said.locator("summary").press("Enter")
    expect(said.get_by_role("link").first).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.get_by_role("button", name="Not this story …").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Take 1 article out"))
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page).to_have_url(re.compile(f"/story/{edition.story_ids['strait-ferry']}$"))
