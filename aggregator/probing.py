"""Looking at what an address would bring, before the owner subscribes: the feeds there, and the newest of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nlargest

from sqlalchemy import Engine

from aggregator.errors import BroadsheetError
from aggregator.fetch.http import Fetch
from aggregator.models.entries import Entry, FeedOffer, ParsedFeed
from aggregator.models.fetching import Failed, Fetched, NotAsked, Reply, Request
from aggregator.models.subscribing import Candidate, Headline, Probe
from aggregator.parse.sandbox import Parse
from aggregator.store import holds, probes
from aggregator.store.db import reading, transaction

CLAIM_S = 120.0
N_OFFERS = 6
"""Of the feeds that a site names, so many are looked into; the others are named."""
N_NEWEST = 5
MAX_TITLE_CHARS = 300


def probe_wanted(engine: Engine, fetch: Fetch, parse: Parse, *, now: datetime) -> int:
    """Do the looks that the owner asked for; return how many that was."""
    with reading(engine) as db:
        if not probes.are_wanted(db):
            return 0
    with transaction(engine) as db:
        wanted = probes.claim_wanted(db, now=now, lease_s=CLAIM_S)
        held = holds.held_hosts(db, now=now)
    for probe in wanted:
        found, why = look(probe, fetch, parse, held=held, now=now)
        with transaction(engine) as db:
            probes.keep(db, probe.id, found, error=why, now=now)
    return len(wanted)


def look(
    probe: Probe, fetch: Fetch, parse: Parse, *, held: Mapping[str, datetime], now: datetime
) -> tuple[list[Candidate], str | None]:
    """Return the feeds at this address, or of the site there, and, where there is none, why."""
    [reply] = fetch([Request(probe.url)], now=now, held=held)
    said = _read(reply, parse, discover=True)
    match said:
        case str(why):
            return [], why
        case ParsedFeed():
            return [_candidate(getattr(reply, "moved_to", None) or probe.url, said, now)], None
    replies = fetch([Request(offer.feed_url) for offer in said[:N_OFFERS]], now=now, held=held)
    looked = {each.request.url: _read(each, parse, discover=False) for each in replies}
    return [_offered(offer, looked.get(offer.feed_url), now) for offer in said], None


def per_day(published: Sequence[datetime], *, now: datetime) -> float | None:
    """Return how often a feed publishes, by the dates of its entries; None where they are too few to tell."""
    past = sorted(moment for moment in published if moment <= now)
    if len(past) < 3:
        return None
    span = max(now - past[0], timedelta(hours=1))
    return len(past) / (span / timedelta(days=1))


def _read(reply: Reply, parse: Parse, *, discover: bool) -> ParsedFeed | tuple[FeedOffer, ...] | str:
    """Return what came, or why nothing could be read."""
    match reply:
        case Fetched():
            try:
                return parse(reply, discover=discover).result()
            except BroadsheetError as error:
                return str(error)
        case Failed(why=why):
            return why
        case NotAsked(hold=hold):
            return f"{hold.host} asked to be left alone for a while; nothing was sent."
        case _:
            return "Nothing was sent."


def _offered(offer: FeedOffer, said: ParsedFeed | tuple[FeedOffer, ...] | str | None, now: datetime) -> Candidate:
    match said:
        case ParsedFeed():
            return _candidate(offer.feed_url, said, now, title=offer.title)
        case str(why):
            return Candidate(feed_url=offer.feed_url, title=offer.title, error=why)
        case _:
            return Candidate(feed_url=offer.feed_url, title=offer.title)


def _candidate(feed_url: str, parsed: ParsedFeed, now: datetime, title: str = "") -> Candidate:
    dates = [entry.published_at for entry in parsed.entries if entry.published_at]
    newest = nlargest(N_NEWEST, parsed.entries, key=lambda entry: entry.published_at or _never(now))
    return Candidate(
        feed_url=feed_url,
        title=(parsed.title or title)[:MAX_TITLE_CHARS],
        language=parsed.language or _language_of(parsed.entries),
        n_entries=len(parsed.entries),
        per_day=per_day(dates, now=now),
        newest=tuple(Headline(_title(entry), entry.published_at) for entry in newest),
    )


def _language_of(entries: Sequence[Entry]) -> str | None:
    """Return the language that most entries are in."""
    tags = [entry.language for entry in entries if entry.language]
    return max(set(tags), key=lambda tag: (tags.count(tag), tag)) if tags else None


def _title(entry: Entry) -> str:
    return (entry.title or " ".join(entry.text.split()))[:MAX_TITLE_CHARS]


def _never(now: datetime) -> datetime:
    return datetime(1, 1, 1, tzinfo=now.tzinfo)
