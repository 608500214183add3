"""What a page says that waits for the worker."""

from datetime import datetime, timedelta

from web.newsroom import now

AWAY_AFTER = timedelta(minutes=3)
"""A worker shows itself every half minute; one that is silent for so long is not there, or its machine sleeps."""


def is_worker_away(seen_at: datetime | None) -> bool:
    """Whether nothing is done that only a worker does."""
    return seen_at is None or now() - seen_at > AWAY_AFTER
