"""When a feed may be asked again: pure, from what the server said, what the feed does and how checks went."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_age, parse_cache_control_header, parse_date

from aggregator.config import PollSettings
from aggregator.models.feeds import DueFeed, FeedFacts, Poll, Validators, Wishes
from aggregator.models.fetching import Failed, Fetched, Hold, NotAsked, NotModified, Reply
from aggregator.models.moments import microseconds

_DAY_S = 24 * 3600.0
_CHECKS_PER_ARTICLE = 2.0  # half the usual gap: on average an article is seen a quarter of a gap late
_JITTER = 0.1  # of the interval, so that feeds that came due together do not stay together
_GONE = 410
_ASKS_FOR_A_PAUSE = frozenset({429, 503})
_SAY_HOW_FRESH = frozenset({"cache-control", "expires"})
_FOREVER_S = 2**31  # RFC 9111 §1.2.2: what larger numbers of seconds mean
_PATIENCE = 4.0  # a feed that a hub announces is asked so much less often, to notice should the hub fall silent
_MIN_STORIES = 5  # from fewer nobody can tell who is usually first

FULL_EVERY = timedelta(hours=24)
"""How long "not modified" is believed. Browsers believe a cache as long about the script of a service worker (W3C
Service Workers, §3.2 `update`: 86,400 seconds), for the same reason: a server that is stuck would stick for ever."""
FULL_EVERY_CHECKS = 10
"""And for at least so many checks, so that whole bodies stay the exception for a feed that is seldom asked."""


def next_check(due: DueFeed, reply: Reply, *, now: datetime, settings: PollSettings, seed: int = 0) -> datetime:
    """Return when the feed is due again, after `reply` came at `now`.

    `due` is the feed with its polling as it was before this check, but with the wishes and facts as they are now;
    `seed` decides how much is added so that feeds do not come due together.
    """
    match reply:
        case NotAsked(hold=hold):
            return hold.until + (hold.until - now) * _jitter(seed)
        case Failed():
            seconds = _after_failure(due, reply, now=now, settings=settings, seed=seed)
        case Fetched() | NotModified():
            seconds = _after_success(due, reply, now=now, settings=settings) * (1 + _jitter(seed))
    return _outside(due.poll.wishes, now + timedelta(seconds=seconds))


def validators_for(poll: Poll, *, now: datetime) -> Validators:
    """Return what to ask with; nothing, so that a whole body comes, where "not modified" was heard for too long."""
    if poll.whole_at is None or poll.checked_at is None:
        return Validators()
    interval = max(poll.next_check_at - poll.checked_at, timedelta(0))
    is_too_long = now - poll.whole_at >= max(FULL_EVERY, FULL_EVERY_CHECKS * interval)
    return Validators() if is_too_long else poll.validators


def backoff_s(n_failures: int, settings: PollSettings) -> float:
    """Return the pause after so many failures in a row: the shortest interval, doubled each time, capped."""
    doublings = min(max(n_failures - 1, 0), 32)
    return min(settings.min_interval_s * 2.0**doublings, settings.max_interval_s)


def hold_of(host: str, status: int, headers: Mapping[str, str], *, now: datetime) -> Hold | None:
    """Return how long an answer asks that nothing else is asked of its host; None where it does not."""
    pause_s = retry_after_s(headers, now=now) if status in _ASKS_FOR_A_PAUSE else 0.0
    return Hold(host, now + timedelta(seconds=pause_s)) if pause_s else None


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float:
    """Return the pause that Retry-After asks for (RFC 9110 §10.2.3), a day at most; 0 where it asks for none."""
    return min(_seconds_or_date(headers.get("retry-after", ""), now), _DAY_S)


def fresh_for_s(before: Poll, reply: Fetched | NotModified, *, now: datetime) -> float:
    """Return how long the feed stays fresh: what a 304 says nothing of stays as it was (RFC 9111 §4.3.4)."""
    is_silent = isinstance(reply, NotModified) and not reply.headers.keys() & _SAY_HOW_FRESH
    return before.fresh_s if is_silent else freshness_s(reply.headers, now=now)


def freshness_s(headers: Mapping[str, str], *, now: datetime) -> float:
    """Return how long the answer stays fresh (RFC 9111 §4.2.1): max-age, else Expires; 0 where it says nothing."""
    control = parse_cache_control_header(headers.get("cache-control", "").lower(), cls=ResponseCacheControl)
    if control.no_store or control.no_cache is True:  # with a value it speaks of single headers (RFC 9111 §5.2.2.4)
        return 0.0
    if (max_age := control.max_age) is not None:
        age = parse_age(headers.get("age"))
        return max(0.0, min(max_age, _FOREVER_S) - (age.total_seconds() if age else 0.0))
    date = _date(headers.get("date", "")) or now
    expires = _date(headers.get("expires", ""))
    return max(0.0, (expires - date).total_seconds()) if expires else 0.0


def _after_failure(due: DueFeed, reply: Failed, *, now: datetime, settings: PollSettings, seed: int) -> float:
    if reply.status == _GONE:
        return settings.max_interval_s
    pause = backoff_s(due.poll.n_failures + 1, settings) * (1 + _jitter(seed))
    return max(pause, retry_after_s(reply.headers, now=now), due.feed.interval_s or 0)


def _after_success(due: DueFeed, reply: Fetched | NotModified, *, now: datetime, settings: PollSettings) -> float:
    """Return the interval: the owner's or the feed's own, and never shorter than server and feed wish (up to a day)."""
    floor = min(max(fresh_for_s(due.poll, reply, now=now), due.poll.wishes.ttl_s or 0.0), settings.max_interval_s)
    if due.feed.interval_s is not None:
        return max(due.feed.interval_s, floor)
    rhythm = _rhythm_s(due.facts.published_us, now=now, settings=settings) * _lateness(due.facts)
    rhythm *= _PATIENCE if due.facts.is_announced else 1.0
    return max(min(max(rhythm, settings.min_interval_s), settings.max_interval_s), floor)


def _rhythm_s(published_us: Sequence[int], *, now: datetime, settings: PollSettings) -> float:
    """Return the interval that suits how often the feed brings something."""
    gaps_us = [later - earlier for earlier, later in pairwise(sorted(published_us))]
    if not gaps_us:
        return settings.default_interval_s
    # a feed that has fallen silent is asked less and less often, whatever its rhythm was
    silent_us = microseconds(now) - max(published_us)
    wanted = max(median(gaps_us), silent_us / len(gaps_us)) / 1_000_000 / _CHECKS_PER_ARTICLE
    return min(max(wanted, settings.min_interval_s), settings.max_interval_s)


def _lateness(facts: FeedFacts) -> float:
    """Return by what to stretch the interval: half for a feed that is always first, double for one that only copies."""
    if facts.n_stories < _MIN_STORIES:
        return 1.0
    return float(2.0 ** ((facts.n_copied - facts.n_first) / facts.n_stories))


def _outside(wishes: Wishes, at: datetime) -> datetime:
    """Return the first moment from then on, by whole hours, in which the feed does not mind being asked.

    A feed that minds every hour of the week is not believed.
    """
    moment = at
    for _ in range(7 * 24):
        if moment.weekday() not in wishes.skip_days and moment.hour not in wishes.skip_hours:
            return moment
        moment += timedelta(hours=1)  # keeps the minute, so that feeds that want the same hours do not come together
    return at


def _jitter(seed: int) -> float:
    """Return a share of an interval, from nothing to a tenth; the same for the same seed."""
    digest = hashlib.blake2b(str(seed).encode(), digest_size=4).digest()
    return _JITTER * int.from_bytes(digest) / 2**32


def _seconds_or_date(value: str, now: datetime) -> float:
    parts = [part.strip() for part in value.split(",")]  # where the header came twice, the longer pause
    if all(part.isascii() and part.isdigit() for part in parts):
        return max(float(part[:12]) for part in parts)
    date = _date(value.strip())
    return max(0.0, (date - now).total_seconds()) if date else 0.0


def _date(value: str) -> datetime | None:
    """Return an HTTP date, aware; None for what is none (werkzeug takes dates without a zone for UTC)."""
    try:
        date = parse_date(value)
    except (OverflowError, ValueError):
        return None
    return date.astimezone(UTC) if date else None
