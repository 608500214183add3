"""Looking on a site for where its lost feed may be now."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urljoin

from sqlalchemy import Engine

from aggregator.errors import BroadsheetError
from aggregator.fetch.http import Fetch
from aggregator.models.entries import FeedOffer, ParsedFeed
from aggregator.models.feeds import Feed
from aggregator.models.fetching import Fetched, NotAsked, Reply, Request
from aggregator.parse.sandbox import Parse
from aggregator.store import discovered, holds
from aggregator.store.db import reading, transaction


def search(engine: Engine, lost: Sequence[Feed], fetch: Fetch, parse: Parse, *, now: datetime) -> None:
    """Keep which feeds the sites of feeds that were lost offer now: the owner decides what becomes of them."""
    with reading(engine) as db:
        held = holds.held_hosts(db, now=now)
    by_site = defaultdict(list)
    for feed in lost:
        by_site[feed.site_url or urljoin(feed.feed_url, "/")].append(feed)
    for reply in fetch(map(Request, by_site), now=now, held=held):
        if isinstance(reply, NotAsked):
            continue  # nothing was looked at
        offers = _offers_in(reply, parse)
        with transaction(engine) as db:
            for feed in by_site[reply.request.url]:
                discovered.note_search(db, feed.id, offers, now=now)


def _offers_in(reply: Reply, parse: Parse) -> tuple[FeedOffer, ...]:
    """Return the feeds that the page declares; the page itself where it is a feed."""
    if not isinstance(reply, Fetched):
        return ()
    try:
        parsed = parse(reply, discover=True).result()
    except BroadsheetError:
        return ()
    return (FeedOffer(reply.url, parsed.title),) if isinstance(parsed, ParsedFeed) else parsed
