"""What the front page has to say when it is not simply full of stories; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.models import Progress, StoryCard

LATE = timedelta(minutes=20)
"""A regroup follows new articles within a minute or two; after this long something is wrong or much is to do."""


class State(StrEnum):
    """Which front page it is."""

    FIRST_RUN = "first run"
    FETCHING = "fetching"
    UNREACHABLE = "unreachable"
    QUIET = "quiet"
    GROUPING = "grouping"
    NO_STORIES = "no stories"
    FULL = "full"


def state_of(progress: Progress, cards: Sequence[StoryCard]) -> State:
    """Return which front page this is: the first reason, on the way from feed to story, why nothing is there."""
    if cards:
        return State.FULL
    if not progress.n_feeds:
        return State.FIRST_RUN
    if not progress.n_articles:
        return _without_articles(progress)
    return State.GROUPING if progress.n_ungrouped or progress.regrouped_at is None else State.NO_STORIES


def is_working(progress: Progress) -> bool:
    """Whether something is still to come without anybody doing anything."""
    return progress.n_checked < progress.n_feeds or progress.n_ungrouped > 0


def notices(progress: Progress, *, now: datetime) -> list[str]:
    """Return what the reader has to know about the stories on the page, each as a sentence."""
    said = []
    if progress.encoder_error:
        said.append(
            f"New articles are grouped by their words alone, because there is no model: {progress.encoder_error} "
            "Polling and reading go on; once the model is there, what was missed is grouped again."
        )
    if progress.regrouped_at and progress.n_ungrouped and now - progress.regrouped_at > LATE:
        minutes = int((now - progress.regrouped_at).total_seconds() // 60)
        articles = "1 article waits" if progress.n_ungrouped == 1 else f"{progress.n_ungrouped:,} articles wait"
        said.append(f"Grouping is {minutes} min behind: {articles}. The river already shows them.")
    return said


def _without_articles(progress: Progress) -> State:
    if progress.n_checked < progress.n_feeds:
        return State.FETCHING
    return State.UNREACHABLE if progress.n_failing == progress.n_feeds else State.QUIET
