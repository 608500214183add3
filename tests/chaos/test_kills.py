"""SIGKILL at random moments; `make kills` does two hundred."""

from pathlib import Path

import pytest

from tests.chaos.kills import kill_often


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twelve_kills_while_polling_grouping_and_migrating_lose_and_double_nothing(tmp_path: Path) -> None:
    toll = kill_often(tmp_path, n_kills=12, seed=12)
    assert toll.problems() == []
    assert toll.verdict
    assert toll.verdict.n_served > 400
