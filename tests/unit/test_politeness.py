from datetime import UTC, datetime, timedelta

import pytest

from aggregator.config import PollSettings
from aggregator.fetch.politeness import backoff_s, freshness_s, next_check, retry_after_s
from aggregator.models import Failed, Fetched, NotModified, Poll, Reply, Request

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = PollSettings(min_interval_s=900, default_interval_s=3600, max_interval_s=86400)
HOUR, DAY = 3600.0, 86400.0
REQUEST = Request("https://example.org/feed.xml")


def poll(n_failures: int = 0, feed_id: int = 7) -> Poll:
    return Poll(feed_id=feed_id, next_check_at=NOON, n_failures=n_failures)


def fetched(**headers: str) -> Fetched:
    return Fetched(request=REQUEST, url=REQUEST.url, body=b"", headers=named(headers))


def failed(status: int | None = 500, **headers: str) -> Failed:
    return Failed(request=REQUEST, why="It failed.", status=status, headers=named(headers))


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def wait_s(reply: Reply, *, of: Poll | None = None, ttl_s: float | None = None, gap_s: float | None = None) -> float:
    """Return the seconds until the next check, for a feed that brings something every `gap_s`."""
    published = [] if gap_s is None else [NOON - n * timedelta(seconds=gap_s) for n in range(10)]
    due_at = next_check(of or poll(), reply, now=NOON, settings=SETTINGS, ttl_s=ttl_s, published=published)
    return (due_at - NOON).total_seconds()


def is_about(seconds: float, wanted: float) -> bool:
    """Return whether an interval is the wanted one, up to its jitter."""
    return wanted <= seconds <= wanted * 1.1


def test_a_feed_of_unknown_rhythm_is_asked_again_after_the_default() -> None:
    assert is_about(wait_s(fetched()), HOUR)
    assert is_about(wait_s(NotModified(request=REQUEST)), HOUR)


@pytest.mark.parametrize(
    ("gap_s", "wanted_s"), [(0, 900), (60, 900), (HOUR, HOUR / 2), (6 * HOUR, 3 * HOUR), (30 * DAY, DAY)]
)
def test_a_feed_is_asked_twice_per_article_between_the_bounds(gap_s: float, wanted_s: float) -> None:
    assert is_about(wait_s(fetched(), gap_s=gap_s), wanted_s)


def test_a_feed_that_fell_silent_is_asked_less_and_less() -> None:
    burst = [NOON - timedelta(days=30, minutes=n) for n in range(11)]
    week = [article + timedelta(days=29) for article in burst]
    waits = [
        next_check(poll(), fetched(), now=NOON, settings=SETTINGS, published=each) - NOON for each in (week, burst)
    ]
    assert is_about(waits[0].total_seconds(), DAY / 20)
    assert is_about(waits[1].total_seconds(), DAY)


@pytest.mark.parametrize(
    ("headers", "wanted_s"),
    [
        ({}, 0),
        ({"cache_control": "max-age=7200"}, 7200),
        ({"cache_control": 'public, MAX-AGE="7200"'}, 7200),
        ({"cache_control": "max-age=7200", "age": "200"}, 7000),
        ({"cache_control": "max-age=60", "expires": "Sun, 01 Mar 2026 16:00:00 GMT"}, 60),
        ({"cache_control": "no-cache, max-age=7200"}, 0),
        ({"cache_control": "no-store", "expires": "Sun, 01 Mar 2026 16:00:00 GMT"}, 0),
        ({"cache_control": "max-age=-5"}, 0),
        ({"cache_control": "max-age=soon"}, 0),
        ({"cache_control": "max-age=" + "9" * 400}, 2**31),
        ({"expires": "Sun, 01 Mar 2026 16:00:00 GMT"}, 4 * HOUR),
        ({"expires": "Sun, 01 Mar 2026 16:00:00 GMT", "date": "Sun, 01 Mar 2026 15:00:00 GMT"}, HOUR),
        ({"expires": "Sunday, 01-Mar-26 16:00:00 GMT"}, 4 * HOUR),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"expires": "0"}, 0),
        ({"expires": "-1"}, 0),
        ({"expires": "Mon, 99 Foo 2020"}, 0),
    ],
)
def test_freshness_is_read_as_the_rfc_says(headers: dict[str, str], wanted_s: float) -> None:
    assert freshness_s(named(headers), now=NOON) == wanted_s


@pytest.mark.parametrize(
    ("headers", "ttl_s", "wanted_s"),
    [
        ({"cache_control": "max-age=7200"}, None, 7200),
        ({"cache_control": "max-age=60"}, None, 900),
        ({"cache_control": "max-age=7200"}, 10800, 10800),
        ({}, 10800, 10800),
        ({}, 60, 900),
        ({"cache_control": "max-age=31536000"}, None, DAY),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, None, DAY),
        ({}, 1e12, DAY),
    ],
)
def test_what_server_and_feed_wish_is_a_floor_up_to_the_longest_interval(
    headers: dict[str, str], ttl_s: float | None, wanted_s: float
) -> None:
    assert is_about(wait_s(fetched(**headers), ttl_s=ttl_s, gap_s=60), wanted_s)


@pytest.mark.parametrize(
    ("value", "wanted_s"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("999999999999999999999", DAY),
        ("9" * 5000, DAY),
        ("Sun, 01 Mar 2026 13:00:00 GMT", HOUR),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("-5", 0),
        ("1.5", 0),
        ("²", 0),
        ("later", 0),
        ("", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value: str, wanted_s: float) -> None:
    assert retry_after_s({"retry-after": value}, now=NOON) == wanted_s


def test_failures_are_asked_about_less_and_less_often() -> None:
    pauses = [backoff_s(n, SETTINGS) for n in (1, 2, 3, 7, 8, 1000)]
    assert pauses == [900, 1800, 3600, 57600, DAY, DAY]
    assert is_about(wait_s(failed(), of=poll(n_failures=2)), 3600)


@pytest.mark.parametrize(
    ("retry_after", "n_failures", "wanted_s"),
    [("7200", 0, 7200), ("60", 0, 900), ("60", 3, 7200), ("999999999", 0, DAY)],
)
def test_the_longer_of_retry_after_and_our_own_pause_counts(retry_after: str, n_failures: int, wanted_s: float) -> None:
    for status in (429, 503):
        seconds = wait_s(failed(status, retry_after=retry_after), of=poll(n_failures))
        assert is_about(seconds, wanted_s)


def test_a_feed_that_is_gone_is_asked_as_seldom_as_may_be() -> None:
    assert wait_s(failed(410)) == DAY


def test_jitter_differs_between_feeds_and_never_between_two_reckonings() -> None:
    waits = [wait_s(failed(), of=poll(feed_id=feed_id)) for feed_id in range(50)]
    assert len(set(waits)) == 50
    assert waits == [wait_s(failed(), of=poll(feed_id=feed_id)) for feed_id in range(50)]
    assert all(is_about(seconds, 900) for seconds in waits)
