"""What a check leaves behind: the feed's polling as it was + the reply -> as it is now. Pure."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.config import PollSettings
from aggregator.fetch.moves import with_move
from aggregator.fetch.politeness import fresh_for_s, next_check
from aggregator.models.entries import ParsedFeed
from aggregator.models.feeds import DueFeed, Fault, Poll, Validators
from aggregator.models.fetching import Failed, Fetched, NotAsked, NotModified, Reply

SEARCH_AFTER = 3
"""So many checks have to fail in a row before the site is searched for another address of the feed."""
SEARCH_EVERY = timedelta(days=7)
_CUT = "cut:"
"""Stands before the hash of a body that was cut, so that it is read again should it come again."""
_FINDABLE = frozenset({Fault.GONE, Fault.MISSING, Fault.WEB_PAGE})


def poll_after(checked: DueFeed, reply: Reply, settings: PollSettings, *, now: datetime) -> Poll:
    """Return the feed's polling after a check that began at `now`.

    `checked` holds the wishes and facts as the reply left them. A `Fetched` is a feed that was understood and is kept
    in the same transaction: only then do its validators replace the ones before. One that was cut leaves none, so that
    all of it is asked for again.
    """
    came_at = now + timedelta(seconds=reply.after_s)
    seed = checked.feed.id + int(now.timestamp())
    next_check_at = next_check(checked, reply, now=came_at, settings=settings, seed=seed)
    before = replace(with_move(checked.poll, reply), next_check_at=next_check_at)
    match reply:
        case NotAsked():
            return before
        case Failed():
            return _bad(before, reply, now=now)
        case Fetched() | NotModified():
            fresh_s = fresh_for_s(checked.poll, reply, now=came_at)
            return _good(replace(_with_document(before, reply, now=now), fresh_s=fresh_s), reply.took_s, now=now)


def body_hash(reply: Fetched) -> str:
    """Return what tells a body from others."""
    return hashlib.sha256(reply.body).hexdigest()


def but_of_what_broke_off(parsed: ParsedFeed, reply: Fetched, poll: Poll) -> ParsedFeed:
    """Return the feed without an entry in whose middle it ends: half of an address or a name would make another entry.

    A feed that was never read whole may never be, and keeps all that can be read; one that ends just there a second
    time was written so.
    """
    may_be_written_so = poll.whole_at is None or poll.body_hash == _CUT + body_hash(reply)
    return parsed if parsed.is_last_whole or may_be_written_so else replace(parsed, entries=parsed.entries[:-1])


def is_worth_a_search(poll: Poll, *, now: datetime) -> bool:
    """Return whether a feed that failed may be found at another address of its site."""
    is_tried = poll.searched_at is not None and now - poll.searched_at < SEARCH_EVERY
    return not is_tried and (poll.fault is Fault.GONE or (poll.fault in _FINDABLE and poll.n_failures >= SEARCH_AFTER))


def _with_document(poll: Poll, reply: Fetched | NotModified, *, now: datetime) -> Poll:
    match reply:
        case NotModified():
            return poll
        case Fetched(is_cut=True):
            return replace(poll, validators=Validators(), body_hash=_CUT + body_hash(reply))
        case Fetched(validators=validators):
            return replace(poll, validators=validators, body_hash=body_hash(reply), whole_at=now)


def _good(poll: Poll, took_s: float, *, now: datetime) -> Poll:
    good = replace(poll, checked_at=now, succeeded_at=now, took_s=took_s)
    return replace(good, error=None, n_failures=0, fault=None, failing_since=None)


def _bad(poll: Poll, reply: Failed, *, now: datetime) -> Poll:
    failed = replace(poll, checked_at=now, error=reply.why, fault=reply.fault, n_failures=poll.n_failures + 1)
    return replace(failed, failing_since=poll.failing_since or now)
