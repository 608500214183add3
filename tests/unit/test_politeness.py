from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.config import PollSettings
from aggregator.fetch.politeness import backoff_s, freshness_s, hold_of, next_check, retry_after_s, validators_for
from aggregator.models.feeds import DueFeed, Feed, FeedFacts, Poll, Validators, Wishes
from aggregator.models.fetching import Failed, Fetched, Hold, NotAsked, NotModified, Reply, Request
from aggregator.models.moments import microseconds

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = PollSettings(min_interval_s=900, default_interval_s=3600, max_interval_s=86400)
HOUR, DAY = 3600.0, 86400.0
REQUEST = Request("https://example.org/feed.xml")


def poll(n_failures: int = 0, **facts: Any) -> Poll:
    return Poll(feed_id=7, next_check_at=NOON, n_failures=n_failures, **facts)


def fetched(**headers: str) -> Fetched:
    return Fetched(request=REQUEST, url=REQUEST.url, body=b"", headers=named(headers))


def failed(status: int | None = 500, **headers: str) -> Failed:
    return Failed(request=REQUEST, why="It failed.", status=status, headers=named(headers))


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def feed(interval_s: int | None = None) -> Feed:
    return Feed(id=7, feed_url=REQUEST.url, title="The A", added_at=NOON, interval_s=interval_s)


def every(gap_s: float) -> FeedFacts:
    """What is known of a feed that brings something every so often."""
    return FeedFacts(published_us=tuple(microseconds(NOON - n * timedelta(seconds=gap_s)) for n in range(10)))


def wait_s(
    reply: Reply,
    *,
    of: Poll | None = None,
    facts: FeedFacts = FeedFacts(),  # noqa: B008
    owner_s: int | None = None,
    seed: int = 1,
) -> float:
    """Return the seconds until the next check."""
    due = DueFeed(feed(owner_s), of or poll(), facts)
    return (next_check(due, reply, now=NOON, settings=SETTINGS, seed=seed) - NOON).total_seconds()


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
    assert is_about(wait_s(fetched(), facts=every(gap_s)), wanted_s)


def test_a_feed_that_fell_silent_is_asked_less_and_less() -> None:
    burst = [NOON - timedelta(days=30, minutes=n) for n in range(11)]
    week = [article + timedelta(days=29) for article in burst]
    waits = [wait_s(fetched(), facts=FeedFacts(published_us=tuple(map(microseconds, each)))) for each in (week, burst)]
    assert is_about(waits[0], DAY / 20)
    assert is_about(waits[1], DAY)


@pytest.mark.parametrize(
    ("headers", "wanted_s"),
    [
        ({}, 0),
        ({"cache_control": "max-age=7200"}, 7200),
        ({"cache_control": 'public, MAX-AGE="7200"'}, 7200),
        ({"cache_control": "max-age=7200", "age": "200"}, 7000),
        ({"cache_control": "max-age=60", "expires": "Sun, 01 Mar 2026 16:00:00 GMT"}, 60),
        ({"cache_control": "no-cache, max-age=7200"}, 0),
        ({"cache_control": 'no-cache="Set-Cookie", max-age=7200'}, 7200),
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
        ({}, 10**12, DAY),
    ],
)
def test_what_server_and_feed_wish_is_a_floor_up_to_the_longest_interval(
    headers: dict[str, str], ttl_s: int | None, wanted_s: float
) -> None:
    wishes = Wishes(ttl_s=ttl_s)
    assert is_about(wait_s(fetched(**headers), of=poll(wishes=wishes), facts=every(60)), wanted_s)


@pytest.mark.parametrize(
    ("headers", "wanted_s"),
    [
        ({}, 7200),
        ({"etag": '"1"', "date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 7200),
        ({"cache_control": "max-age=10800"}, 10800),
        ({"cache_control": "no-cache"}, 900),
        ({"expires": "Sun, 01 Mar 2026 13:00:00 GMT"}, 3600),
        ({"expires": "0"}, 900),
    ],
)
def test_not_modified_leaves_the_floor_as_it_was_unless_it_gives_another(
    headers: dict[str, str], wanted_s: float
) -> None:
    reply = NotModified(request=REQUEST, headers=named(headers))
    assert is_about(wait_s(reply, of=poll(fresh_s=7200.0), facts=every(60)), wanted_s)


def test_a_whole_answer_that_gives_no_floor_has_none_whatever_the_one_before_gave() -> None:
    assert is_about(wait_s(fetched(), of=poll(fresh_s=7200.0), facts=every(60)), 900)


@pytest.mark.parametrize(
    ("value", "wanted_s"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("120, 7200", 7200),
        ("120, later", 0),
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


def test_jitter_differs_between_seeds_and_never_between_two_reckonings() -> None:
    waits = [wait_s(failed(), seed=seed) for seed in range(50)]
    assert len(set(waits)) == 50
    assert waits == [wait_s(failed(), seed=seed) for seed in range(50)]
    assert all(is_about(seconds, 900) for seconds in waits)


@pytest.mark.parametrize(
    ("owner_s", "headers", "gap_s", "wanted_s"),
    [
        (300, {}, 30 * DAY, 300),
        (7200, {}, 60, 7200),
        (300, {"cache_control": "max-age=1800"}, 60, 1800),
        (7200, {"cache_control": "max-age=1800"}, 60, 7200),
    ],
)
def test_the_owners_interval_stands_before_the_rhythm_and_behind_the_wishes_of_the_server(
    owner_s: int, headers: dict[str, str], gap_s: float, wanted_s: float
) -> None:
    assert is_about(wait_s(fetched(**headers), owner_s=owner_s, facts=every(gap_s)), wanted_s)


def test_a_failing_feed_is_not_asked_more_often_than_its_owner_wants() -> None:
    assert is_about(wait_s(failed(), owner_s=7200), 7200)
    assert is_about(wait_s(failed(), owner_s=60), 900)


@pytest.mark.parametrize(
    ("n_stories", "n_first", "n_copied", "wanted_s"),
    [(10, 10, 0, HOUR / 2), (10, 0, 10, 2 * HOUR), (10, 5, 5, HOUR), (10, 0, 0, HOUR), (4, 4, 0, HOUR)],
)
def test_a_feed_that_is_often_first_is_asked_sooner_and_one_that_copies_later(
    n_stories: int, n_first: int, n_copied: int, wanted_s: float
) -> None:
    facts = replace(every(2 * HOUR), n_stories=n_stories, n_first=n_first, n_copied=n_copied)
    assert is_about(wait_s(fetched(), facts=facts), wanted_s)


def test_a_feed_that_is_always_first_is_never_asked_under_the_floor() -> None:
    facts = replace(every(60), n_stories=10, n_first=10)
    assert is_about(wait_s(fetched(), facts=facts), 900)
    assert is_about(wait_s(fetched(cache_control="max-age=7200"), facts=facts), 7200)


@pytest.mark.parametrize(
    ("hours", "days", "wanted_h"),
    [
        ((), (), 0.5),
        ((11, 13), (), 0.5),
        ((12,), (), 1.5),
        ((12, 13, 14), (), 3.5),
        (range(12, 24), (), 12.5),
        ((), (6,), 12.5),
        ((), (6, 0), 36.5),
        (range(24), (), 0.5),
        ((), range(7), 0.5),
    ],
)
def test_hours_and_days_that_a_feed_wants_skipped_are_skipped(
    hours: Iterable[int], days: Iterable[int], wanted_h: float
) -> None:
    """NOON is on a Sunday."""
    wishes = Wishes(skip_hours=frozenset(hours), skip_days=frozenset(days))
    hours_later = wait_s(fetched(), of=poll(wishes=wishes), facts=every(HOUR)) / HOUR
    assert wanted_h <= hours_later <= wanted_h + 0.1


@pytest.mark.parametrize(
    ("status", "headers", "wanted"),
    [
        (429, {"retry_after": "60"}, timedelta(seconds=60)),
        (503, {"retry_after": "Sun, 01 Mar 2026 13:00:00 GMT"}, timedelta(hours=1)),
        (503, {"retry_after": "999999999"}, timedelta(days=1)),
        (429, {}, None),
        (500, {"retry_after": "60"}, None),
        (503, {"retry_after": "soon"}, None),
    ],
)
def test_a_host_that_asks_for_a_pause_is_left_alone(
    status: int, headers: dict[str, str], wanted: timedelta | None
) -> None:
    hold = hold_of("example.org", status, named(headers), now=NOON)
    assert hold == (Hold("example.org", NOON + wanted) if wanted else None)


def test_a_feed_that_was_not_asked_comes_up_after_its_host_may_be_asked() -> None:
    reply = NotAsked(request=REQUEST, hold=Hold("example.org", NOON + timedelta(hours=1)))
    assert is_about(wait_s(reply), HOUR)


@pytest.mark.parametrize(
    ("whole_h_ago", "interval_h", "is_conditional"),
    [(1, 1, True), (23, 1, True), (24, 1, False), (24, 3, True), (30, 3, False), (None, 1, False)],
)
def test_not_modified_is_believed_for_a_day_and_ten_checks(
    whole_h_ago: float | None, interval_h: float, is_conditional: bool
) -> None:
    whole_at = None if whole_h_ago is None else NOON - timedelta(hours=whole_h_ago)
    last = poll(validators=Validators('"1"'), whole_at=whole_at, checked_at=NOON - timedelta(hours=interval_h))
    assert validators_for(last, now=NOON) == (Validators('"1"') if is_conditional else Validators())
