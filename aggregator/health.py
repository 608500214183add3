"""How a feed does, in words: what is the matter, since when, and what happens next. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from aggregator.models import Fault, FeedLine, Hub, Poll

DEAD_AFTER = timedelta(days=30)
"""A feed that failed for so long hardly comes back by itself."""
OLD_AFTER = timedelta(days=90)
"""A feed of news that brought nothing for so long has been left behind by its publisher, or moved without a word."""
SLOW_S = 10.0
"""A third of the deadline: an answer that took longer may soon not come at all."""
TELL_MOVED = timedelta(days=14)
"""How long it is told that a feed has moved."""

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


class State(StrEnum):
    """In one word how a feed does."""

    GOOD = "good"
    NEW = "new"
    PAUSED = "paused"
    FAILING = "failing"
    DEAD = "dead"
    GONE = "gone"
    WEB_PAGE = "no feed"
    MOVING = "moving"
    MOVED = "moved"
    EMPTY = "empty"
    SLOW = "slow"
    OLD = "old"


_NEEDS_YOU = frozenset({State.FAILING, State.DEAD, State.GONE, State.WEB_PAGE, State.EMPTY, State.OLD})

_UNREMARKABLE = frozenset({State.GOOD, State.NEW, State.PAUSED})


@dataclass(frozen=True, slots=True)
class Health:
    """How a feed does."""

    state: State
    what: str
    """What is the matter and since when, as sentences."""
    then: str
    """What happens next, as a sentence."""

    @property
    def needs_you(self) -> bool:
        """Whether the owner may want to do something about it."""
        return self.state in _NEEDS_YOU

    @property
    def is_worth_a_word(self) -> bool:
        """Whether there is something to tell of it, although nothing need be done."""
        return self.state not in _UNREMARKABLE


def health(line: FeedLine, *, now: datetime) -> Health:
    """Return how this feed does."""
    feed, poll = line.feed, line.poll
    if feed.is_paused:
        return _paused(poll, now)
    if poll.checked_at is None:
        return Health(State.NEW, "Not checked yet.", _next(poll, now))
    state, what = _failing(line, now) if poll.error else _reading(line, now)
    return Health(state, what, _next(poll, now))


def hub_in_words(hub: Hub, *, now: datetime) -> str:
    """Return how far we came with the hub that a feed offers, as a sentence."""
    name = _host(hub.offer.hub_url)
    if hub.lease_until and hub.lease_until > now:
        return f"{name} announces its articles as they come; checks are only to notice what it misses."
    if hub.error:
        return f"{name} could announce its articles. {hub.error}"
    return f"{name} could announce its articles" + (", and was asked to." if hub.n_tries else ".")


def span(seconds: float) -> str:
    """Say how long that is, in its largest unit: "8 min", "5 h", "3 days"."""
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min"
    if seconds < _DAY_S:
        return f"{int(seconds // _HOUR_S)} h"
    days = int(seconds // _DAY_S)
    return f"{days:,} day" if days == 1 else f"{days:,} days"


def _paused(poll: Poll, now: datetime) -> Health:
    if poll.fault is Fault.GONE:
        what = f"Its publisher says that it is gone for good{_since(poll.failing_since, now)}."
        return Health(State.GONE, what, "It is paused and its articles stay. Resume it to ask once more.")
    return Health(State.PAUSED, "Paused.", "It is not checked until you resume it.")


def _failing(line: FeedLine, now: datetime) -> tuple[State, str]:
    poll = line.poll
    often = (
        f" {poll.n_failures:,} checks in a row failed{_since(poll.failing_since, now)}." if poll.n_failures > 1 else ""
    )
    if poll.failing_since and now - poll.failing_since >= DEAD_AFTER:
        return State.DEAD, f"It seems to be dead. {poll.error}{often}"
    if poll.fault is Fault.WEB_PAGE and poll.succeeded_at:
        what = (
            "It answers with a web page in place of the feed, such as a page to sign in on; nothing was taken from it."
        )
        return State.WEB_PAGE, f"{what}{often}"
    return State.FAILING, f"{poll.error}{often}"


def _reading(line: FeedLine, now: datetime) -> tuple[State, str]:
    feed, poll = line.feed, line.poll
    if poll.moving_to:
        return State.MOVING, f"It leads to {_host(poll.moving_to)} for good; Broadsheet follows when that stays so."
    if feed.moved_at and feed.moved_from_url and now - feed.moved_at < TELL_MOVED:
        ago = span((now - feed.moved_at).total_seconds())
        return State.MOVED, f"It moved from {_host(feed.moved_from_url)} {ago} ago; Broadsheet followed."
    if poll.n_entries == 0:
        return State.EMPTY, "It was read and holds no entries."
    if poll.took_s and poll.took_s >= SLOW_S:
        return State.SLOW, f"It is slow: the last answer took {poll.took_s:.0f} s."
    if line.newest_at and now - line.newest_at >= OLD_AFTER:
        return State.OLD, f"It brought nothing new for {span((now - line.newest_at).total_seconds())}."
    return State.GOOD, "Good."


def _next(poll: Poll, now: datetime) -> str:
    seconds = (poll.next_check_at - now).total_seconds()
    return "It is asked next at once." if seconds < _MINUTE_S else f"It is asked next in {span(seconds)}."


def _since(moment: datetime | None, now: datetime) -> str:
    seconds = (now - moment).total_seconds() if moment else 0.0
    return f", for {span(seconds)} now" if seconds >= _HOUR_S else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
