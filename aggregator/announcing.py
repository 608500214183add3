"""Asking hubs to announce what feeds bring (WebSub), as long as polling is asked for nothing else."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from aggregator import websub
from aggregator.fetch.http import Fetch
from aggregator.models.fetching import Failed, NotAsked, Reply, Request
from aggregator.models.hubs import Hub
from aggregator.store import holds, hubs
from aggregator.store.db import reading, transaction

HUBS_AT_ONCE = 100


def ask_hubs(engine: Engine, fetch: Fetch, public_url: str, *, now: datetime) -> Iterator[str]:
    """Ask the hubs whose time has come to announce feeds at our address; yield what failed, as sentences."""
    base = public_url.rstrip("/")
    with transaction(engine) as db:
        due = hubs.claim_due(db, base, now=now, limit=HUBS_AT_ONCE)
    with reading(engine) as db:
        held = holds.held_hosts(db, now=now)
    asked = {_request(hub, base): hub for hub in due}
    for reply in fetch(asked, now=now, held=held):
        if why := _why(reply):
            with transaction(engine) as db:
                hubs.note_failed(db, asked[reply.request].feed_id, why)
            yield why


def _request(hub: Hub, base: str) -> Request:
    callback_url = f"{base}/websub/{hub.token}"
    return Request(
        hub.offer.hub_url, form=websub.subscription_form(hub.offer, callback_url=callback_url, secret=hub.secret)
    )


def _why(reply: Reply) -> str | None:
    match reply:
        case Failed(why=why):
            return f"The hub did not take the subscription: {why}"
        case NotAsked(hold=hold):
            return f"The hub was not asked: {hold.host} asked to be left alone."
        case _:
            return None
