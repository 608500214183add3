"""What a page says that waits for the worker."""

from datetime import datetime

from web.diagnosis import AWAY_AFTER
from web.newsroom import now


def is_worker_away(seen_at: datetime | None) -> bool:
    """Whether nothing is done that only a worker does: it shows itself every half minute."""
    return seen_at is None or now() - seen_at > AWAY_AFTER
