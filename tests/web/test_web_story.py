"""The page of a story: what it says, who says it, who does not, and what it does not pretend."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from aggregator.config import ImageSettings, Settings, WebSettings
from aggregator.store import articles, correcting, digests, owners, reading, revisions, showing
from aggregator.store.db import transaction
from aggregator.store.schema import articles as articles_table
from aggregator.store.schema import memberships
from tests.blank import open_blank
from tests.edition import NOON, Edition, Piece, make_topics, print_edition, read_stories
from web import create_app

QUAKE = "A strong earthquake shook the coast of Ardania before dawn."
DEAD_12 = "At least 12 people were killed in the town of Port Merrow."
DEAD_17 = "At least 17 people were killed in the town of Port Merrow."
MAYOR = "The mayor of Port Merrow, Elena Marsh, asked for tents and water."
BRIDGE = "Engineers closed the Halden bridge near Port Merrow, built in 1964."

PIECES = (
    Piece("North Wire", "quake", "Quake shakes Ardania", text=f"{QUAKE} {DEAD_12}", hours_ago=7),
    Piece("Daily Lantern", "quake", "Ardania quake kills 12", text=f"{DEAD_12} {MAYOR}", country="US", hours_ago=6),
    Piece("Harbour News", "quake", "Toll rises in Ardania", text=f"{DEAD_17} {MAYOR} {BRIDGE}", hours_ago=1),
    Piece("Journal du Port", "quake", "Séisme en Ardanie", text="Un séisme a frappé.", language="fr", hours_ago=5),
    Piece("Harbour News", "port", "Port strike enters third day", text="Dockers in Ardania went on.", hours_ago=4),
    Piece("Evening Post", "cats", "Cats are fine", text="Nothing happened to the cats of Esmere.", hours_ago=3),
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A paper that is filled here."""
    engine = open_blank(tmp_path / "paper.db")
    yield engine
    engine.dispose()


@pytest.fixture
def edition(engine: Engine) -> Edition:
    edition = print_edition(engine, PIECES)
    read_stories(engine)
    return edition


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    settings = Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none"))
    return create_app(engine, settings, clock=lambda: NOON).test_client()


def page(client: FlaskClient, edition: Edition, label: str = "quake", query: str = "") -> str:
    reply = client.get(f"/story/{edition.story_ids[label]}{query}")
    assert reply.status_code == 200
    return reply.get_data(as_text=True)


def section(shown: str, title: str) -> str:
    """The words of a section, without tags."""
    found = re.search(rf'<h2 id="{title}-title">.*?</section>', shown, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def mark_read(engine: Engine, edition: Edition, *titles: str) -> None:
    with transaction(engine) as db:
        reading.mark_articles(db, [edition.article_ids[title] for title in titles], is_read=True, now=NOON)


def test_what_several_say_is_quoted_with_who_says_it(client: FlaskClient, edition: Edition) -> None:
    short = section(page(client, edition), "short")
    assert DEAD_12 in short
    assert "said by 2 of 3" in short  # the French one is not compared
    assert QUAKE in short


def test_a_story_that_was_not_read_yet_says_so_and_one_of_a_single_publisher_does_not(engine: Engine) -> None:
    edition = print_edition(engine, PIECES)
    client = create_app(engine, Settings(web=WebSettings(time_zone="UTC")), clock=lambda: NOON).test_client()
    assert "not read yet" in page(client, edition)
    assert "not read yet" not in page(client, edition, "cats")
    late = create_app(engine, Settings(), clock=lambda: NOON + timedelta(days=30)).test_client()
    assert "not read yet" not in page(late, edition)
    read_stories(engine)
    assert "not read yet" not in page(client, edition)


def test_what_one_says_alone_stands_apart(client: FlaskClient, edition: Edition) -> None:
    shown = page(client, edition)
    assert (BRIDGE in section(shown, "alone")) != (BRIDGE in section(shown, "short"))


def test_figures_that_moved_name_their_sources(client: FlaskClient, edition: Edition) -> None:
    assert section(page(client, edition), "figures").startswith("Figures that moved Killed 12 North Wire 05:00")


def test_only_what_is_new_since_it_was_read_comes_first(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    assert "New since you read it" not in page(client, edition)
    mark_read(engine, edition, "Quake shakes Ardania", "Ardania quake kills 12", "Séisme en Ardanie")
    shown = page(client, edition)
    assert DEAD_17 in section(shown, "new")
    assert MAYOR not in section(shown, "new")
    assert "The rest of it, as you read it" in shown
    assert "2 new facts" in client.get("/").get_data(as_text=True)
    mark_read(engine, edition, "Toll rises in Ardania")
    assert "New since you read it" not in page(client, edition)


def test_what_an_article_no_longer_says_is_not_quoted(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        db.execute(articles_table.update().values(text="Corrected: nothing of the kind."))
    shown = page(client, edition)
    assert "In short" not in shown
    assert "<blockquote" not in shown
    assert "Figures that moved" not in shown


def test_a_story_of_one_article_pretends_nothing(client: FlaskClient, edition: Edition) -> None:
    shown = page(client, edition, "cats")
    for title in ("short", "alone", "figures", "names", "timeline", "sources", "silent", "related", "reports"):
        assert f'id="{title}-title"' not in shown


def test_who_did_not_report_it_had_news_in_the_same_language(client: FlaskClient, edition: Edition) -> None:
    silent = section(page(client, edition), "silent")
    assert "Evening Post" in silent
    assert "Harbour News" not in silent


def test_sources_are_sorted_and_filtered_by_links(client: FlaskClient, edition: Edition) -> None:
    by_name = section(page(client, edition, query="?sort=publisher"), "sources")
    assert by_name.index("Daily Lantern") < by_name.index("Harbour News") < by_name.index("North Wire")
    french = section(page(client, edition, query="?language=fr"), "sources")
    assert "Journal du Port" in french
    assert "North Wire" not in french
    for odd in ("?sort=nonsense", "?page=99", "?page=x", "?language=%00"):
        page(client, edition, query=odd)


def test_other_stories_of_the_topic_are_its_chapters(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    make_topics(engine, edition, {"Ardania": ("quake", "port")})
    assert "Later · 24 November Port strike enters third day" in section(page(client, edition), "timeline")


def test_a_story_leads_to_what_left_it(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        correcting.not_this_story(
            db, edition.story_ids["quake"], edition.article_ids["Toll rises in Ardania"], now=NOON
        )
    shown = page(client, edition)
    assert "1 article left it and became" in shown
    assert ">Toll rises in Ardania</a>" in shown


def test_arrivals_are_drawn_and_told(client: FlaskClient, edition: Edition) -> None:
    shown = page(client, edition)
    assert 'class="arrivals" role="img"' in shown
    assert "4 reports: the first at 05:00" in shown


def test_a_story_of_500_publishers_stays_light(client: FlaskClient, engine: Engine) -> None:
    pieces = [
        Piece(f"Paper {n}", "big", f"Quake shakes Ardania, paper {n} says", text=f"{QUAKE} {n + 12} were killed there.")
        for n in range(500)
    ]
    edition = print_edition(engine, pieces)
    read_stories(engine)
    shown = page(client, edition, "big")
    assert len(shown.encode()) < 100_000
    assert "said by 500 of 500" in shown
    assert "page 1 of 42" in shown
    assert "page 42 of 42" in page(client, edition, "big", "?page=42")


ODD: Sequence[tuple[str, str]] = [
    ("A", "B"),
    ("x " * 1_000, DEAD_12),
    ("", ""),
    ("😀😀", "😀" * 300),
    ("زلزال قوي يضرب ساحل أردانيا", "ضرب زلزال قوي الساحل فجر اليوم. وقال مسؤولون إن الفرق وصلت."),
    ("<b>bold</b> & <script>", "At least 12 <b>people</b> were killed in & around Port Merrow."),
]


@pytest.mark.parametrize(("title", "text"), ODD)
def test_odd_words_are_shown_as_they_are(client: FlaskClient, engine: Engine, title: str, text: str) -> None:
    pieces = [Piece(name, "odd", title, text=text, hours_ago=n) for n, name in enumerate(("One", "Two", "Three"), 1)]
    edition = print_edition(engine, pieces)
    read_stories(engine)
    shown = page(client, edition, "odd")
    assert "<script>" not in shown.replace('<script type="module"', "")
    assert "<b>bold" not in shown


def test_every_quoted_sentence_stands_in_an_article(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    mark_read(engine, edition, "Quake shakes Ardania")
    shown = page(client, edition)
    with transaction(engine) as db:
        members = showing.find_story(db, edition.story_ids["quake"]).members
        texts = digests.texts_of(db, [each.article.id for each in members])
        assert len(articles.river(db, limit=9)) == len(PIECES)
    quoted = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", shown)
    assert len(quoted) >= 3
    for sentence in quoted:
        assert any(sentence in title or sentence in text for title, text in texts.values())


def test_a_story_that_goes_on_says_so_and_one_that_is_over_too(engine: Engine, edition: Edition) -> None:
    settings = Settings(web=WebSettings(time_zone="UTC"), images=ImageSettings(show="none"))
    for days, word in ((4, "Dormant"), (20, "Closed")):
        later = NOON + timedelta(days=days)
        client = create_app(engine, settings, clock=lambda later=later: later).test_client()
        assert word in page(client, edition)


def members_of(engine: Engine, story_id: int) -> list[int]:
    with transaction(engine) as db:
        return [each.article.id for each in showing.find_story(db, story_id).members]


def test_the_timeline_says_when_texts_were_corrected_and_what_the_owner_corrected(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    quake, port = edition.story_ids["quake"], edition.story_ids["port"]
    silent, retitled, *_ = members_of(engine, quake)
    with transaction(engine) as db:
        revisions.keep(db, [silent, retitled], now=NOON - timedelta(hours=1))
        is_retitled = articles_table.c.id == retitled
        db.execute(
            update(articles_table).where(is_retitled).values(title="Tens of thousands sleep outside after a quake")
        )
        change = correcting.keep_apart(db, quake, port, now=NOON)
    timeline = " ".join(client.get(f"/story/{quake}").text.split()).split('id="timeline-title"')[1].split("</ol>")[0]
    assert timeline.count("Text corrected") == 1
    assert f'href="/article/{silent}"' in timeline
    assert timeline.count("Retitled") == 1
    assert "You corrected it" in timeline
    with transaction(engine) as db:
        correcting.undo(db, change.id, now=NOON)
    assert "You corrected it" not in client.get(f"/story/{quake}").text


def test_sources_of_one_owner_say_so(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    quake = edition.story_ids["quake"]
    assert "of one owner with" not in client.get(f"/story/{quake}").text
    with transaction(engine) as db:
        one, other = (owners.named(db, name).id for name in ("North Wire", "Daily Lantern"))
        owners.join(db, one, other, now=NOON)
    page = client.get(f"/story/{quake}").text
    assert "of one owner with <bdi>Daily Lantern</bdi>" in page
    assert "of one owner with <bdi>North Wire</bdi>" in page
    assert page.count("of one owner with") == 2


def test_a_copy_stands_under_the_text_it_carries_and_two_of_one_another_both_stand(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    def carries(title: str, original: str) -> None:
        with transaction(engine) as db:
            is_it = memberships.c.article_id == edition.article_ids[title]
            db.execute(update(memberships).where(is_it).values(copy_of_id=edition.article_ids[original]))

    def rows() -> list[str]:
        table = page(client, edition).split('id="sources-title"')[1].split("</tbody>")[0].split("<tbody>")[1]
        return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("</tr>") if row.strip()]

    carries("Ardania quake kills 12", "Quake shakes Ardania")
    wire, copies, *others = rows()
    assert wire == "North Wire United Kingdom, English the beginning only first – 0.80"
    assert copies == "1 copy of this text Daily Lantern +1 h"
    assert len(others) == 2
    carries("Quake shakes Ardania", "Ardania quake kills 12")
    assert [row.split()[0] for row in rows()] == ["North", "Daily", "Journal", "Harbour"]
