"""Addresses built from those before are the addresses that Flask builds."""

import flask
import pytest
from flask import Flask

from web.links import remembering, stencil

VALUES = (
    ("page", {"number": 1}),
    ("page", {"number": 2}),
    ("page", {"number": 3, "at": 7}),
    ("page", {"number": 3, "at": 8, "words": "50 % of Ω"}),
    ("page", {"number": 4, "words": None}),
    ("page", {"number": 5, "_anchor": "a5"}),
    ("named", {"name": "a/b.css"}),
    ("named", {"name": "a/b.css", "v": 12}),
)


@pytest.fixture
def app() -> Flask:
    """Two routes."""
    app = Flask(__name__)
    app.add_url_rule("/page/<int:number>", "page", lambda number: "")
    app.add_url_rule("/named/<path:name>", "named", lambda name: "")
    return app


def test_an_address_is_the_same_as_the_one_that_flask_builds(app: Flask) -> None:
    build = remembering(flask.url_for)
    for _ in range(2):
        with app.test_request_context():
            assert [build(name, **values) for name, values in VALUES] == [
                flask.url_for(name, **values) for name, values in VALUES
            ]


def test_flask_is_asked_once_for_addresses_that_differ_in_numbers(app: Flask) -> None:
    asked = []

    def url_for(endpoint: str, **values: object) -> str:
        asked.append(endpoint)
        return flask.url_for(endpoint, **values)  # type: ignore[arg-type]

    build = remembering(url_for)
    with app.test_request_context():
        for number in range(20):
            assert build("page", number=number) == f"/page/{number}"
    assert asked == ["page"]


def test_behind_a_prefix_addresses_begin_with_it(app: Flask) -> None:
    build = remembering(flask.url_for)
    with app.test_request_context():
        assert build("page", number=1) == "/page/1"
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/news"}):
        assert build("page", number=1) == "/news/page/1"


def test_a_stencil_gives_the_address_of_every_number(app: Flask) -> None:
    with app.test_request_context():
        of_number = stencil("page", "number", words="50 % of Ω")
        assert of_number % 7 == flask.url_for("page", number=7, words="50 % of Ω")
