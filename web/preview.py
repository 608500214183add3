"""What a list of feeds would bring, shown before it does."""

from collections.abc import Iterable, Sequence

import msgspec
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from aggregator.models import ImportOutcome, ImportResult, Subscription
from aggregator.parse.urls import as_feed_url, feed_url_problem


def foreseen(wanted: Iterable[Subscription], known: Iterable[str]) -> list[ImportOutcome]:
    """Return what would become of each feed, given the addresses of those that are there; pure."""
    there, outcomes = set(known), []
    for each in wanted:
        address = as_feed_url(each.feed_url)
        if problem := feed_url_problem(each.feed_url):
            outcomes.append(ImportOutcome(each, ImportResult.INVALID, problem))
        elif address in there:
            outcomes.append(ImportOutcome(each, ImportResult.ALREADY_THERE))
        else:
            there.add(address)
            outcomes.append(ImportOutcome(each, ImportResult.ADDED))
    return outcomes


def packed(wanted: Sequence[Subscription]) -> str:
    """Return the list as a field of the page carries it: packed, and signed so that it comes back as it was shown."""
    return str(_seal().dumps(msgspec.to_builtins(wanted)))


def unpacked(field: str) -> list[Subscription] | None:
    """Return the list that was shown; None for what we did not write."""
    try:
        return msgspec.convert(_seal().loads(field), list[Subscription])
    except (BadData, msgspec.ValidationError):
        return None


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="broadsheet.import")
