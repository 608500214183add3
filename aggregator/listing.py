"""Fetching a subscription list (OPML) from its address: for the command line, and for the web through the worker."""

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine

from aggregator.errors import OpmlError, ParseError
from aggregator.fetch.http import Fetch
from aggregator.models.fetching import Failed, Fetched, NotAsked, Request
from aggregator.models.subscribing import Subscription
from aggregator.parse.urls import as_feed_url, feed_url_problem
from aggregator.store import holds, imports
from aggregator.store.db import reading, transaction
from aggregator.subscribing import foresee, into_folder

CLAIM_S = 120.0
ACCEPT = "text/x-opml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


class ReadList(Protocol):
    """Reads a subscription list elsewhere: `Parsers.read_list`, or a fake."""

    def __call__(self, reply: Fetched) -> Future[list[Subscription]]:
        """Give the feeds of the list."""


def fetch_list(
    url: str, fetch: Fetch, read_list: ReadList, *, held: Mapping[str, datetime], now: datetime
) -> list[Subscription]:
    """Return the feeds of the list at this address; raises OpmlError, in words, where there is none."""
    if problem := feed_url_problem(url):
        raise OpmlError(problem)
    [reply] = fetch([Request(as_feed_url(url), accept=ACCEPT)], now=now, held=held)
    match reply:
        case Fetched():
            try:
                return read_list(reply).result()
            except ParseError as error:
                raise OpmlError(str(error)) from error
        case Failed(why=why):
            raise OpmlError(f"The list could not be fetched. {why}")
        case NotAsked(hold=hold):
            raise OpmlError(f"The list was not fetched: {hold.host} asked to be left alone for a while.")
        case _:
            raise OpmlError("The list was not sent.")


def fetch_wanted(engine: Engine, fetch: Fetch, read_list: ReadList, *, now: datetime) -> int:
    """Fetch the lists that the owner named on the pages, to be shown there; return how many that was."""
    with reading(engine) as db:
        if not imports.are_wanted(db):
            return 0
    with transaction(engine) as db:
        wanted = imports.claim_wanted(db, now=now, lease_s=CLAIM_S)
        held = holds.held_hosts(db, now=now)
    for each in wanted:
        try:
            found = into_folder(fetch_list(each.source, fetch, read_list, held=held, now=now), each.folder)
        except OpmlError as error:
            with transaction(engine) as db:
                imports.fail(db, each.id, str(error))
        else:
            with transaction(engine) as db:
                imports.show(db, each.id, foresee(db, found))
    return len(wanted)
