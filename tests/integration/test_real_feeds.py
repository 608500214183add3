"""Hundreds of real feed documents through the whole ingest; skipped where they are not beside this checkout."""

from pathlib import Path

import pytest

from bench.feeds import poll_folder

FOLDER = Path(__file__).parents[3] / "shared/data/feeds"


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="The feed documents are not beside this checkout (../shared).")
def test_every_entry_is_kept_and_a_second_poll_writes_nothing(tmp_path: Path):
    documents = sorted(file for file in FOLDER.iterdir() if file.name != "MANIFEST.jsonl")
    outcome = poll_folder(documents, tmp_path / "feeds.db")
    assert outcome.failures == ()
    assert outcome.n_kept == outcome.n_found > 0
    assert outcome.changed_by_second == outcome.changed_by_third == ()
    assert outcome.front_page_status == 200
