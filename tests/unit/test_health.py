from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.health import DEAD_AFTER, OLD_AFTER, State, health, hub_in_words, span
from aggregator.models.feeds import Fault, Feed, Poll
from aggregator.models.hubs import Hub, HubOffer
from aggregator.models.pages import FeedLine

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def line(*, newest_at: datetime | None = NOON - HOUR, feed: dict[str, Any] | None = None, **poll: Any) -> FeedLine:
    """A feed that was checked an hour ago and will be in two, but for what is said."""
    usual = {"checked_at": NOON - HOUR, "succeeded_at": NOON - HOUR, "next_check_at": NOON + 2 * HOUR, "n_entries": 9}
    return FeedLine(
        feed=Feed(id=1, feed_url="https://a.example/feed", title="The A", added_at=NOON, **feed or {}),
        poll=Poll(feed_id=1, **{**usual, **poll}),
        folder=None,
        n_articles=9,
        n_unread=9,
        newest_at=newest_at,
    )


def failing(since: timedelta, *, n_failures: int = 3, **poll: Any) -> FeedLine:
    said = {"error": "a.example answered 500.", "fault": Fault.OTHER, "failing_since": NOON - since}
    return line(**{**said, "n_failures": n_failures, **poll})


GONE = {"error": "a.example answered 410.", "fault": Fault.GONE, "failing_since": NOON - 3 * DAY, "n_failures": 1}
MOVED = {"moved_from_url": "https://old.example/feed", "moved_at": NOON - DAY}


@pytest.mark.parametrize(
    ("of", "state", "says"),
    [
        (line(), State.GOOD, "Good. It is asked next in 2 h."),
        (line(checked_at=None, next_check_at=NOON), State.NEW, "Not checked yet. It is asked next at once."),
        (line(feed={"is_paused": True}), State.PAUSED, "Paused. It is not checked until you resume it."),
        (failing(HOUR, n_failures=1), State.FAILING, "a.example answered 500. It is asked next in 2 h."),
        (
            failing(5 * DAY),
            State.FAILING,
            "a.example answered 500. 3 checks in a row failed, for 5 days now. It is asked next in 2 h.",
        ),
        (
            failing(DEAD_AFTER),
            State.DEAD,
            (
                "It seems to be dead. a.example answered 500. 3 checks in a row failed, for 30 days now. "
                "It is asked next in 2 h."
            ),
        ),
        (
            line(feed={"is_paused": True}, **GONE),
            State.GONE,
            (
                "Its publisher says that it is gone for good, for 3 days now. "
                "It is paused and its articles stay. Resume it to ask once more."
            ),
        ),
        (line(**GONE), State.FAILING, "a.example answered 410. It is asked next in 2 h."),
        (
            failing(HOUR, n_failures=1, fault=Fault.WEB_PAGE),
            State.WEB_PAGE,
            (
                "It answers with a web page in place of the feed, such as a page to sign in on; "
                "nothing was taken from it. "
                "It is asked next in 2 h."
            ),
        ),
        (
            line(moving_to="https://new.example/feed", n_moves=1),
            State.MOVING,
            "It leads to new.example for good; Broadsheet follows when that stays so. It is asked next in 2 h.",
        ),
        (
            line(feed=MOVED),
            State.MOVED,
            "It moved from old.example 1 day ago; Broadsheet followed. It is asked next in 2 h.",
        ),
        (line(n_entries=0), State.EMPTY, "It was read and holds no entries. It is asked next in 2 h."),
        (line(took_s=12.3), State.SLOW, "It is slow: the last answer took 12 s. It is asked next in 2 h."),
        (
            line(newest_at=NOON - OLD_AFTER),
            State.OLD,
            "It brought nothing new for 90 days. It is asked next in 2 h.",
        ),
    ],
)
def test_a_feed_says_what_is_the_matter_since_when_and_what_happens_next(of: FeedLine, state: State, says: str) -> None:
    found = health(of, now=NOON)
    assert found.state is state
    assert f"{found.what} {found.then}" == says


@pytest.mark.parametrize(
    ("of", "needs_you", "is_worth_a_word"),
    [
        (line(), False, False),
        (line(feed={"is_paused": True}), False, False),
        (line(took_s=12), False, True),
        (line(feed=MOVED), False, True),
        (failing(HOUR), True, True),
        (line(n_entries=0), True, True),
    ],
)
def test_the_owner_is_bothered_only_with_what_may_need_a_hand(
    of: FeedLine, needs_you: bool, is_worth_a_word: bool
) -> None:
    found = health(of, now=NOON)
    assert (found.needs_you, found.is_worth_a_word) == (needs_you, is_worth_a_word)


@pytest.mark.parametrize(
    ("seconds", "says"), [(59, "0 min"), (3599, "59 min"), (3600, "1 h"), (86_400, "1 day"), (1e8, "1,157 days")]
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, says: str) -> None:
    assert str(span(seconds)) == says


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, "hub.example could announce its articles."),
        ({"n_tries": 1}, "hub.example could announce its articles, and was asked to."),
        ({"n_tries": 1, "error": "It said no."}, "hub.example could announce its articles. It said no."),
        ({"lease_until": NOON - HOUR}, "hub.example could announce its articles."),
        (
            {"lease_until": NOON + HOUR},
            "hub.example announces its articles as they come; checks are only to notice what it misses.",
        ),
    ],
)
def test_a_hub_says_how_far_we_came_with_it(facts: dict[str, Any], says: str) -> None:
    hub = Hub(
        feed_id=1, offer=HubOffer("https://hub.example/x", "https://a.example/feed"), token="t", secret="s", **facts
    )
    assert str(hub_in_words(hub, now=NOON)) == says
