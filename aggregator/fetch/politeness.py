"""When a feed may be asked again: pure, from what the server said, what the feed does and how checks went."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_age, parse_cache_control_header, parse_date

from aggregator.config import PollSettings
from aggregator.models import Failed, Fetched, NotModified, Poll, Reply

_DAY_S = 24 * 3600.0
_CHECKS_PER_ARTICLE = 2.0  # half the usual gap: on average an article is seen a quarter of a gap late
_JITTER = 0.1  # of the interval, so that feeds that came due together do not stay together
_GONE = 410
_FOREVER_S = 2**31  # RFC 9111 §1.2.2: what larger numbers of seconds mean


def next_check(
    poll: Poll,
    reply: Reply,
    *,
    now: datetime,
    settings: PollSettings,
    ttl_s: float | None = None,
    published: Sequence[datetime] = (),
) -> datetime:
    """Return when the feed is due again, after `reply` came at `now`.

    `poll` is as it was before this check; `ttl_s` is the feed's own wish, `published` the dates of its recent
    articles, in any order.
    """
    match reply:
        case Failed():
            seconds = _after_failure(poll, reply, now=now, settings=settings)
        case Fetched() | NotModified():
            wishes = (freshness_s(reply.headers, now=now), ttl_s or 0.0)
            rhythm = _rhythm_s(published, now=now, settings=settings)
            seconds = _spread(max(rhythm, min(max(wishes), settings.max_interval_s)), poll)
    return now + timedelta(seconds=seconds)


def backoff_s(n_failures: int, settings: PollSettings) -> float:
    """Return the pause after so many failures in a row: the shortest interval, doubled each time, capped."""
    doublings = min(max(n_failures - 1, 0), 32)
    return min(settings.min_interval_s * 2.0**doublings, settings.max_interval_s)


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float:
    """Return the pause that Retry-After asks for (RFC 9110 §10.2.3), a day at most; 0 where it asks for none."""
    return min(_seconds_or_date(headers.get("retry-after", ""), now), _DAY_S)


def freshness_s(headers: Mapping[str, str], *, now: datetime) -> float:
    """Return how long the answer stays fresh (RFC 9111 §4.2.1): max-age, else Expires; 0 where it says nothing."""
    control = parse_cache_control_header(headers.get("cache-control", "").lower(), cls=ResponseCacheControl)
    if control.no_cache or control.no_store:
        return 0.0
    if (max_age := control.max_age) is not None:
        age = parse_age(headers.get("age"))
        return max(0.0, min(max_age, _FOREVER_S) - (age.total_seconds() if age else 0.0))
    date = _date(headers.get("date", "")) or now
    expires = _date(headers.get("expires", ""))
    return max(0.0, (expires - date).total_seconds()) if expires else 0.0


def _after_failure(poll: Poll, reply: Failed, *, now: datetime, settings: PollSettings) -> float:
    if reply.status == _GONE:
        return settings.max_interval_s
    pause = _spread(backoff_s(poll.n_failures + 1, settings), poll)
    return max(pause, retry_after_s(reply.headers, now=now))


def _rhythm_s(published: Sequence[datetime], *, now: datetime, settings: PollSettings) -> float:
    """Return the interval that suits how often the feed brings something, between the owner's bounds."""
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(sorted(published))]
    if not gaps:
        return settings.default_interval_s
    # a feed that has fallen silent is asked less and less often, whatever its rhythm was
    silent_s = (now - max(published)).total_seconds()
    wanted = max(median(gaps), silent_s / len(gaps)) / _CHECKS_PER_ARTICLE
    return min(max(wanted, settings.min_interval_s), settings.max_interval_s)


def _spread(seconds: float, poll: Poll) -> float:
    """Lengthen an interval by up to a tenth: always the same for the same feed after the same number of failures."""
    digest = hashlib.blake2b(f"{poll.feed_id}/{poll.n_failures}".encode(), digest_size=4).digest()
    return seconds * (1.0 + _JITTER * int.from_bytes(digest) / 2**32)


def _seconds_or_date(value: str, now: datetime) -> float:
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    date = _date(value)
    return max(0.0, (date - now).total_seconds()) if date else 0.0


def _date(value: str) -> datetime | None:
    """Return an HTTP date, aware; None for what is none (werkzeug takes dates without a zone for UTC)."""
    try:
        date = parse_date(value)
    except (OverflowError, ValueError):
        return None
    return date.astimezone(UTC) if date else None
