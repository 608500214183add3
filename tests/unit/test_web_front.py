from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.models import Progress
from web.front import LATE, State, is_working, notices, state_of

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DONE = Progress(
    n_feeds=3,
    n_checked=3,
    n_failing=0,
    n_articles=9,
    n_unencoded=0,
    n_ungrouped=0,
    n_stories=0,
    regrouped_at=NOON,
    encoder_error=None,
)


@pytest.mark.parametrize(
    ("progress", "state"),
    [
        (replace(DONE, n_feeds=0, n_checked=0, n_articles=0), State.FIRST_RUN),
        (replace(DONE, n_checked=1, n_articles=0), State.FETCHING),
        (replace(DONE, n_failing=3, n_articles=0), State.UNREACHABLE),
        (replace(DONE, n_failing=1, n_articles=0), State.QUIET),
        (replace(DONE, n_ungrouped=9, regrouped_at=None), State.GROUPING),
        (replace(DONE, regrouped_at=None), State.GROUPING),
        (DONE, State.NO_STORIES),
    ],
)
def test_an_empty_front_page_says_why_it_is_empty(progress: Progress, state: State) -> None:
    assert state_of(progress, []) is state


def test_work_is_under_way_until_every_feed_is_checked_and_every_article_grouped() -> None:
    assert is_working(replace(DONE, n_checked=2))
    assert is_working(replace(DONE, n_ungrouped=1))
    assert not is_working(DONE)


def test_a_missing_model_is_said_plainly() -> None:
    (said,) = notices(replace(DONE, encoder_error="the folder models/x is not there."), now=NOON)
    assert "words alone" in said
    assert "models/x" in said


def test_grouping_that_lags_behind_is_said_with_its_minutes() -> None:
    behind = replace(DONE, n_ungrouped=312, regrouped_at=NOON - timedelta(minutes=40))
    assert notices(behind, now=NOON) == ["Grouping is 40 min behind: 312 articles wait. The river already shows them."]
    assert notices(replace(behind, regrouped_at=NOON - LATE), now=NOON) == []
