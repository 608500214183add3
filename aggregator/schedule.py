"""When: the worker's jobs, on APScheduler. Due times are in the database; the clock is read here."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from sqlalchemy import Connection, Engine

from aggregator import announcing, digesting, fetching_pages, heap, listing, pipeline, probing, refreshing
from aggregator.config import EncodeSettings, FetchSettings, Settings
from aggregator.encode import Encoder, load_encoder
from aggregator.errors import EncoderError, StoppedError, StoreError
from aggregator.fetch.http import Fetch, fetch_all
from aggregator.fetch.turns import Gaps
from aggregator.heeding import heeding
from aggregator.models.encoders import EncoderName
from aggregator.models.pages import Progress
from aggregator.parse.sandbox import Parsers
from aggregator.refreshing import CLAIM_S, Tools, in_words
from aggregator.store import bars, corrections, digests, evidence, holds, polling, search_backlog, topics
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.stories.desk import Desk

POLL_EVERY_S = 2.0
"""How soon a feed that was just added is looked at; asking costs one indexed query."""
ERRANDS_EVERY_S = 0.5
"""How soon what the owner waits for on a page is begun; asking costs two indexed queries."""
SEEN_EVERY = timedelta(seconds=30)
CLOCK_EVERY_S = 10.0
"""How soon it is noticed that the clock was set back; until then, jobs wait for a time that was already."""
HUBS_EVERY_S = 60.0
PAGES_EVERY_S = 30.0
PAGES_GAP_S = 2.0
"""Between two pages of one host: they are heavier than feeds, and nobody waits for them."""
GROUP_EVERY_S = 5.0
"""How soon new articles are grouped: an article is in its story within a minute, batches stay large."""
INDEX_EVERY_S = 3600.0
"""Only a database of an older version has anything to read."""
INDEXED_AT_ONCE = 500
INDEX_PAUSE_S = 0.05
"""In which others may write: a batch takes a quarter of a second."""
FEEDS_AT_ONCE = 200
GROUP_LEASE_S = 120.0
"""Renewed after every batch; how long a worker that died while grouping keeps the others waiting."""
ENCODE_FOR_S = 20.0
"""How long is encoded before what there is is grouped: while a whole window is encoded, for a new model or on first
run, new articles still reach their stories within a minute."""
EXPLAIN_FOR_S = 5.0
"""How long members are explained before what is new is looked for again: on first run there are many."""
DIGEST_FOR_S = 5.0
"""How long stories are read before what is new is looked for again: on first run there are many."""
RETRY_MODEL_S = 600.0
TOPICS_EVERY = timedelta(minutes=10)
"""How soon a story is in its topic: topics last for weeks, and all of them are made anew."""

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


class Worker:
    """Polls and groups until it is stopped; any number of workers may share a database."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        load: Callable[[EncodeSettings], Encoder] = load_encoder,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._model = Model(engine, settings.encode, load)
        self._gaps = Gaps()
        self._stopping = threading.Event()
        self._troubles: dict[str, str] = {}
        """What was said last of each job that cannot be done at present."""
        self._is_explaining = False
        self._seen_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._is_digesting = False
        self._desk: Desk | None = None
        self._may_be_unsaid = True
        """Whether a worker before this one may have been stopped, or killed, before it had said all there is to say."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish the feed and the batch at hand; no host is waited for any more."""
        with ExitStack() as stack:
            parsers = stack.enter_context(Parsers(self._settings.parse))
            tools = Tools(fetch=self._fetch(self._settings.fetch), parse=parsers.parse)
            scheduler = new_scheduler()
            now = self._clock()
            later = now + timedelta(seconds=PAGES_EVERY_S)
            scheduler.add_job(self.do, Every(POLL_EVERY_S), [self.poll, tools], next_run_time=now)
            scheduler.add_job(self.do, Every(GROUP_EVERY_S), [self.group], next_run_time=now)
            scheduler.add_job(self.do, Every(PAGES_EVERY_S), [self.fetch_pages, parsers], next_run_time=later)
            scheduler.add_job(self.do, Every(ERRANDS_EVERY_S), [self.run_errands, tools, parsers], next_run_time=now)
            scheduler.add_job(self.do, Every(INDEX_EVERY_S), [self.index_backlog], next_run_time=now)
            if self._settings.web.public_url:
                scheduler.add_job(self.do, Every(HUBS_EVERY_S), [self.ask_hubs, tools], next_run_time=now)
            scheduler.start()
            self.do(self.heed_clock, scheduler)
            while not stop.wait(CLOCK_EVERY_S):
                self.do(self.heed_clock, scheduler)
            self._stopping.set()
            scheduler.shutdown(wait=True)

    def do(self, job: Callable[..., None], *args: Parsers | Tools | BackgroundScheduler) -> None:
        """Do a job as far as it goes: until the worker is stopped, or the database fails, which is said once."""
        name = job.__name__
        try:
            job(*args)
        except StoppedError:
            return
        except StoreError as error:
            if self._troubles.get(name) != str(error):
                log.error("%s", error)
            self._troubles[name] = str(error)
        else:
            self._troubles.pop(name, None)

    def heed_clock(self, scheduler: BackgroundScheduler) -> None:
        """Let no feed, and no job, wait for what was a future before the clock was set back since the last look."""
        now = self._clock()
        if self._looked_at is None or now < self._looked_at:
            with transaction(self._engine) as db:
                n_feeds = polling.forget_future(db, now=now)
                holds.forget_future(db, now=now)
            if n_feeds:
                log.warning("The clock was set back: %d feeds are checked anew.", n_feeds)
            if self._looked_at is not None:
                run_now(scheduler, now)
        self._looked_at = now

    def poll(self, tools: Tools) -> None:
        """Check the feeds that are due."""
        with transaction(self._engine) as db:
            due = polling.claim_due(db, now=self._clock(), limit=FEEDS_AT_ONCE, lease_s=CLAIM_S)
        # read again: what feeds are asked to wait counts from when they were asked
        for done in refreshing.refresh(self._engine, due, tools, self._settings.poll, now=self._clock()):
            log.info("%s", in_words(done))
            if self._stopping.is_set():
                return
        for done in refreshing.read_pushes(self._engine, tools, now=self._clock()):
            log.info("%s", in_words(done))
        if due:
            heap.give_back()

    def run_errands(self, tools: Tools, parsers: Parsers) -> None:
        """Do what the owner waits for on a page: look at an address, fetch a list. Say that there is a worker."""
        now = self._clock()
        probing.probe_wanted(self._engine, tools.fetch, tools.parse, now=now)
        listing.fetch_wanted(self._engine, tools.fetch, parsers.read_list, now=now)
        if self._seen_at is None or abs(now - self._seen_at) >= SEEN_EVERY:
            self._seen_at = now
            with transaction(self._engine) as db:
                memory.note_worker(db, now=now)

    def index_backlog(self) -> None:
        """Read what was kept before there was an index for searching into it, until all is read."""
        n_read = 0
        while not self._stopping.is_set():
            with transaction(self._engine) as db:
                n_now = search_backlog.index_backlog(db, limit=INDEXED_AT_ONCE)
            if not n_now:
                break
            n_read += n_now
            self._stopping.wait(INDEX_PAUSE_S)
        if n_read:
            log.info("%s older articles can be found by their words now.", f"{n_read:,}")

    def fetch_pages(self, parsers: Parsers) -> None:
        """Fetch whole articles from their own pages, for feeds whose owner wants that."""
        slowly = replace(self._settings.fetch, per_host=1, per_host_gap_s=PAGES_GAP_S)
        done = list(fetching_pages.fetch_pages(self._engine, self._fetch(slowly), parsers.read_page, now=self._clock()))
        if done:
            log.info("%d whole articles fetched, %d in vain.", len(done), sum(each.why is not None for each in done))

    def _fetch(self, settings: FetchSettings) -> Fetch:
        """Return the one way out: whatever is asked of a host, and by which job, a gap lies between."""
        return heeding(self._engine, partial(fetch_all, settings=settings, gaps=self._gaps, stop=self._stopping))

    def ask_hubs(self, tools: Tools) -> None:
        """Ask the hubs that feeds offer to announce new articles to us."""
        for why in announcing.ask_hubs(self._engine, tools.fetch, self._settings.web.public_url, now=self._clock()):
            log.info("%s", why)

    def group(self) -> None:
        """Encode and group what is new, and make topics now and then, where no other worker is at it."""
        now = self._clock()
        is_news = self._is_there_news(now)
        is_left = self._is_explaining or self._is_digesting or self._is_trial_wanted()
        if not is_news and not is_left and not self._are_topics_due(now):
            return
        if not self._take_lease():
            return
        try:
            if is_news:
                self._encode_and_regroup(now)
            if self._desk is not None:
                self._try_bars(self._desk, now)
                self._explain(self._desk, now)
                self._digest(self._desk, now)
            if self._are_topics_due(now) and self._take_lease():
                self._retopic(now)
        finally:
            with transaction(self._engine) as db:
                memory.release_lease(db, "regroup", self._name)
            heap.give_back()

    def _take_lease(self) -> bool:
        with transaction(self._engine) as db:
            return memory.take_lease(db, "regroup", self._name, now=self._clock(), lease_s=GROUP_LEASE_S)

    def _is_there_news(self, now: datetime) -> bool:
        progress = self._progress(now)
        # A model that is not loaded may be another than the one that made the vectors.
        is_model_wanted = progress.n_unencoded > 0 or (progress.n_articles > 0 and not self._model.is_there)
        if progress.n_ungrouped > 0 or (is_model_wanted and self._model.is_worth_a_try(now)):
            return True
        with reading(self._engine) as db:
            if corrections.are_unseen(db) or self._is_desk_due(db):
                return True
        return self._desk is None and self._is_unsaid(now)

    def _is_desk_due(self, db: Connection) -> bool:
        """Whether the owner chose another bar than that of the stories, or wants bars tried and there is no desk."""
        settings = self._settings.stories
        held = bars.holding_bar(db)
        is_other = (settings.bar if held is None else held) != pipeline.present_bar(db, settings)
        return is_other or (self._desk is None and bars.wanted_at(db) is not None)

    def _is_unsaid(self, now: datetime) -> bool:
        """Whether another worker left something unsaid; looked for until there is nothing."""
        if self._may_be_unsaid:
            since, name = pipeline.window_start(self._settings.stories, now=now), self._model.name()
            with reading(self._engine) as db:
                is_unexplained = bool(evidence.unexplained(db, since=since, limit=1))
                self._may_be_unsaid = is_unexplained or bool(digests.undigested(db, name, since=since))
        return self._may_be_unsaid

    def _is_trial_wanted(self) -> bool:
        with reading(self._engine) as db:
            return bars.wanted_at(db) is not None

    def _try_bars(self, desk: Desk, now: datetime) -> None:
        """Try other bars, where the owner asked for that on a page."""
        if self._is_trial_wanted():
            trial = pipeline.try_bars(self._engine, desk, self._settings.stories, now=now)
            log.info("Tried %d bars on %d articles.", len(trial.bars), trial.n_articles)

    def _progress(self, now: datetime) -> Progress:
        since = pipeline.window_start(self._settings.stories, now=now)
        with reading(self._engine) as db:
            return memory.progress(db, since=since)

    def _encode_and_regroup(self, now: datetime) -> None:
        n_encoded = self._encode(now)
        if self._stopping.is_set() or not self._take_lease():
            return
        desk, self._desk = self._desk, None  # whatever stops this run, the next one begins with a clean desk
        done = pipeline.regroup(self._engine, self._model.name(), self._settings.stories, now=now, desk=desk)
        self._desk = done.desk
        heap.give_back()
        pipeline.keep_edition(self._engine, self._settings.stories, now=now)
        took_s = (self._clock() - now).total_seconds()
        log.info(
            "Grouped the window of %d articles: %d stories changed; %d articles were encoded; it took %.1f s.",
            done.n_articles,
            len(done.story_ids),
            n_encoded,
            took_s,
        )

    def _encode(self, now: datetime) -> int:
        """Encode what has no vector, the newest first, for ENCODE_FOR_S; return how many were encoded."""
        encoder = self._model.encoder(now)
        n_encoded = 0
        try:
            for n in pipeline.encode_missing(self._engine, encoder, self._settings, now=now) if encoder else ():
                n_encoded += n
                is_time_up = (self._clock() - now).total_seconds() >= ENCODE_FOR_S
                if is_time_up or self._stopping.is_set() or not self._take_lease():
                    break
        except EncoderError as error:
            self._model.give_up(error, now)
        return n_encoded

    def _explain(self, desk: Desk, now: datetime) -> None:
        """Say why members are where they are, for EXPLAIN_FOR_S; the rest is said when there is time again."""
        began = self._clock()
        self._is_explaining = True
        for _ in pipeline.explain(self._engine, desk, self._settings.stories, now=now):
            is_time_up = (self._clock() - began).total_seconds() >= EXPLAIN_FOR_S
            if is_time_up or self._stopping.is_set() or not self._take_lease():
                return
        self._is_explaining = False

    def _digest(self, desk: Desk, now: datetime) -> None:
        """Read what stories say, for DIGEST_FOR_S; the rest is read when there is time again."""
        began = self._clock()
        self._is_digesting = True
        encoder = self._model.encoder(now)
        since = pipeline.window_start(self._settings.stories, now=now)
        try:
            for _ in digesting.digest_stories(self._engine, encoder, desk, since=since, now=now):
                is_time_up = (self._clock() - began).total_seconds() >= DIGEST_FOR_S
                if is_time_up or self._stopping.is_set() or not self._take_lease():
                    return
        except EncoderError as error:
            self._model.give_up(error, now)
        self._is_digesting = False

    def _are_topics_due(self, now: datetime) -> bool:
        if self._stopping.is_set():
            return False
        with reading(self._engine) as db:
            return topics.are_due(db, every=TOPICS_EVERY, now=now)

    def _retopic(self, now: datetime) -> None:
        n_topics = pipeline.retopic(self._engine, self._model.name(), self._settings.stories, now=now)
        log.info("Made %d topics of the stories of %d days.", n_topics, self._settings.stories.topic_days)


class Model:
    """The encoder, loaded when it is first needed; where it cannot be, tried again now and then."""

    def __init__(
        self, engine: Engine, settings: EncodeSettings, load: Callable[[EncodeSettings], Encoder] = load_encoder
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._load = load
        self._encoder: Encoder | None = None
        self._failed_at: datetime | None = None

    @property
    def is_there(self) -> bool:
        """Whether it is loaded."""
        return self._encoder is not None

    def is_worth_a_try(self, now: datetime) -> bool:
        """Return whether there is an encoder, or one may be there by now."""
        if self._settings.model == "none":
            return False
        return self._failed_at is None or (now - self._failed_at).total_seconds() >= RETRY_MODEL_S

    def encoder(self, now: datetime) -> Encoder | None:
        """Return the encoder; None where there is none, which the owner finds said on the page."""
        if self._encoder is None and self.is_worth_a_try(now):
            try:
                self._encoder, self._failed_at = self._load(self._settings), None
            except EncoderError as error:
                self.give_up(error, now)
            else:
                with transaction(self._engine) as db:
                    memory.remember_encoder(db, self._encoder.name)
        return self._encoder

    def name(self) -> EncoderName | None:
        """Return whose vectors stories are grouped by: where the model is away, those that it made before."""
        with transaction(self._engine) as db:
            if self._settings.model == "none":
                memory.remember_encoder(db, None)
            return memory.present_encoder(db)

    def give_up(self, error: EncoderError, now: datetime) -> None:
        """Go on without the model, and say so, until it is tried again."""
        self._encoder, self._failed_at = None, now
        log.warning("New articles are grouped by their words only: %s", error)
        with transaction(self._engine) as db:
            memory.remember_encoder_error(db, str(error))


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 says nothing of its types
    """Runs a job so many seconds after its last run was due, and at once, and once, for all that was missed.

    APScheduler's own interval counts up every run that was missed before it makes one of them: after a leap of a year,
    which a clock without a battery makes when it is set, that takes minutes and gigabytes.
    """

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return when the job is to run next, which is never a time that was already."""
        following = (previous_fire_time or now) + self._interval
        return following if following > now else now + self._interval


def run_now(scheduler: BackgroundScheduler, now: datetime) -> None:
    """Run every job at once, and then as often as ever: APScheduler waits for the moment that it reckoned before."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now)


def new_scheduler() -> BackgroundScheduler:
    """Return what runs the worker's jobs."""
    # The default grace of one second drops jobs silently after a sleep; a missed run has to happen, once.
    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(4)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        timezone=UTC,
    )
