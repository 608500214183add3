"""A paper to look at: the pages share SQL with everything else, so one database will do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings
from aggregator.store.db import open_database, sqlite_url
from tests.blank import write_blank
from tests.edition import NOON, Edition, write_printed
from web import create_app


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The paper: an empty one, but where a test asks for the edition it is printed before anything else happens."""
    if "edition" in request.fixturenames:
        request.getfixturevalue("edition")
    else:
        write_blank(tmp_path / "paper.db")
    engine = open_database(sqlite_url(tmp_path / "paper.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    """A browser without scripts."""
    return create_app(engine, Settings(), clock=lambda: NOON).test_client()


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    """What stands in the paper."""
    return write_printed(tmp_path / "paper.db")


@pytest.fixture
def quake(edition: Edition) -> int:
    """The story of an earthquake."""
    return edition.story_ids["quake"]


@pytest.fixture
def port(edition: Edition) -> int:
    """The story of a strike."""
    return edition.story_ids["port"]
