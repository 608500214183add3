"""How a feed does, in words: what is the matter, since when, and what happens next. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from aggregator.models.feeds import Fault, Poll
from aggregator.models.hubs import Hub
from aggregator.models.pages import FeedLine
from aggregator.phrases import Phrase, in_a_row, phrase, phrase_of
from aggregator.retelling import retold

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
    what: Phrase
    """What is the matter and since when, as sentences."""
    then: Phrase
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
        return Health(State.NEW, phrase("Not checked yet."), _next(poll, now))
    state, what = _failing(line, now) if poll.error else _reading(line, now)
    return Health(state, what, _next(poll, now))


def hub_in_words(hub: Hub, *, now: datetime) -> Phrase:
    """Return how far we came with the hub that a feed offers, as a sentence."""
    name = _host(hub.offer.hub_url)
    if hub.lease_until and hub.lease_until > now:
        return phrase(
            "%(hub)s announces its articles as they come; checks are only to notice what it misses.", hub=name
        )
    if hub.error:
        return phrase("%(hub)s could announce its articles. %(error)s", hub=name, error=retold(hub.error))
    if hub.n_tries:
        return phrase("%(hub)s could announce its articles, and was asked to.", hub=name)
    return phrase("%(hub)s could announce its articles.", hub=name)


def span(seconds: float) -> Phrase:
    """Say how long that is, in its largest unit: "8 min", "5 h", "3 days"."""
    if seconds < _HOUR_S:
        return phrase("%(n)s min", n=int(seconds // _MINUTE_S))
    if seconds < _DAY_S:
        return phrase("%(n)s h", n=int(seconds // _HOUR_S))
    return phrase_of("%(n)s day", "%(n)s days", int(seconds // _DAY_S))


def _paused(poll: Poll, now: datetime) -> Health:
    if poll.fault is Fault.GONE:
        since = _long_since(poll.failing_since, now)
        what = (
            phrase("Its publisher says that it is gone for good, for %(span)s now.", span=since)
            if since
            else phrase("Its publisher says that it is gone for good.")
        )
        return Health(State.GONE, what, phrase("It is paused and its articles stay. Resume it to ask once more."))
    return Health(State.PAUSED, phrase("Paused."), phrase("It is not checked until you resume it."))


def _failing(line: FeedLine, now: datetime) -> tuple[State, Phrase]:
    poll = line.poll
    often, error = _how_often(poll, now), retold(poll.error or "")
    if poll.failing_since and now - poll.failing_since >= DEAD_AFTER:
        return State.DEAD, in_a_row(phrase("It seems to be dead."), error, *often)
    if poll.fault is Fault.WEB_PAGE and poll.succeeded_at:
        what = phrase(
            "It answers with a web page in place of the feed, such as a page to sign in on; nothing was taken from it."
        )
        return State.WEB_PAGE, in_a_row(what, *often)
    return State.FAILING, in_a_row(error, *often)


def _how_often(poll: Poll, now: datetime) -> tuple[Phrase, ...]:
    if poll.n_failures < 2:
        return ()
    since = _long_since(poll.failing_since, now)
    n_failures = f"{poll.n_failures:,}"
    if since is None:
        return (phrase("%(n)s checks in a row failed.", n=n_failures),)
    return (phrase("%(n)s checks in a row failed, for %(span)s now.", n=n_failures, span=since),)


def _reading(line: FeedLine, now: datetime) -> tuple[State, Phrase]:
    feed, poll = line.feed, line.poll
    if poll.moving_to:
        where = _host(poll.moving_to)
        return State.MOVING, phrase("It leads to %(host)s for good; Broadsheet follows when that stays so.", host=where)
    if feed.moved_at and feed.moved_from_url and now - feed.moved_at < TELL_MOVED:
        ago = span((now - feed.moved_at).total_seconds())
        return State.MOVED, phrase(
            "It moved from %(host)s %(span)s ago; Broadsheet followed.", host=_host(feed.moved_from_url), span=ago
        )
    if poll.n_entries == 0:
        return State.EMPTY, phrase("It was read and holds no entries.")
    if poll.took_s and poll.took_s >= SLOW_S:
        return State.SLOW, phrase("It is slow: the last answer took %(seconds)s s.", seconds=f"{poll.took_s:.0f}")
    if line.newest_at and now - line.newest_at >= OLD_AFTER:
        silence = span((now - line.newest_at).total_seconds())
        return State.OLD, phrase("It brought nothing new for %(span)s.", span=silence)
    return State.GOOD, phrase("Good.")


def _next(poll: Poll, now: datetime) -> Phrase:
    seconds = (poll.next_check_at - now).total_seconds()
    if seconds < _MINUTE_S:
        return phrase("It is asked next at once.")
    return phrase("It is asked next in %(span)s.", span=span(seconds))


def _long_since(moment: datetime | None, now: datetime) -> Phrase | None:
    """Return for how long that is so, where it is long enough to be told."""
    seconds = (now - moment).total_seconds() if moment else 0.0
    return span(seconds) if seconds >= _HOUR_S else None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
