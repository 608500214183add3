"""The bar that the owner chose, and what others were tried to come to."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from aggregator.models.bars import Trial
from aggregator.store.settings import recall, remember

CHOSEN, BEFORE = "bar", "bar_before"
HOLDING = "bar_of_stories"
WANTED, TRIAL = "trial_wanted_at", "trial"


def chosen_bar(db: Connection) -> float | None:
    """Return the bar that the owner chose; None where it is left to the configuration."""
    kept = recall(db, CHOSEN)
    return float(kept) if kept else None


def bar_before(db: Connection) -> tuple[bool, float | None]:
    """Return whether the owner chose a bar that can be taken back, and the one that would hold again."""
    kept = recall(db, BEFORE)
    return kept is not None, float(kept) if kept else None


def choose_bar(db: Connection, bar: float) -> None:
    """Keep the bar that is to hold from the next regroup on, and which held before."""
    before = recall(db, CHOSEN)
    if before != str(bar):
        remember(db, BEFORE, before or "")
        remember(db, CHOSEN, str(bar))


def take_back(db: Connection) -> None:
    """Let the bar before hold again, where there was a choice."""
    before = recall(db, BEFORE)
    if before is not None:
        remember(db, CHOSEN, before or None)
        remember(db, BEFORE, None)


def holding_bar(db: Connection) -> float | None:
    """Return the bar that the stories were last grouped by; None where that was not kept."""
    kept = recall(db, HOLDING)
    return float(kept) if kept else None


def note_holding(db: Connection, bar: float) -> None:
    """Keep that stories are grouped by this bar."""
    remember(db, HOLDING, str(bar))


def want_trial(db: Connection, *, now: datetime) -> None:
    """Ask the worker to try bars."""
    remember(db, WANTED, now.isoformat())


def wanted_at(db: Connection) -> datetime | None:
    """Return when somebody asked for a trial that is not made yet; None where nobody did."""
    kept = recall(db, WANTED)
    return datetime.fromisoformat(kept) if kept else None


def keep_trial(db: Connection, trial: Trial) -> None:
    """Keep what bars were tried to come to, in place of the last trial; nobody waits for it any more."""
    remember(db, TRIAL, msgspec.json.encode(trial).decode())
    remember(db, WANTED, None)


def latest_trial(db: Connection) -> Trial | None:
    """Return what bars were last tried to come to; None where none ever was."""
    kept = recall(db, TRIAL)
    return msgspec.json.decode(kept, type=Trial) if kept else None
