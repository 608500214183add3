"""The straight line of an article: refresh, encode, regroup. Order only; the rooms decide."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Protocol

from sqlalchemy import Connection, Engine

from aggregator import arrivals
from aggregator.config import PollSettings, Settings, StorySettings
from aggregator.encode import Encoder, text_to_encode
from aggregator.errors import BroadsheetError
from aggregator.fetch import moves, politeness, polls
from aggregator.fetch.http import Fetch
from aggregator.models import (
    DueFeed,
    EncoderName,
    Failed,
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
    Wishes,
)
from aggregator.parse.sandbox import Parsed
from aggregator.store import articles, corrections, feeds, holds, stories, topics, twins
from aggregator.store.db import reading, transaction
from aggregator.store.facts import RHYTHM_ARTICLES
from aggregator.stories import regroup as engine_room
from aggregator.stories.topics import find_topics

MAX_TOPIC_STORIES = 3_000
"""Stories that topics are made of: all pairs of so many take 36 MB and a few seconds, however large the archive is."""

TOPIC_MEMORY = timedelta(days=365)
"""How long a topic without news is known again when its matter comes back."""

ENCODE_AT_ONCE = 256
"""Articles whose vectors are made and kept together: two seconds of work, and enough for batches of like length."""

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


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What a regroup came to."""

    n_articles: int
    story_ids: tuple[int, ...]


def refresh(
    engine: Engine, due: Sequence[DueFeed], tools: Tools, settings: PollSettings, *, now: datetime
) -> Iterator[Refreshed]:
    """Check these feeds and yield how each went, as soon as it is kept; a feed that fails stops no other."""
    by_url = {each.feed.feed_url: each for each in due}
    parsing: deque[tuple[DueFeed, Fetched, Future[Parsed]]] = deque()
    requests = (Request(url, politeness.validators_for(each.poll, now=now)) for url, each in by_url.items())
    with reading(engine) as db:
        held = holds.held_hosts(db, now=now)
    for reply in tools.fetch(requests, now=now, held=held):
        checked = by_url[reply.request.url]
        if isinstance(reply, Fetched) and polls.body_hash(reply) != checked.poll.body_hash:
            parsing.append((checked, reply, tools.parse(reply, discover=checked.is_new)))
        else:
            yield _keep_poll(engine, checked, reply, settings, now=now)
        while parsing and parsing[0][2].done():
            yield _keep_parsed(engine, *parsing.popleft(), settings, now=now)
    while parsing:
        yield _keep_parsed(engine, *parsing.popleft(), settings, now=now)


def encode_missing(engine: Engine, encoder: Encoder, settings: Settings, *, now: datetime) -> Iterator[int]:
    """Give the window's articles that have none a vector each; yield how many after every batch."""
    since = window_start(settings.stories, now=now)
    while True:
        with reading(engine) as db:
            batch = articles.unencoded(db, encoder.name, since=since, limit=ENCODE_AT_ONCE)
        if not batch:
            return
        vectors = encoder.encode([text_to_encode(each.title, each.text, settings.encode.max_chars) for each in batch])
        with transaction(engine) as db:
            articles.add_vectors(db, encoder.name, batch, vectors, now=now)
        yield len(batch)


def regroup(engine: Engine, encoder: EncoderName | None, settings: StorySettings, *, now: datetime) -> Regrouped:
    """Group the window's articles into stories and keep the outcome; by words only where there is no encoder.

    What a correction of the owner's overtook is not kept but made again: it would take the correction back.
    """
    since = window_start(settings, now=now)
    while True:
        with reading(engine) as db:
            window = articles.window(db, since=since)
            ids, vectors = articles.window_vectors(db, encoder, since=since) if encoder else ([], None)
            known = stories.known_stories(db, since=since)
            revision = corrections.revision(db)
        regrouping = engine_room.regroup(window, ids, vectors, known, now=now, settings=settings)
        with transaction(engine) as db:
            if corrections.locked_revision(db) == revision:
                model = encoder.model if encoder else None
                saved = stories.save(db, regrouping, n_articles=len(window), encoder=model, now=now)
                return Regrouped(n_articles=len(window), story_ids=tuple(saved))


def retopic(engine: Engine, encoder: EncoderName | None, settings: StorySettings, *, now: datetime) -> int:
    """Make topics of the stories of the last weeks and keep them; return how many; by words only without an encoder."""
    with reading(engine) as db:
        since = now - timedelta(days=settings.topic_days)
        looked_at = topics.stories_for_topics(db, since=since, limit=MAX_TOPIC_STORIES)
        wanted = [article.id for story in looked_at for article in story.sample]
        ids, vectors = articles.vectors_of(db, encoder, wanted) if encoder else ([], None)
        seen = {story.id for story in looked_at}
        known = topics.known_topics(db, since=now - TOPIC_MEMORY, story_ids=seen)
    made = find_topics(looked_at, ids, vectors, known)
    with transaction(engine) as db:
        return len(topics.save(db, made, seen=seen, now=now))


def window_start(settings: StorySettings, *, now: datetime) -> datetime:
    """Return since when articles are grouped together."""
    return now - timedelta(days=settings.window_days)


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
    return Refreshed(feed, why=poll.error)


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
    except Exception:
        # One feed's document must never stop the others, whatever it does to us.
        log.exception("%s could not be kept.", checked.feed.feed_url)
        why = "What it sent could not be kept, by a fault of Broadsheet's; the log says more."
    return _keep_poll(engine, checked, Failed(request=reply.request, why=why), settings, now=now)


def _keep_feed(
    db: Connection, checked: DueFeed, reply: Fetched, parsed: ParsedFeed, settings: PollSettings, *, now: datetime
) -> Refreshed:
    feeds.describe_feed(db, checked.feed.id, parsed)
    feed = feeds.find_feed(db, checked.feed.id)
    entries = arrivals.distinct(parsed.entries, feed)
    arrived = arrivals.decide(entries, articles.known(db, feed.id, entries), feed, now=now)
    kept = articles.keep(db, feed.id, arrived, now=now)
    told = _with_news(checked, parsed.wishes, arrived.new)
    poll = polls.poll_after(told, reply, settings, now=now)
    return Refreshed(_record(db, feed, poll, now=now), kept)


def _record(db: Connection, feed: Feed, poll: Poll, *, now: datetime) -> Feed:
    """Keep how the check went, and follow the feed to where it moved; return the feed that it is now."""
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


def _with_news(checked: DueFeed, wishes: Wishes, new: Sequence[NewArticle]) -> DueFeed:
    """Return the feed as it is known now that its document was read."""
    published = nlargest(RHYTHM_ARTICLES, (*checked.facts.published, *(each.published_at for each in new)))
    facts = replace(checked.facts, published=tuple(published))
    return replace(checked, poll=replace(checked.poll, wishes=wishes), facts=facts)
