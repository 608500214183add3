"""A paper to look at: the pages share SQL with everything else, so one database will do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.config import Settings
from tests.blank import open_blank
from tests.edition import NOON, Edition, print_edition
from web import create_app


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty paper."""
    engine = open_blank(tmp_path / "paper.db")
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine) -> FlaskClient:
    """A browser without scripts."""
    return create_app(engine, Settings(), clock=lambda: NOON).test_client()


@pytest.fixture
def edition(engine: Engine) -> Edition:
    """What stands in the paper."""
    return print_edition(engine)


@pytest.fixture
def quake(edition: Edition) -> int:
    """The story of an earthquake."""
    return edition.story_ids["quake"]


@pytest.fixture
def port(edition: Edition) -> int:
    """The story of a strike."""
    return edition.story_ids["port"]
