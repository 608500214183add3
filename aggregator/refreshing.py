"""The straight line of an article until it is kept: fetch, parse, decide, keep. Order only; the rooms decide."""

import logging
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import nlargest
from typing import Protocol
from urllib.parse import urljoin

from sqlalchemy import Connection, Engine

from aggregator import arrivals
from aggregator.config import PollSettings
from aggregator.errors import BroadsheetError
from aggregator.fetch import moves, politeness, polls
from aggregator.fetch.http import Fetch
from aggregator.models import (
    DueFeed,
    Failed,
    Fault,
    Feed,
    FeedOffer,
    Fetched,
    Kept,
    NewArticle,
    NotAsked,
    ParsedFeed,
    Poll,
    Reply,
    Request,
)
from aggregator.parse.feed import is_web_page
from aggregator.parse.sandbox import Parsed
from aggregator.store import articles, feeds, holds, twins
from aggregator.store.db import reading, transaction
from aggregator.store.facts import RHYTHM_ARTICLES

log = logging.getLogger(__name__)


class Parse(Protocol):
    """Reads a document elsewhere: `Parsers.parse`, or a fake."""

    def __call__(self, reply: Fetched, *, discover: bool) -> Future[Parsed]:
        """Give a feed, or, where it may be looked for, the feeds that a web page in its place declares."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a refresh needs of the outside world."""

    fetch: Fetch
    parse: Parse


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How one feed's check went."""

    feed: Feed
    kept: Kept = field(default_factory=Kept)
    why: str | None = None
    """The error in words; None after a good check."""
    is_lost: bool = False
    """Whether its site may tell another address of it."""


def refresh(
    engine: Engine, due: Sequence[DueFeed], tools: Tools, settings: PollSettings, *, now: datetime
) -> Iterator[Refreshed]:
    """Check these feeds and yield how each went, as soon as it is kept; a feed that fails stops no other."""
    lost = []
    for done in _refresh(engine, due, tools, settings, now=now):
        if done.is_lost:
            lost.append(done.feed)
        yield done
    if lost:
        _search(engine, lost, tools, now=now)


def _refresh(
    engine: Engine, due: Sequence[DueFeed], tools: Tools, settings: PollSettings, *, now: datetime
) -> Iterator[Refreshed]:
    by_url = {each.feed.feed_url: each for each in due}
    requests = (Request(url, politeness.validators_for(each.poll, now=now)) for url, each in by_url.items())
    parsing: deque[tuple[DueFeed, Fetched, Future[Parsed]]] = deque()
    for reply in tools.fetch(requests, now=now, held=_held(engine, now)):
        checked = by_url[reply.request.url]
        if isinstance(reply, Fetched) and polls.body_hash(reply) != checked.poll.body_hash:
            parsing.append((checked, reply, tools.parse(reply, discover=checked.is_new)))
        else:
            yield _keep_poll(engine, checked, reply, settings, now=now)
        while parsing and parsing[0][2].done():
            yield _keep_parsed(engine, *parsing.popleft(), settings, now=now)
    while parsing:
        yield _keep_parsed(engine, *parsing.popleft(), settings, now=now)


def _held(engine: Engine, now: datetime) -> dict[str, datetime]:
    with reading(engine) as db:
        return holds.held_hosts(db, now=now)


def _keep_poll(engine: Engine, checked: DueFeed, reply: Reply, settings: PollSettings, *, now: datetime) -> Refreshed:
    """Keep that nothing new came: not modified, the same body again, not asked, or a failure."""
    poll = polls.poll_after(checked, reply, settings, now=now)
    with transaction(engine) as db:
        if isinstance(reply, Failed) and reply.hold:
            holds.hold(db, reply.hold, now=now)
        feed = _record(db, checked.feed, poll, now=now)
    if isinstance(reply, NotAsked):
        why = f"{reply.hold.host} asked to be left alone until {reply.hold.until:%H:%M} UTC; nothing was sent."
        return Refreshed(feed, why=why)
    return Refreshed(feed, why=poll.error, is_lost=polls.is_worth_a_search(poll, now=now))


def _keep_parsed(
    engine: Engine,
    checked: DueFeed,
    reply: Fetched,
    future: Future[Parsed],
    settings: PollSettings,
    *,
    now: datetime,
) -> Refreshed:
    """Keep what a feed says, its entries and its polling as a whole or not at all."""
    try:
        parsed = future.result()
        with transaction(engine) as db:
            if isinstance(parsed, ParsedFeed):
                return _keep_feed(db, checked, reply, parsed, settings, now=now)
            return _choose_offer(db, checked, parsed, now=now)
    except BroadsheetError as error:
        why = str(error)
        fault = Fault.WEB_PAGE if is_web_page(reply.body) else Fault.OTHER
    except Exception:
        # One feed's document must never stop the others, whatever it does to us.
        log.exception("%s could not be kept.", checked.feed.log_name)
        why = "What it sent could not be kept, by a fault of Broadsheet's; the log says more."
        fault = Fault.OTHER
    return _keep_poll(engine, checked, Failed(request=reply.request, why=why, fault=fault), settings, now=now)


def _keep_feed(
    db: Connection, checked: DueFeed, reply: Fetched, parsed: ParsedFeed, settings: PollSettings, *, now: datetime
) -> Refreshed:
    feeds.describe_feed(db, checked.feed.id, parsed)
    feed = feeds.find_feed(db, checked.feed.id)
    entries = arrivals.distinct(parsed.entries, feed)
    arrived = arrivals.decide(entries, articles.known(db, feed.id, entries), feed, now=now)
    kept = articles.keep(db, feed.id, arrived, now=now)
    told = _with_news(checked, parsed, arrived.new)
    poll = polls.poll_after(told, reply, settings, now=now)
    return Refreshed(_record(db, feed, poll, now=now), kept)


def _record(db: Connection, feed: Feed, poll: Poll, *, now: datetime) -> Feed:
    """Keep how the check went, and follow the feed to where it moved; return the feed that it is now."""
    if poll.fault is Fault.GONE:
        feeds.set_paused(db, feed.id, is_paused=True, now=now)
    address = moves.new_address(poll)
    if address is None:
        feeds.record_poll(db, poll)
        return feed
    feeds.record_poll(db, replace(poll, moving_to=None, n_moves=0))
    return feeds.find_feed(db, twins.follow_move(db, feed.id, address, now=now))


def _choose_offer(db: Connection, checked: DueFeed, offers: Sequence[FeedOffer], *, now: datetime) -> Refreshed:
    """Subscribe to the first feed that a site offers, in the place of the site; it is due at once."""
    feed_id = twins.change_feed_url(db, checked.feed.id, offers[0].feed_url)
    feeds.replace_offers(db, feed_id, offers[1:])
    if feed_id == checked.feed.id:
        feeds.record_poll(db, replace(checked.poll, checked_at=now, next_check_at=now))
    return Refreshed(feeds.find_feed(db, feed_id))


def _with_news(checked: DueFeed, parsed: ParsedFeed, new: Sequence[NewArticle]) -> DueFeed:
    """Return the feed as it is known now that its document was read."""
    published = nlargest(RHYTHM_ARTICLES, (*checked.facts.published, *(each.published_at for each in new)))
    facts = replace(checked.facts, published=tuple(published))
    poll = replace(checked.poll, wishes=parsed.wishes, n_entries=len(parsed.entries))
    return replace(checked, poll=poll, facts=facts)


def _search(engine: Engine, lost: Sequence[Feed], tools: Tools, *, now: datetime) -> None:
    """Keep which feeds the sites of feeds that were lost offer now: the owner decides what becomes of them."""
    by_site = defaultdict(list)
    for feed in lost:
        by_site[feed.site_url or urljoin(feed.feed_url, "/")].append(feed)
    for reply in tools.fetch(map(Request, by_site), now=now, held=_held(engine, now)):
        offers = _offers_in(reply, tools)
        with transaction(engine) as db:
            for feed in by_site[reply.request.url]:
                feeds.note_search(db, feed.id, offers, now=now)


def _offers_in(reply: Reply, tools: Tools) -> tuple[FeedOffer, ...]:
    """Return the feeds that the page declares; the page itself where it is a feed."""
    if not isinstance(reply, Fetched):
        return ()
    try:
        parsed = tools.parse(reply, discover=True).result()
    except BroadsheetError:
        return ()
    return (FeedOffer(reply.url, parsed.title),) if isinstance(parsed, ParsedFeed) else parsed
