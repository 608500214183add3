"""The command search."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli.main import broadsheet
from aggregator.store.db import open_database, sqlite_url
from tests.edition import print_edition


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            ["earthquake"],
            [
                "2 articles found.",
                "Rescuers reach last villages cut off by the earthquake",
                "1 more article of its story",
            ],
        ),
        (["earthquake", "since:soon"], ["“since:soon” was not understood"]),
        (["earthquake", "publisher:nobody"], ["“publisher:nobody” names nobody here.", "0 articles found."]),
    ],
)
def test_search_prints_what_is_found_by_story(tmp_path: Path, query: list[str], said: list[str]) -> None:
    url = sqlite_url(tmp_path / "paper.db")
    engine = open_database(url)
    print_edition(engine)
    engine.dispose()
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "{url}"\n')
    done = CliRunner().invoke(broadsheet, ["--config", str(tmp_path / "config.toml"), "search", *query])
    assert done.exit_code == 0, done.output
    assert all(each in done.output for each in said), done.output
