"""The archives that benchmarks open their pages on."""

from pathlib import Path

import pytest

from aggregator.query.language import parse_query
from aggregator.store import search
from aggregator.store.db import open_database, reading, sqlite_url
from bench.archives import build, common_word
from tests.integration.desk import NOON


@pytest.mark.slow  # sixty thousand words of seven languages are invented first
def test_articles_of_an_archive_are_found_by_their_words(tmp_path: Path) -> None:
    build(tmp_path / "archive.db", 300, now=NOON)
    engine = open_database(sqlite_url(tmp_path / "archive.db"))
    with reading(engine) as db:
        in_english = search.find(db, parse_query(common_word(0), now=NOON)).hits
        in_chinese = search.find(db, parse_query(common_word(0, "zh"), now=NOON)).hits
        of_yesterday = search.find(db, parse_query("until:1d", now=NOON)).hits
    engine.dispose()
    assert len(in_english) > 50
    assert in_chinese
    assert not of_yesterday  # 300 articles are five hours
