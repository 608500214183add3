"""Stars, follows, mutes and undoing on the pages, over a real database."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import acts, articles, mutes, reading, shelves, showing
from aggregator.store.db import reading as looking
from aggregator.store.db import transaction
from tests.edition import NOON, Edition, explain_some, make_topics
from tests.forms import post, token
from tests.integration.desk import draft, save
from web import create_app

JSON = {"Accept": "application/json"}
WEEK = timedelta(days=7)


def ask(client: FlaskClient, path: str, **fields: Any) -> dict[str, Any]:
    """Do it as the script of the page does."""
    reply = client.post(path, data={"csrf_token": token(client), **fields}, headers=JSON)
    said: dict[str, Any] = reply.get_json()
    return said


def shown(client: FlaskClient, path: str) -> str:
    return client.get(path, follow_redirects=True).get_data(as_text=True)


def headlines(client: FlaskClient, path: str) -> list[str]:
    """The ids of the stories on a page, in order."""
    return re.findall(r'data-kind="story" data-id="(\d+)"', shown(client, path))


def read(engine: Engine) -> set[int]:
    with looking(engine) as db:
        return {line.id for line in articles.river(db, limit=999) if line.is_read}


# --- undoing -----------------------------------------------------------------------------------------


def test_the_message_after_an_act_has_a_button_that_undoes_it(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    post(client, f"/story/{edition.story_ids['quake']}/read", next="/river")
    page = shown(client, "/river")
    [undo] = re.findall(r'data-undo formaction="([^"]+)"', page)
    assert post(client, undo, next="/river").location == "/river"
    assert "Undone: 4 articles are unread again." in shown(client, "/river")
    assert read(engine) == set()


def test_the_second_of_two_tabs_is_told_kindly(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    undo = ask(client, f"/story/{edition.story_ids['quake']}/read")["undo"]
    assert ask(client, undo)["said"] == "Undone: 4 articles are unread again."
    again = post(client, f"/story/{edition.story_ids['quake']}/read")
    assert again.status_code == 303
    assert ask(client, undo) == {
        "said": "That was undone already, so nothing changed.",
        "undo": None,
        "next": None,
    }
    assert len(read(engine)) == 4


def test_marking_all_is_undone_exactly(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    post(client, f"/story/{edition.story_ids['port']}/read")
    before = read(engine)
    undo = ask(client, "/read", seen_before=NOON.isoformat())["undo"]
    assert len(read(engine)) > len(before)
    ask(client, undo)
    assert read(engine) == before


def test_what_stands_together_is_marked_and_undone(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    ids = f"{edition.story_ids['quake']} {edition.story_ids['port']}"
    said = ask(client, "/read", stories=ids, seen_before=NOON.isoformat())
    assert said["said"] == "Marked 6 articles read."
    ask(client, said["undo"])
    assert read(engine) == set()
    some = list(edition.article_ids.values())[:2]
    said = ask(client, "/read", articles=" ".join(map(str, some)), seen_before=NOON.isoformat())
    assert read(engine) == set(some)


@pytest.mark.parametrize("ids", ["x", "1 -2", "1,2", "¹", " ".join(map(str, range(501)))])
def test_what_stands_together_is_named_by_numbers(client: FlaskClient, edition: Edition, ids: str) -> None:
    assert post(client, "/read", stories=ids, seen_before=NOON.isoformat()).status_code == 400


def test_the_last_act_is_undone_and_then_the_one_before(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    ask(client, f"/story/{edition.story_ids['quake']}/read")
    ask(client, f"/story/{edition.story_ids['quake']}/star")
    assert ask(client, "/acts/undo")["said"] == "Undone."
    assert ask(client, "/acts/undo")["said"] == "Undone: 4 articles are unread again."
    assert ask(client, "/acts/undo")["said"] == "There is nothing to undo."


def test_an_act_that_never_was_is_a_404(client: FlaskClient) -> None:
    assert post(client, "/acts/99/undo").status_code == 404


def test_everything_stands_among_the_changes_and_can_be_undone_there(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    [topic] = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    story, feed = f"/story/{edition.story_ids['quake']}", f"/feed/{edition.feed_ids['North Wire']}"
    article = f"/article/{edition.article_ids['Port strike enters third day']}"
    for path in (
        *(f"{story}/{act}" for act in ("read", "unread", "star", "unstar", "follow", "unfollow", "mute")),
        *("/mute/1/end", f"{article}/star", f"/topic/{topic}/follow", f"{feed}/read", "/read"),
    ):
        assert post(client, path, seen_before=NOON.isoformat()).status_code == 303, path
    page = shown(client, "/changes")
    for words in (
        *("You marked", "unread", "You starred", "You removed the star of", "You follow", "any more"),
        *("You muted", "You ended the mute of", "Port strike", "Ardania", "North Wire", "everything", "(4 articles)"),
    ):
        assert words in page
    undos = set(re.findall(r'formaction="(/acts/\d+/undo)"', page))
    assert len(undos) == 12
    for undo in sorted(undos):
        post(client, undo, next="/changes")
    assert "/undo" not in shown(client, "/changes")
    assert read(engine) == set()
    with looking(engine) as db:
        assert shelves.n_starred(db) == 0
        assert mutes.mute_lines(db, since=NOON - WEEK, now=NOON) == []


def test_acts_and_changes_go_on_together_on_another_page(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    story = edition.story_ids["quake"]
    with transaction(engine) as db:
        for n in range(50):
            reading.mark_story(db, story, is_read=n % 2 == 0, now=NOON - timedelta(hours=50 - n))
    for _ in range(20):
        post(client, f"/story/{story}/apart", other=edition.story_ids["port"])
    page = shown(client, "/changes")
    [older] = re.findall(r'rel="next" href="([^"]+)"', page)
    page = shown(client, "/changes")
    both = page + shown(client, older.replace("&amp;", "&"))
    undos = re.findall(r'formaction="([^"]+/undo)"', both)
    assert len(undos) == len(set(undos)) == 70


# --- stars and follows -------------------------------------------------------------------------------


def test_starred_stories_and_articles_stand_on_their_page(client: FlaskClient, edition: Edition) -> None:
    assert "Nothing is starred yet" in shown(client, "/starred")
    story, article = edition.story_ids["quake"], edition.article_ids["Port strike enters third day"]
    said = ask(client, f"/story/{story}/star")
    assert said["next"] == {"act": "unstar", "name": "Remove the star"}
    ask(client, f"/article/{article}/star")
    page = shown(client, "/starred")
    assert f'formaction="/story/{story}/unstar"' in page
    assert f'formaction="/article/{article}/unstar"' in page
    assert "2 stories and articles" in page
    assert ask(client, f"/story/{story}/star") | {"next": None} == {
        "n_changed": 0,
        "said": "That was so already, so nothing changed.",
        "undo": None,
        "next": None,
    }


def test_a_long_list_of_stars_goes_on_on_another_page(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    with transaction(engine) as db:
        for article_id in edition.article_ids.values():
            reading.star_article(db, article_id, is_starred=True, now=NOON)
    page = shown(client, "/starred")
    assert 'rel="next"' not in page
    last = min(edition.article_ids.values())
    rest = shown(client, f"/starred?before={NOON.isoformat().replace('+', '%2B')}&of=article&id={last + 2}")
    assert len(re.findall('data-kind="article"', rest)) == 2


@pytest.mark.parametrize(
    "path",
    [
        *("/starred?before=x&id=1&of=story", "/starred?before=2026-01-01T00:00:00&id=1&of=story"),
        *("/starred?before=2026-01-01T00:00:00Z&id=x&of=story", "/starred?before=2026-01-01T00:00:00Z&id=1&of=all"),
        *("/following?before=x&id=1", "/following?before=2026-01-01T00:00:00Z"),
    ],
)
def test_a_place_that_makes_no_sense_is_a_404(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_is_followed_stands_on_its_page(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    assert "You follow nothing yet" in shown(client, "/following")
    [topic] = make_topics(engine, edition, {"Ardania": ("quake", "port")}).values()
    ask(client, f"/story/{edition.story_ids['summit']}/follow")
    assert headlines(client, "/following") == [str(edition.story_ids["summit"])]
    ask(client, f"/topic/{topic}/follow")
    assert set(headlines(client, "/following")) == {
        str(edition.story_ids[label]) for label in ("quake", "port", "summit")
    }
    assert f'formaction="/topic/{topic}/unfollow"' in shown(client, f"/topic/{topic}")
    post(client, "/read", seen_before=NOON.isoformat())
    assert "No news in what you follow" in shown(client, "/following?unread")


def test_an_old_id_is_starred_as_the_story_it_went_into(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    quake, port = edition.story_ids["quake"], edition.story_ids["port"]
    with transaction(engine) as db:
        both = [each.article.id for story in (quake, port) for each in showing.find_story(db, story).members]
        save(db, Regrouping(stories=(draft(both, quake, n_publishers=5),), merges=(Merge(port, quake),)), now=NOON)
    ask(client, f"/story/{port}/star")
    assert f"/story/{quake}/unstar" in shown(client, "/starred")


@pytest.mark.parametrize(
    "path", ["/story/99/star", "/article/99/star", "/article/99/read", "/topic/99/follow", "/story/99/mute"]
)
def test_marking_what_is_not_there_is_a_404(client: FlaskClient, path: str) -> None:
    assert post(client, path).status_code == 404


# --- mutes -------------------------------------------------------------------------------------------


def test_a_story_is_muted_until_it_grows_or_time_is_up(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    quake = edition.story_ids["quake"]
    assert "Nothing is muted" in shown(client, "/muted")
    menu = shown(client, f"/story/{quake}/mute")
    assert "This story" in menu
    assert 'placeholder="8"' in menu
    assert str(quake) in headlines(client, "/")
    reply = post(client, f"/story/{quake}/mute", kind="story", days="7", breakout="1")
    assert reply.status_code == 303
    page = shown(client, "/muted")
    assert "Muted for 7 days. It comes back when 8 publishers tell it." in page
    assert "comes back when 8 publishers tell it" in page
    assert "Hides 1 story" in page
    assert "You muted this story" in shown(client, f"/story/{quake}")
    assert "You muted this story" not in shown(client, f"/story/{edition.story_ids['port']}")
    assert str(quake) not in headlines(client, "/")
    later = create_app(engine, Settings(), clock=lambda: NOON + WEEK).test_client()
    assert "Nothing is muted" in shown(later, "/muted")


def test_the_owner_sets_the_bar_or_says_never(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    quake = edition.story_ids["quake"]
    assert ask(client, f"/story/{quake}/mute", days="", breakout="1", bar="20")["said"] == (
        "Muted for ever. It comes back when 20 publishers tell it."
    )
    assert ask(client, f"/story/{quake}/mute", days="1")["said"] == "Muted for 1 day."


def test_things_like_it_are_muted_by_topic(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    make_topics(engine, edition, {"Ardania": ("quake", "port")})
    quake, port = edition.story_ids["quake"], edition.story_ids["port"]
    assert "Things like this: all of <bdi>Ardania</bdi>" in shown(client, f"/story/{port}/mute")
    said = ask(client, f"/story/{port}/mute", kind="likeness", days="30", breakout="1")["said"]
    assert said == "Muted for 30 days. It comes back when 8 publishers tell it."  # twice those of the larger one
    assert not {str(quake), str(port)} & set(headlines(client, "/"))
    assert "All of" in shown(client, "/muted")
    assert "Hides 2 stories" in shown(client, "/muted")


def test_things_like_it_are_muted_by_names_where_it_has_no_topic(
    client: FlaskClient, engine: Engine, edition: Edition
) -> None:
    explain_some(engine, edition)
    quake, summit = edition.story_ids["quake"], edition.story_ids["summit"]
    assert "stories that name <bdi>Ardania</bdi>" in shown(client, f"/story/{quake}/mute")
    ask(client, f"/story/{quake}/mute", kind="likeness", days="")
    assert "Stories that name <bdi>Ardania</bdi>" in shown(client, "/muted")
    assert str(summit) in headlines(client, "/")
    assert str(quake) not in headlines(client, "/")


def test_what_tells_of_no_likeness_is_said(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    nameless = edition.story_ids["pictures"]
    assert "Things like this" not in shown(client, f"/story/{nameless}/mute")
    reply = post(client, f"/story/{nameless}/mute", kind="likeness", days="1")
    assert reply.status_code == 422
    assert "Mute the story itself" in reply.get_data(as_text=True)
    with looking(engine) as db:
        assert acts.last(db) is None


def test_a_publisher_is_muted_in_a_story(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    quake = edition.story_ids["quake"]
    with looking(engine) as db:
        [card] = showing.story_cards(db, [quake])
    assert card.headline in shown(client, "/")
    assert ask(client, f"/story/{quake}/mute", kind="publisher", publisher=card.lead.publisher.id, days="7")["undo"]
    assert card.headline not in shown(client, "/")
    assert str(quake) in headlines(client, "/")
    page = shown(client, "/muted")
    assert "in the story" in page
    assert "no story is hidden by it" in page


@pytest.mark.parametrize(
    "form", [{"kind": "all"}, {"kind": "publisher", "publisher": "99"}, {"kind": "publisher"}, {"days": "3"}]
)
def test_what_no_menu_offers_is_refused(client: FlaskClient, edition: Edition, form: dict[str, str]) -> None:
    assert post(client, f"/story/{edition.story_ids['quake']}/mute", **form).status_code == 400


def test_a_mute_is_ended_and_the_end_undone(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    quake = edition.story_ids["quake"]
    ask(client, f"/story/{quake}/mute", days="7")
    [end] = re.findall(r'formaction="(/mute/\d+/end)"', shown(client, "/muted"))
    ended = ask(client, end)
    assert ended["said"] == "Not muted any more."
    assert "Nothing is muted" in shown(client, "/muted")
    ask(client, ended["undo"])
    assert str(quake) not in headlines(client, "/")
    assert post(client, "/mute/99/end").status_code == 404


def test_a_headline_is_quoted_as_text_wherever_it_is_named(client: FlaskClient, edition: Edition) -> None:
    script = edition.story_ids["script"]
    for act in ("star", "follow", "read", "mute"):
        post(client, f"/story/{script}/{act}", days="1")
    for path in ("/starred", "/following", "/muted", "/changes", f"/story/{script}/mute"):
        page = shown(client, path)
        assert "<script>alert" not in page, path
