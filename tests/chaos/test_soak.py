"""All of Broadsheet against a publisher to whom everything happens; `make soak` does the same for longer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.soak import PATIENCE_S, WARM_S, Plan, Sample, soak

THREE_MINUTES = Plan(minutes=3.0)


def samples(until_s: int, worker_bytes: Callable[[int], int]) -> list[Sample]:
    return [
        Sample(at_s, worker_bytes(at_s), readers=[], web_bytes=100, n_files=9, is_warm=at_s >= WARM_S)
        for at_s in range(until_s)
    ]


def lasts_s(worker_bytes: Callable[[int], int]) -> int:
    return next(at_s for at_s in range(1, 999) if THREE_MINUTES.is_over(at_s, samples(at_s, worker_bytes)))


def test_a_soak_of_a_program_that_does_not_grow_ends_in_time() -> None:
    assert lasts_s(lambda at_s: 200) == 180


def test_a_soak_goes_on_while_the_program_is_still_filling_what_it_keeps() -> None:
    assert 180 < lasts_s(lambda at_s: min(100 + at_s, 300)) < 180 + PATIENCE_S


def test_a_program_that_goes_on_growing_is_given_up_and_told_to_grow() -> None:
    assert lasts_s(lambda at_s: 200 + at_s) == 180 + PATIENCE_S


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_half_a_minute_of_chaos_nothing_is_lost_doubled_or_asked_too_early(tmp_path: Path) -> None:
    """Memory and open files are looked at by longer runs, once everything was read and loaded."""
    report = soak(Plan(n_feeds=80, minutes=0.5), tmp_path)
    assert report.problems() == []
    assert report.verdict.n_served > 300
    assert len(report.pages_s) > 5
