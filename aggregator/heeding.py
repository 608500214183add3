"""Fetching that remembers what hosts ask for: whatever is asked of one, the pause that it wants holds for all."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import Engine

from aggregator.fetch.http import Fetch
from aggregator.models.fetching import Failed, Reply, Request
from aggregator.store import holds
from aggregator.store.db import transaction


def heeding(engine: Engine, fetch: Fetch) -> Fetch:
    """Return `fetch`, keeping which hosts ask to be left alone."""

    def ask(requests: Iterable[Request], *, now: datetime, held: Mapping[str, datetime]) -> Iterator[Reply]:
        for reply in fetch(requests, now=now, held=held):
            if isinstance(reply, Failed) and reply.hold:
                with transaction(engine) as db:
                    holds.hold(db, reply.hold, now=now)
            yield reply

    return ask
