"""The straight line of an article until it is kept: fetch, parse, decide, keep. Order only; the rooms decide."""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nlargest
from queue import SimpleQueue

from sqlalchemy import Connection, Engine

from aggregator import arrivals, websub
from aggregator.config import PollSettings
from aggregator.errors import BroadsheetError, StoppedError
from aggregator.fetch import moves, politeness, polls
from aggregator.fetch.http import Fetch
from aggregator.models.arrivals import Arrivals
from aggregator.models.articles import Kept
from aggregator.models.entries import FeedOffer, ParsedFeed
from aggregator.models.feeds import DueFeed, Fault, Feed, Poll
from aggregator.models.fetching import Failed, Fetched, NotAsked, Reply, Request
from aggregator.models.hubs import Push
from aggregator.models.moments import microseconds
from aggregator.parse.kinds import is_web_page
from aggregator.parse.sandbox import Parse, Parsed
from aggregator.searching import search
from aggregator.store import discovered, feeds, holds, hubs, keeping, polling, twins
from aggregator.store.db import reading, transaction
from aggregator.store.facts import RHYTHM_ARTICLES
from aggregator.store.known import known

KEEP_AT_ONCE = 128
"""So many feeds are kept in one transaction, while many are still to come: each statement costs as much as for one."""
ENTRIES_AT_ONCE = 1000
"""So many entries end a transaction as well: it takes some 0.2 s, for which whoever marks a story read has to wait."""
STILL_TO_COME = 2
"""By this, as many as are left are divided: so many feeds are kept, and do not wait for the last, which may be slow."""
CLAIM_S = 60.0
"""How long a worker that died keeps its feeds from others."""
RENEW_EVERY_S = 10.0
"""How soon whoever is at work says so again; while answers are awaited one comes, or is given up, within 30 s."""
LAST_WORDS_S = 3.0
"""How long whoever is stopped waits for what is being read; the rest is asked for again."""
PUSHES_AT_ONCE = 50
PUSH_CLAIM_S = 300.0
PARSE_AT_ONCE, PARSE_BYTES = 256, 64 * 1024**2
"""So many documents, and so much of them, may wait for a parser: they are in memory. Those that come while the first
parsers start, for most of a second, are all fetched meanwhile."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a refresh needs of the outside world; what it asks for heeds what hosts ask for (heeding.py)."""

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


@dataclass(frozen=True, slots=True)
class _Check:
    """A feed that was asked, what came, and what that was read as where it had to be read."""

    due: DueFeed
    reply: Reply
    parsed: Parsed | None = None


def refresh(
    engine: Engine, due: Sequence[DueFeed], tools: Tools, settings: PollSettings, *, now: datetime
) -> Generator[Refreshed]:
    """Check these feeds and yield how each went, as soon as it is kept; a feed that fails stops no other.

    Where the caller stops in the middle, or is stopped, what came is kept, and the claims on the other feeds are given
    back.
    """
    lost, ready, desk, n_kept = [], list[_Check](), _Desk(tools.parse), 0
    claim = _Claim(engine, {each.feed.id for each in due}, now)
    try:
        for check in _checks(engine, due, tools, desk, now=now):
            ready.append(check)
            claim.renew(check.reply.after_s)
            if _are_enough(ready, n_kept, len(claim.feed_ids) - len(ready)):
                kept = list(_keep_all(engine, ready, settings, now=now))
                claim.feed_ids -= {each.due.feed.id for each in ready}
                n_kept += len(ready)
                ready = []
                lost += [done.feed for done in kept if done.is_lost]
                yield from kept
    except (GeneratorExit, KeyboardInterrupt, SystemExit, StoppedError):
        ready += desk.last_words(LAST_WORDS_S)
        list(_keep_all(engine, ready, settings, now=now))
        claim.release()
        raise
    if lost:
        search(engine, lost, tools.fetch, tools.parse, now=now)


def _are_enough(ready: Sequence[_Check], n_kept: int, n_left: int) -> bool:
    """Whether to keep these feeds now: the first by itself, then twice as many, up to a bound of feeds or entries.

    Whoever is killed again and again has then kept something each time.
    """
    n_entries = sum(len(each.parsed.entries) for each in ready if isinstance(each.parsed, ParsedFeed))
    return n_entries >= ENTRIES_AT_ONCE or len(ready) >= min(KEEP_AT_ONCE, 1 + n_kept, n_left // STILL_TO_COME)


@dataclass
class _Claim:
    """Feeds that no other worker checks meanwhile."""

    engine: Engine
    feed_ids: set[int]
    now: datetime
    _renewed_s: float = 0.0

    def renew(self, after_s: float) -> None:
        """Hold on to the feeds, where it is some time ago that this was said."""
        if after_s - self._renewed_s >= RENEW_EVERY_S:
            self._renewed_s = after_s
            with transaction(self.engine) as db:
                polling.renew_claims(db, self.feed_ids, now=self.now + timedelta(seconds=after_s), lease_s=CLAIM_S)

    def release(self) -> None:
        """Let others have the feeds."""
        with transaction(self.engine) as db:
            polling.release(db, self.feed_ids)


def read_pushes(engine: Engine, tools: Tools, *, now: datetime) -> Iterator[Refreshed]:
    """Keep what hubs sent, the way of a check: the same parser, the same decisions, one transaction each.

    What cannot be read makes its feed due: polling is the fallback.
    """
    with transaction(engine) as db:
        pushed = hubs.claim_pushes(db, now=now, limit=PUSHES_AT_ONCE, lease_s=PUSH_CLAIM_S)
        due = {each.feed.id: each for each in polling.find_due(db, [push.feed_id for push in pushed], now=now)}
    for push in pushed:
        reply = Fetched(
            request=Request(due[push.feed_id].feed.feed_url),
            url=due[push.feed_id].feed.feed_url,
            body=push.body,
            content_type=push.content_type,
        )
        check = _check(due[push.feed_id], reply, tools.parse(reply, discover=False))
        yield _keep_push(engine, push, check, now=now)


def in_words(done: Refreshed) -> str:
    """Return how a feed's check went, as a sentence."""
    name = done.feed.log_name
    if done.why:
        return f"{name}: {done.why}"
    kept = done.kept
    return f"{name}: {kept.n_new} new, {kept.n_changed} changed, {kept.n_unchanged} known."


def _keep_push(engine: Engine, push: Push, check: _Check, *, now: datetime) -> Refreshed:
    feed = check.due.feed
    if isinstance(check.parsed, ParsedFeed):
        try:
            with transaction(engine) as db:
                arrived = _keep_entries(db, [check], now=now)
                hubs.forget_push(db, push.id)
                if any(each.arrivals.rewrites for each in arrived.values()):
                    # What was announced may be taken back: then the document is word for word the one before it.
                    polling.forget_document(db, feed.id)
            return Refreshed(feed, kept=arrived[feed.id].kept if arrived else Kept())
        except Exception:
            check = replace(check, reply=_our_fault(check.due, check.reply))
    with transaction(engine) as db:
        hubs.forget_push(db, push.id)
        polling.check_now(db, feed.id, now=now)
    return Refreshed(feed, why=check.reply.why if isinstance(check.reply, Failed) else None)


def _checks(engine: Engine, due: Sequence[DueFeed], tools: Tools, desk: "_Desk", *, now: datetime) -> Iterator[_Check]:
    """Ask all of these feeds, and yield each with what it says as soon as that is known."""
    by_url = {each.feed.feed_url: each for each in due}
    requests = (Request(url, politeness.validators_for(each.poll, now=now)) for url, each in by_url.items())
    with reading(engine) as db:
        held = holds.held_hosts(db, now=now)
    for reply in tools.fetch(requests, now=now, held=held):
        checked = by_url[reply.request.url]
        if isinstance(reply, Fetched) and polls.body_hash(reply) != checked.poll.body_hash:
            yield from desk.hand_in(checked, reply)
        else:
            yield _Check(checked, reply)
        yield from desk.take_out()
    yield from desk.clear()


class _Desk:
    """The documents that parsers are reading."""

    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._reading: dict[Future[Parsed], tuple[DueFeed, Fetched]] = {}
        self._n_bytes = 0
        self._done: SimpleQueue[Future[Parsed]] = SimpleQueue()

    def hand_in(self, checked: DueFeed, reply: Fetched) -> Iterator[_Check]:
        """Have a document read; yield others until there is room for it."""
        while len(self._reading) >= PARSE_AT_ONCE or self._n_bytes > PARSE_BYTES:
            yield self._take(self._done.get())
        future = self._parse(reply, discover=checked.is_new, known_items=checked.poll.items)
        self._reading[future] = checked, reply
        self._n_bytes += len(reply.body)
        future.add_done_callback(self._done.put)

    def take_out(self) -> Iterator[_Check]:
        """Yield what has been read."""
        while not self._done.empty():
            yield self._take(self._done.get())

    def last_words(self, within_s: float) -> list[_Check]:
        """Return what is read within so many seconds; the others are given up."""
        done, _ = wait(self._reading, timeout=within_s)
        return [self._take(future) for future in done]

    def clear(self) -> Iterator[_Check]:
        """Yield all the others as they are read."""
        while self._reading:
            yield self._take(self._done.get())

    def _take(self, future: Future[Parsed]) -> _Check:
        checked, reply = self._reading.pop(future)
        self._n_bytes -= len(reply.body)
        return _check(checked, reply, future)


def _check(checked: DueFeed, reply: Fetched, future: Future[Parsed]) -> _Check:
    try:
        parsed = future.result()
        if isinstance(parsed, ParsedFeed) and not parsed.is_whole:
            whole = polls.but_of_what_broke_off(parsed, reply, checked.poll)
            return _Check(checked, replace(reply, is_cut=True), whole)
        return _Check(checked, reply, parsed)
    except BroadsheetError as error:
        fault = Fault.WEB_PAGE if is_web_page(reply.body) else Fault.OTHER
        return _Check(checked, _failed(reply, str(error), fault))
    except Exception:
        return _Check(checked, _our_fault(checked, reply))


def _our_fault(checked: DueFeed, reply: Reply) -> Failed:
    """Return what is kept of a feed that we stumbled over: one document must never stop the others."""
    log.exception("%s could not be kept.", checked.feed.log_name)
    why = "What it sent could not be kept, by a fault of Broadsheet's; the log says more."
    return _failed(reply, why)


def _failed(reply: Reply, why: str, fault: Fault = Fault.OTHER) -> Failed:
    """Return what is kept of an answer that came and could not be used: the next check counts from when it came."""
    return Failed(request=reply.request, why=why, fault=fault, after_s=reply.after_s)


def _keep_all(
    engine: Engine, checks: Sequence[_Check], settings: PollSettings, *, now: datetime
) -> Iterator[Refreshed]:
    """Keep what these feeds say, their entries and their polling, as a whole or, where one hinders, one by one."""
    if not checks:
        return
    try:
        with transaction(engine) as db:
            done = _keep(db, checks, settings, now=now)
    except Exception as error:
        if len(checks) > 1:
            for each in checks:
                yield from _keep_all(engine, [each], settings, now=now)
        elif checks[0].parsed is None:
            raise
        else:
            yield from _keep_all(engine, [_in_vain(checks[0], error)], settings, now=now)
    else:
        yield from done


def _in_vain(check: _Check, error: Exception) -> _Check:
    if isinstance(error, BroadsheetError):
        return _Check(check.due, _failed(check.reply, str(error)))
    return _Check(check.due, _our_fault(check.due, check.reply))


def _keep(db: Connection, checks: Sequence[_Check], settings: PollSettings, *, now: datetime) -> list[Refreshed]:
    arrived = _keep_entries(db, checks, now=now)
    sites = [_choose_offer(db, each.due, each.parsed, now=now) for each in checks if isinstance(each.parsed, tuple)]
    asked = [_with_news(each, arrived) for each in checks if not isinstance(each.parsed, tuple)]
    polled = [polls.poll_after(each.due, each.reply, settings, now=now) for each in asked]
    polling.record_polls(db, [moves.settled(poll) for poll in polled])
    _keep_hubs(db, checks, arrived, now=now)
    done = [_follow_up(db, each, poll, now=now) for each, poll in zip(asked, polled, strict=True)]
    return sites + [
        replace(each, kept=arrived[each.feed.id].kept) if each.feed.id in arrived else each for each in done
    ]


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What a feed brought, and what keeping it came to."""

    feed: Feed
    arrivals: Arrivals
    kept: Kept


def _keep_entries(db: Connection, checks: Sequence[_Check], *, now: datetime) -> dict[int, _Arrived]:
    parsed = {each.due.feed.id: each.parsed for each in checks if isinstance(each.parsed, ParsedFeed)}
    described = feeds.describe_feeds(db, parsed)
    brought = {
        feed_id: arrivals.without_future(arrivals.distinct(parsed[feed_id].entries, feed), now=now)
        for feed_id, feed in described.items()
    }
    there = known(db, brought)
    anew = {feed_id: arrivals.off_taken_guids(entries, there[feed_id]) for feed_id, entries in brought.items()}
    if renamed := {feed_id: entries for feed_id, entries in anew.items() if entries != brought[feed_id]}:
        brought, there = brought | renamed, there | known(db, renamed)
    arrived = {
        feed_id: arrivals.decide(entries, there[feed_id], described[feed_id], now=now)
        for feed_id, entries in brought.items()
    }
    twins.become_one(db, [move for each in arrived.values() for move in each.moves])
    kept = keeping.keep(db, arrived, now=now)
    return {
        feed_id: _Arrived(described[feed_id], each, _with_cut(kept[feed_id], parsed[feed_id].n_cut))
        for feed_id, each in arrived.items()
    }


def _with_cut(kept: Kept, n_cut: int) -> Kept:
    return replace(kept, n_unchanged=kept.n_unchanged + n_cut)


def _keep_hubs(db: Connection, checks: Sequence[_Check], arrived: Mapping[int, _Arrived], *, now: datetime) -> None:
    """Keep which hubs the feeds offer, and which of these had not announced what was found."""
    offers = {
        each.due.feed.id: websub.offered_hub(each.reply.headers.get("link", ""), each.parsed, url=each.reply.url)
        for each in checks
        if isinstance(each.parsed, ParsedFeed) and isinstance(each.reply, Fetched) and each.due.feed.id in arrived
    }
    hubs.note_offers(db, offers, now=now)
    hubs.note_missed(db, [feed_id for feed_id, hub in offers.items() if hub and arrived[feed_id].kept.n_new], now=now)


def _with_news(check: _Check, arrived: Mapping[int, _Arrived]) -> _Check:
    """Return the check with the feed as it is known now that its document was read."""
    due, parsed = check.due, check.parsed
    news = arrived.get(due.feed.id)
    if news is None or not isinstance(parsed, ParsedFeed):
        return check
    came_us = (microseconds(each.published_at) for each in news.arrivals.new)
    facts = replace(due.facts, published_us=tuple(nlargest(RHYTHM_ARTICLES, (*due.facts.published_us, *came_us))))
    n_entries = len(parsed.entries) + parsed.n_cut
    poll = replace(due.poll, wishes=parsed.wishes, n_entries=n_entries, items=parsed.items)
    return replace(check, due=replace(due, feed=news.feed, poll=poll, facts=facts))


def _follow_up(db: Connection, check: _Check, poll: Poll, *, now: datetime) -> Refreshed:
    """Do what a check leads to: pause a feed that is gone, follow one that moved."""
    feed, reply = check.due.feed, check.reply
    if isinstance(reply, NotAsked):
        until = f"{reply.hold.until:%H:%M} UTC"
        return Refreshed(feed, why=f"{reply.hold.host} asked to be left alone until {until}; nothing was sent.")
    if poll.fault is Fault.GONE:
        feeds.set_paused(db, feed.id, is_paused=True, now=now)
    if address := moves.new_address(poll):
        feed = feeds.find_feed(db, twins.follow_move(db, feed.id, address, now=now))
    return Refreshed(feed, why=poll.error, is_lost=polls.is_worth_a_search(poll, now=now))


def _choose_offer(db: Connection, checked: DueFeed, offers: Sequence[FeedOffer], *, now: datetime) -> Refreshed:
    """Subscribe to the first feed that a site offers, in the place of the site; it is due at once."""
    feed_id = twins.change_feed_url(db, checked.feed.id, offers[0].feed_url)
    discovered.replace_offers(db, feed_id, offers[1:])
    if feed_id == checked.feed.id:
        polling.record_poll(db, replace(checked.poll, checked_at=now, next_check_at=now))
    return Refreshed(feeds.find_feed(db, feed_id))
