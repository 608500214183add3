"""Correcting stories on the pages, and reading and undoing what changed, over a real database."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import changes, showing
from aggregator.store.db import reading as looking
from aggregator.store.db import transaction
from tests.edition import NOON, Edition
from tests.forms import post, token
from tests.integration.desk import draft, save
from web import create_app
from web.changes import number_in


def shown(client: FlaskClient, path: str) -> str:
    return client.get(path, follow_redirects=True).get_data(as_text=True)


def members(engine: Engine, story_id: int) -> set[str]:
    with looking(engine) as db:
        return {each.article.title for each in showing.find_story(db, story_id).members}


def n_changes(engine: Engine) -> int:
    with looking(engine) as db:
        return len(changes.latest(db, limit=99))


RESCUERS = "Rescuers reach last villages cut off by the earthquake"


def as_json(client: FlaskClient, path: str, **fields: object) -> dict[str, Any]:
    said = client.post(path, data={"csrf_token": token(client), **fields}, headers={"Accept": "application/json"}).json
    assert said is not None
    return said


def test_an_article_is_taken_out_on_its_storys_page_and_put_back(
    client: FlaskClient, engine: Engine, edition: Edition, quake: int
) -> None:
    button = f"/story/{quake}/without/{edition.article_ids[RESCUERS]}"
    preview = f"/story/{quake}/preview/without/{edition.article_ids[RESCUERS]}"
    assert f'formaction="{preview}"' in shown(client, f"/story/{quake}")
    assert f'action="{button}"' in post(client, preview).get_data(as_text=True)
    reply = post(client, button)
    assert (reply.status_code, reply.location) == (303, f"/story/{quake}")
    assert RESCUERS not in members(engine, quake)
    page = shown(client, reply.location)
    assert "Took 1 article out" in page
    [undo] = set(re.findall(r'formaction="(/changes/\d+/undo)"', page))
    assert post(client, undo, next=f"/story/{quake}").location == f"/story/{quake}"
    assert RESCUERS in members(engine, quake)
    assert "· undone" in shown(client, f"/story/{quake}")


@pytest.mark.parametrize("write", [str, lambda number: f" #{number} ", lambda number: f"http://host/story/{number}"])
def test_two_stories_are_made_one_and_two_again(
    client: FlaskClient, engine: Engine, quake: int, port: int, write: Callable[[int], str]
) -> None:
    older, newer = sorted((quake, port))
    reply = post(client, f"/story/{older}/same", other=write(newer))
    page = shown(client, reply.location)
    assert f"Story {newer} is part of story {older} now." in page
    assert client.get(f"/story/{newer}").location == f"/story/{older}"
    [undo] = set(re.findall(r'formaction="(/changes/\d+/undo)"', page))
    assert post(client, undo).location == "/changes"
    assert client.get(f"/story/{newer}").status_code == 200
    assert {len(members(engine, quake)), len(members(engine, port))} == {4, 2}


def test_a_correction_is_shown_before_it_is_done(
    client: FlaskClient, engine: Engine, edition: Edition, quake: int, port: int
) -> None:
    before = members(engine, quake), members(engine, port), n_changes(engine)
    its = edition.article_ids[RESCUERS]
    for act, said in (
        (f"without/{its}", "Take 1 article out?"),
        (f"move/{its}", "Move 1 article?"),
        ("same", "Make the two one story?"),
        ("apart", "Keep the two apart?"),
    ):
        reply = post(client, f"/story/{quake}/preview/{act}", other=port)
        assert (reply.status_code, said in reply.get_data(as_text=True)) == (200, True), act
        assert (members(engine, quake), members(engine, port), n_changes(engine)) == before
    assert post(client, f"/story/{quake}/preview/same", other="").status_code == 422
    assert post(client, f"/story/{quake}/preview/without/999").status_code == 409


def test_an_article_is_moved_to_another_story(
    client: FlaskClient, engine: Engine, edition: Edition, quake: int, port: int
) -> None:
    post(client, f"/story/{quake}/move/{edition.article_ids[RESCUERS]}", other=port)
    assert RESCUERS in members(engine, port)
    assert RESCUERS not in members(engine, quake)


def test_what_was_done_last_is_undone_first_a_correction_too(
    client: FlaskClient, engine: Engine, edition: Edition, quake: int, port: int
) -> None:
    post(client, f"/story/{quake}/without/{edition.article_ids[RESCUERS]}")
    post(client, f"/story/{port}/read")
    assert as_json(client, "/acts/undo") == {"said": "Undone: 2 articles are unread again.", "undo": None, "next": None}
    assert as_json(client, "/acts/undo", next="/river") == {"said": "", "turn_to": "/river"}
    assert RESCUERS in members(engine, quake)
    assert as_json(client, "/acts/undo")["said"] == "There is nothing to undo."


def test_two_stories_are_kept_apart(client: FlaskClient, quake: int, port: int) -> None:
    reply = post(client, f"/story/{quake}/apart", other=port)
    assert f"Stories {quake} and {port} will not be joined." in shown(client, reply.location)
    assert "You keep" in shown(client, "/changes")


def test_what_the_engine_did_is_listed_and_can_be_undone(
    client: FlaskClient, engine: Engine, edition: Edition, quake: int, port: int
) -> None:
    with transaction(engine) as db:
        both = [each.article.id for story in (quake, port) for each in showing.find_story(db, story).members]
        save(db, Regrouping(stories=(draft(both, quake, n_publishers=5),), merges=(Merge(port, quake),)), now=NOON)
    page = shown(client, "/changes")
    assert "went into" in page
    [undo] = re.findall(r'formaction="(/changes/\d+/undo)"', page)
    post(client, undo)
    assert len(members(engine, port)) == 2
    page = shown(client, "/changes")
    assert "Undone, and kept so from now on" in page or "undoing change" in page


def test_undoing_from_two_tabs_is_answered_in_words(client: FlaskClient, engine: Engine, quake: int, port: int) -> None:
    post(client, f"/story/{quake}/apart", other=port)
    with looking(engine) as db:
        [change] = changes.latest(db, limit=9)
    assert post(client, f"/changes/{change.id}/undo").status_code == 303
    reply = post(client, f"/changes/{change.id}/undo")
    assert reply.status_code == 409
    assert f"Change {change.id} was undone already." in reply.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "other", "status", "says"),
    [
        ("/story/{quake}/same", "", 422, "choose one"),
        ("/story/{quake}/same", "the other one", 422, "choose one"),
        ("/story/{quake}/same", "{quake}", 409, "twice"),
        ("/story/{quake}/apart", "999", 404, "no story with the number 999"),
        ("/story/{quake}/apart", "9" * 40, 422, "choose one"),
        ("/story/999/same", "{quake}", 404, "no story with the number 999"),
        ("/story/{quake}/without/999", "", 409, "Article 999 is not in story"),
        ("/story/{single}/without/{its}", "", 409, "about this article alone"),
        ("/changes/999/undo", "", 404, "no change with the number 999"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    client: FlaskClient, engine: Engine, edition: Edition, path: str, other: str, status: int, says: str
) -> None:
    single = edition.story_ids["pictures"]
    numbers = {
        "quake": edition.story_ids["quake"],
        "single": single,
        "its": edition.article_ids["A garden in pictures"],
    }
    reply = post(client, path.format(**numbers), other=other.format(**numbers))
    assert reply.status_code == status
    assert says in reply.get_data(as_text=True)
    assert n_changes(engine) == 0


def test_a_merged_storys_old_number_still_names_it(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    one, two, three = sorted(edition.story_ids[label] for label in ("quake", "port", "summit"))
    post(client, f"/story/{one}/same", other=two)
    post(client, f"/story/{two}/same", other=three)
    assert len(members(engine, one)) == 8
    assert post(client, f"/story/{two}/same", other=three).status_code == 409


def test_the_page_of_changes_says_why_it_is_empty(client: FlaskClient, edition: Edition) -> None:
    assert "Nothing has changed yet" in shown(client, "/changes")
    assert client.get("/changes?before=nonsense").status_code == 200


def test_changes_of_single_articles_are_shown_when_asked_for(client: FlaskClient, engine: Engine, quake: int) -> None:
    with transaction(engine) as db:
        *rest, last = [each.article.id for each in showing.find_story(db, quake).members]
        save(db, Regrouping(stories=(draft(rest, quake), draft([last]))), now=NOON)
    assert "became" not in shown(client, "/changes")
    assert "1 article left" in shown(client, "/changes?all")


def test_a_long_ledger_goes_on_on_another_page(client: FlaskClient, engine: Engine, edition: Edition) -> None:
    labels = ("quake", "port")
    for _ in range(61):
        post(client, f"/story/{edition.story_ids[labels[0]]}/apart", other=edition.story_ids[labels[1]])
    page = shown(client, "/changes")
    [older] = re.findall(r'rel="next" href="([^"]+)"', page)
    assert len(re.findall("You keep", page)) == 60
    assert len(re.findall("You keep", shown(client, older))) == 1


@pytest.mark.parametrize(
    ("silence", "says"), [(timedelta(hours=1), ""), (timedelta(days=4), "Dormant:"), (timedelta(days=15), "Closed:")]
)
def test_a_storys_page_says_how_much_is_to_be_expected(
    engine: Engine, edition: Edition, quake: int, silence: timedelta, says: str
) -> None:
    later = create_app(engine, Settings(), clock=lambda: NOON + silence).test_client()
    said = re.findall(r"Dormant:|Closed:", shown(later, f"/story/{quake}"))
    assert said == ([says] if says else [])


def test_a_headline_is_quoted_as_text(client: FlaskClient, edition: Edition) -> None:
    script = edition.story_ids["script"]
    post(client, f"/story/{script}/apart", other=edition.story_ids["port"])
    page = shown(client, "/changes")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("written", "number"),
    [("12", 12), (" #12 ", 12), ("story 12", 12), ("http://h:8080/story/12", 12), ("", None), ("none", None)],
)
def test_a_story_is_named_by_its_number_or_its_address(written: str, number: int | None) -> None:
    assert number_in(written) == number
