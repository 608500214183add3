"""Subscribing to feeds, one by one, by list or from the starter pack: each address is judged before it is kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from itertools import islice

from sqlalchemy import Connection, Engine

from aggregator.errors import AddressError
from aggregator.models.subscribing import ImportOutcome, ImportResult, ImportState, Subscription
from aggregator.parse.opml import parse_opml
from aggregator.parse.urls import as_feed_url, feed_url_problem
from aggregator.store import feeds, imports, polling
from aggregator.store.db import transaction
from aggregator.store.folders import FOLDER_MARK
from aggregator.store.twins import follow_move

AT_ONCE = 500
"""So many feeds are subscribed to, and told of, at a time."""


def subscribe_all(db: Connection, wanted: Iterable[Subscription], *, now: datetime) -> Iterator[ImportOutcome]:
    """Subscribe to each feed in turn, and yield what became of it; one that is not valid stops no other."""
    added: dict[str, Subscription] = {}
    for some in _batches(wanted):
        outcomes = _judged(some)
        taken = feeds.subscribe_many(db, [each.subscription for each in outcomes if not each.why], now=now)
        places = feeds.places_of(db, [each.feed_id for each in taken if each.feed_id])
        left = iter(taken)
        for outcome in outcomes:
            yield outcome if outcome.why else _in_words(next(left), added, places)


def foresee(db: Connection, wanted: Sequence[Subscription]) -> list[ImportOutcome]:
    """Return what would become of each feed, and change nothing."""
    there: dict[str, Subscription] = {}
    outcomes = []
    judged = _judged(wanted)
    ids = feeds.ids_at(db, [each.subscription.feed_url for each in judged if not each.why])
    places = feeds.places_of(db, list(ids.values()))
    for outcome in judged:
        url = outcome.subscription.feed_url
        is_known = url in ids or url in there
        result = ImportResult.ALREADY_THERE if is_known else ImportResult.ADDED
        seen = replace(outcome, result=result, feed_id=ids.get(url))
        outcomes.append(outcome if outcome.why else _in_words(seen, there, places))
    return outcomes


def import_step(engine: Engine, import_id: int, *, now: datetime) -> bool:
    """Subscribe to the next feeds of a list that was shown, in one transaction; return whether any are left.

    What was stopped half-way goes on where it stopped.
    """
    with transaction(engine) as db:
        found = imports.find_import(db, import_id)
        if found.state not in (ImportState.SHOWN, ImportState.RUNNING):
            return False
        start, wanted = imports.claim_step(db, import_id, limit=AT_ONCE)
        imports.keep_step(db, import_id, start, list(subscribe_all(db, wanted, now=now)), n_all=found.n_all)
    return start + len(wanted) < found.n_all


def into_folder(wanted: Iterable[Subscription], folder: tuple[str, ...]) -> list[Subscription]:
    """Return these feeds with all of their folders inside this one."""
    return [replace(each, folder=(*folder, *each.folder)) for each in wanted]


def _judged(wanted: Iterable[Subscription]) -> list[ImportOutcome]:
    """Return each feed with its address tidied and, where it cannot be a feed's, with why."""
    outcomes = []
    for each in wanted:
        problem = feed_url_problem(each.feed_url)
        tidy = each if problem else replace(each, feed_url=as_feed_url(each.feed_url))
        outcomes.append(ImportOutcome(tidy, ImportResult.INVALID if problem else ImportResult.ADDED, problem or ""))
    return outcomes


def _in_words(
    outcome: ImportOutcome, added: dict[str, Subscription], places: Mapping[int, tuple[str, ...]]
) -> ImportOutcome:
    """Say where a feed is that was there already; note one that is new among those that were `added`."""
    wanted = outcome.subscription
    if outcome.result is ImportResult.ADDED:
        added[wanted.feed_url] = wanted
        return outcome
    if twin := added.get(wanted.feed_url):
        return replace(outcome, why=f"The list has it twice; it is put {_where(twin.folder)}, where it stands first.")
    place = places.get(outcome.feed_id or 0, ())
    stays = "" if place == wanted.folder else f" It stays {_where(place)}."
    return replace(outcome, why=f"You have it already.{stays}")


def _where(folder: tuple[str, ...]) -> str:
    return f"in “{FOLDER_MARK.join(folder)}”" if folder else "outside all folders"


def _batches(wanted: Iterable[Subscription]) -> Iterator[list[Subscription]]:
    left = iter(wanted)
    while some := list(islice(left, AT_ONCE)):
        yield some


def readdress(db: Connection, feed_id: int, address: str, *, now: datetime) -> int:
    """Go on with a feed at another address, with all that it brought; return the id that has it then.

    Raises AddressError, in words, for what cannot be an address.
    """
    if problem := feed_url_problem(address):
        raise AddressError(problem)
    there = follow_move(db, feed_id, as_feed_url(address), now=now)
    polling.start_afresh(db, there, now=now)
    return there


def starter_pack() -> list[Subscription]:
    """Return the world-news feeds that are offered to whoever brings none."""
    return parse_opml(files("aggregator").joinpath("starter.opml").read_bytes())
