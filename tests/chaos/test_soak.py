"""All of Broadsheet against a publisher to whom everything happens; `make soak` does the same for longer."""

from pathlib import Path

import pytest

from tests.chaos.soak import Plan, soak


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_half_a_minute_of_chaos_nothing_is_lost_doubled_or_asked_too_early(tmp_path: Path) -> None:
    """Memory and open files are looked at by longer runs, once everything was read and loaded."""
    report = soak(Plan(n_feeds=80, minutes=0.5), tmp_path)
    assert report.problems() == []
    assert report.verdict.n_served > 300
    assert len(report.pages_s) > 5
