"""What a check leaves behind: the feed's polling as it was + the reply -> as it is now. Pure."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.config import PollSettings
from aggregator.fetch.moves import with_move
from aggregator.fetch.politeness import next_check
from aggregator.models import DueFeed, Failed, Fetched, NotAsked, NotModified, Poll, Reply


def poll_after(checked: DueFeed, reply: Reply, settings: PollSettings, *, now: datetime) -> Poll:
    """Return the feed's polling after a check that began at `now`.

    `checked` holds the wishes and facts as the reply left them. A `Fetched` is a feed that was understood and is kept
    in the same transaction: only then do its validators replace the ones before.
    """
    came_at = now + timedelta(seconds=reply.after_s)
    seed = checked.feed.id + int(now.timestamp())
    next_check_at = next_check(checked, reply, now=came_at, settings=settings, seed=seed)
    before = replace(with_move(checked.poll, reply), next_check_at=next_check_at)
    match reply:
        case NotAsked():
            return before
        case Failed(why=why):
            return replace(before, checked_at=now, error=why, n_failures=before.n_failures + 1)
        case NotModified():
            return _good(before, now=now)
        case Fetched(validators=validators):
            whole = replace(before, validators=validators, body_hash=body_hash(reply), whole_at=now)
            return _good(whole, now=now)


def body_hash(reply: Fetched) -> str:
    """Return what tells a body from others."""
    return hashlib.sha256(reply.body).hexdigest()


def _good(poll: Poll, *, now: datetime) -> Poll:
    return replace(poll, checked_at=now, succeeded_at=now, error=None, n_failures=0)
