"""When a feed that redirects has moved for good: pure."""

from dataclasses import replace

from aggregator.models.feeds import Poll
from aggregator.models.fetching import Fetched, NotModified, Reply

STEADY_CHECKS = 3
"""So many checks in a row have to be led to the same new address, each hop of the way permanent (RFC 9110 §15.4.2 and
§15.4.9): a server's slip or a network's sign-in page is over by then."""


def with_move(poll: Poll, reply: Reply) -> Poll:
    """Return what is known of where the feed is moving to, now that this reply gave the feed (or nothing new of it).

    A reply that gave no feed tells nothing of its address.
    """
    if not isinstance(reply, Fetched | NotModified):
        return poll
    if reply.moved_to is None or reply.moved_to == reply.request.url:
        return replace(poll, moving_to=None, n_moves=0)
    is_same = reply.moved_to == poll.moving_to
    return replace(poll, moving_to=reply.moved_to, n_moves=poll.n_moves + 1 if is_same else 1)


def new_address(poll: Poll) -> str | None:
    """Return the address that the feed has moved to for good; None where it has not."""
    return poll.moving_to if poll.n_moves >= STEADY_CHECKS else None


def settled(poll: Poll) -> Poll:
    """Return the polling of a feed that is followed to its new address: it is moving no more."""
    return poll if new_address(poll) is None else replace(poll, moving_to=None, n_moves=0)
