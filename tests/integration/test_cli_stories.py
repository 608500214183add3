"""Stories on the command line: shown, corrected, and their changes undone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aggregator.cli.main import broadsheet
from aggregator.errors import CorrectionError, NotFoundError
from aggregator.models.stories import Regrouping
from aggregator.store.db import transaction
from tests.blank import open_blank
from tests.integration.desk import bring_from, draft, save


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/news.db"\n')

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(broadsheet, ["--config", str(config), *map(str, arguments)])

    return call


@pytest.fixture
def paper(tmp_path: Path) -> tuple[int, int]:
    """A story of three articles, 1 to 3, and one of two."""
    engine = open_blank(tmp_path / "news.db")
    with transaction(engine) as db:
        a, b, c, d, e = bring_from(db, "a", "b", "c", "d", "e")
        one, other = save(db, Regrouping(stories=(draft([a, b, c], n_publishers=3), draft([d, e]))))
    engine.dispose()
    return one, other


def change_in(result: Result) -> int:
    found = re.search(r"broadsheet undo (\d+)", result.output)
    assert found, result.output
    return int(found[1])


def test_a_story_is_shown_with_its_articles_numbers(run: Callable[..., Result], paper: tuple[int, int]) -> None:
    shown = run("story", paper[0]).output
    assert "3 articles, 3 publishers" in shown
    assert re.search(r"^ +2  .*b\.example: Title of b-news$", shown, re.MULTILINE)


def test_an_article_is_taken_out_and_put_back(run: Callable[..., Result], paper: tuple[int, int]) -> None:
    taken = run("story", paper[0], "--without", 3)
    assert "You took 1 article out of “Title of a-news” (1): “Title of c-news” (3)." in taken.output
    assert "2 articles" in run("story", paper[0]).output
    assert "Undone: You took 1 article out" in run("undo", change_in(taken)).output
    shown = run("story", paper[0]).output
    assert "3 articles" in shown
    assert "(undone)" in shown


def test_an_article_is_moved_to_another_story(run: Callable[..., Result], paper: tuple[int, int]) -> None:
    _one, other = paper
    assert "You moved 1 article from" in run("story", other, "--with", 3).output
    assert "3 articles" in run("story", other).output


def test_stories_are_joined_and_listed_under_either_number(run: Callable[..., Result], paper: tuple[int, int]) -> None:
    one, other = paper
    joined = run("story", other, "--same-as", one)
    assert f"You made “Title of d-news” ({other}) part of “Title of a-news” ({one})." in joined.output
    assert "5 articles" in run("story", other).output
    assert "You made" in run("changes").output
    run("undo", change_in(joined))
    assert "2 articles" in run("story", other).output


def test_stories_are_kept_apart(run: Callable[..., Result], paper: tuple[int, int]) -> None:
    one, other = paper
    assert "You keep" in run("story", one, "--apart-from", other).output


def test_changes_that_there_are_not_are_said_so(run: Callable[..., Result], paper: tuple[int, int]) -> None:
    assert "Nothing has changed yet" in run("changes").output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("story", 99), NotFoundError),
        (("story", 1, "--without", 99), CorrectionError),
        (("story", 1, "--same-as", 1), CorrectionError),
        (("story", 1, "--apart-from", 99), NotFoundError),
        (("undo", 99), NotFoundError),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    run: Callable[..., Result], paper: tuple[int, int], arguments: tuple[object, ...], error: type[Exception]
) -> None:
    refused = run(*arguments)
    assert isinstance(refused.exception, error)
    assert str(refused.exception).endswith(".")


def test_several_corrections_are_made_as_a_whole_or_not_at_all(
    run: Callable[..., Result], paper: tuple[int, int]
) -> None:
    assert run("story", paper[0], "--without", 3, "--same-as", 99).exit_code != 0
    assert "3 articles" in run("story", paper[0]).output
