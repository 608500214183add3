"""The straight line of an article after it was kept: encode, regroup. Order only; the rooms decide."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from aggregator import editions as past
from aggregator import heap
from aggregator.config import Settings, StorySettings
from aggregator.encode import Encoder, text_to_encode
from aggregator.errors import CalibrationError
from aggregator.models.bars import Trial
from aggregator.models.corrections import Correction
from aggregator.models.encoders import Calibration, EncoderName
from aggregator.models.stories import WindowArticle
from aggregator.models.values import Halves
from aggregator.muting import like
from aggregator.store import (
    bars,
    changes,
    corrections,
    editions,
    encoding,
    evidence,
    mutes,
    showing,
    stories,
    topics,
    window,
)
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.store.reach import GROUPED_TO, Reach, reach
from aggregator.stories import calibrate as calibration
from aggregator.stories import regroup as engine_room
from aggregator.stories import trial as trials
from aggregator.stories.desk import Desk, News, Reading
from aggregator.stories.evidence import find_evidence
from aggregator.stories.learn import learn, lessons_in
from aggregator.stories.similarity import learned
from aggregator.stories.topics import find_topics

MAX_TOPIC_STORIES = 3_000
"""Stories that topics are made of: all pairs of so many take 36 MB and a few seconds, however large the archive is."""

TOPIC_MEMORY = timedelta(days=365)
"""How long a topic without news is known again when its matter comes back."""

EXPLAIN_AT_ONCE = 250
"""Members whose evidence is found and kept together: a quarter of a second of work."""

ENCODE_AT_ONCE = 256
"""Articles whose vectors are made and kept together: two seconds of work, and enough for batches of like length."""


TRIED_FOR = timedelta(days=1)
"""How far back articles are grouped at other bars for the owner to look at."""


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What a regroup came to."""

    n_articles: int
    """Of the window."""
    story_ids: tuple[int, ...]
    """Of the stories that changed."""
    desk: Desk
    """What the next regroup may go on from."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a regroup has to know of the store, as of one moment."""

    desk: Desk
    news: News
    arrived: Sequence[WindowArticle]
    vectors: tuple[Sequence[int], Halves | None]
    story_of: Mapping[int, int]
    touched: frozenset[int]
    held: Sequence[Correction]
    revision: int
    reach: Reach


def encode_missing(engine: Engine, encoder: Encoder, settings: Settings, *, now: datetime) -> Iterator[int]:
    """Give the window's articles that have none a vector each; yield how many after every batch."""
    since = window_start(settings.stories, now=now)
    while True:
        with reading(engine) as db:
            batch = encoding.unencoded(db, encoder.name, since=since, limit=ENCODE_AT_ONCE)
        if not batch:
            return
        vectors = encoder.encode([text_to_encode(each.title, each.text, settings.encode.max_chars) for each in batch])
        with transaction(engine) as db:
            encoding.add_vectors(db, encoder.name, batch, vectors, now=now)
        heap.give_back()
        yield len(batch)


def regroup(
    engine: Engine, encoder: EncoderName | None, settings: StorySettings, *, now: datetime, desk: Desk | None = None
) -> Regrouped:
    """Group what is new into stories and keep the outcome; by words only where there is no encoder.

    An article older than the window is looked at once, when it comes: it has a story then, as every article has.

    `desk` is what the last regroup left: with it, only what came and went since is compared. What a correction of the
    owner's overtook is not kept but made again: it would take the correction back.
    """
    since = window_start(settings, now=now)
    with reading(engine) as db:
        bar = present_bar(db, settings)
        is_at_hand = desk and desk.reading.is_of(encoder, _calibration(db, encoder), bar)
        desk = desk if desk and is_at_hand else Desk(_reading(db, encoder, bar))
    touched: frozenset[int] = frozenset()
    while True:
        found = _caught_up(engine, desk, since=since)
        heap.give_back()
        desk, touched = found.desk, touched | found.touched
        clustered = engine_room.cluster(desk.window, found.story_of, touched, found.held, bar=bar)
        with reading(engine) as db:
            story_ids = {found.story_of[each] for each in clustered.article_ids & found.story_of.keys()}
            known = stories.known_stories(db, story_ids, since=since)
        regrouping = engine_room.settled(desk.window, clustered, known, now=now)
        with transaction(engine) as db:
            if corrections.locked_revision(db) == found.revision:
                model = encoder.model if encoder else None
                _note(db, found.reach, bar)
                saved = stories.save(db, regrouping, n_articles=len(desk.window), encoder=model, now=now)
                _mute(db, saved, since=since, now=now)
                _learn(db, desk, since=since)
                corrections.mark_seen(db, found.revision)
                return Regrouped(n_articles=len(desk.window), story_ids=tuple(saved), desk=desk)


def _look(db: Connection, desk: Desk, *, since: datetime) -> _Found:
    """Return what a regroup has to know; with a new desk, where too much has changed for the one at hand."""
    encoder = desk.reading.encoder
    there = window.in_window(db, encoder, since=since)
    desk = desk if desk.can_go_on(there) else Desk(_reading(db, encoder, desk.reading.bar))
    news = desk.news(there)
    wanted = sorted(news.arrived)
    unplaced = (each.article_id for each in there if each.story_id is None)
    return _Found(
        desk=desk,
        news=news,
        arrived=window.window_articles(db, wanted),
        vectors=window.halves_of(db, encoder, wanted) if encoder else ([], None),
        story_of={each.article_id: each.story_id for each in there if each.story_id is not None},
        touched=news.arrived.union(stories.waiting(db, since=since), _corrected(db), unplaced),
        held=corrections.active(db, since=since),
        revision=corrections.revision(db),
        reach=reach(db, since=since),
    )


def _caught_up(engine: Engine, desk: Desk, *, since: datetime) -> _Found:
    """Bring the desk up to date; return what else has to be known, less texts and vectors, which are large."""
    with heap.growing():
        with reading(engine) as db:
            found = _look(db, desk, since=since)
        found.desk.take_in(found.news, found.arrived, *found.vectors)
    return replace(found, arrived=(), vectors=([], None))


def present_bar(db: Connection, settings: StorySettings) -> float:
    """Return the bar that holds: the owner's choice, else that of the settings; 0 means the engine's own."""
    return bars.chosen_bar(db) or settings.bar


def _reading(db: Connection, encoder: EncoderName | None, bar: float) -> Reading:
    """Return how articles are to be read: by the shipped numbers, leaning towards what the owner corrected."""
    return Reading(encoder, learn(learned(), corrections.lessons(db, encoder)), _calibration(db, encoder), bar)


def _calibration(db: Connection, encoder: EncoderName | None) -> Calibration | None:
    return memory.calibration(db, encoder) if encoder else None


def _note(db: Connection, grouped: Reach, bar: float) -> None:
    """Keep how far, and by which bar, articles are grouped."""
    memory.remember(db, GROUPED_TO, str(grouped.to))
    bars.note_holding(db, bar)


def _learn(db: Connection, desk: Desk, *, since: datetime) -> None:
    """Keep what there is to learn from the corrections that nothing was learned from; the next new desk leans so."""
    fresh = corrections.unlearned(db, desk.reading.encoder, since=since)
    corrections.keep_lessons(db, desk.reading.encoder, {each.id: lessons_in(each, desk.window) for each in fresh})


def _mute(db: Connection, story_ids: Sequence[int], *, since: datetime, now: datetime) -> None:
    """Keep which of these stories the names of a mute stand in: it holds for those that come later, too."""
    by_names = mutes.naming(db, now=now)
    said = mutes.titles(db, story_ids, since=since) if by_names else {}
    for each in by_names:
        mutes.hide(db, each.id, like(each.names, said), but_of=said)


def _corrected(db: Connection) -> Sequence[int]:
    """Return the articles that the owner moved, or let go back, since the last regroup."""
    at = memory.regrouped_at(db)
    return changes.touched_by_owner(db, since=at) if at and corrections.are_unseen(db) else ()


def explain(engine: Engine, desk: Desk, settings: StorySettings, *, now: datetime) -> Iterator[int]:
    """Say of the window's members why they are where they are, as far as it was not said; yield how many at a time."""
    since = window_start(settings, now=now)
    while True:
        with reading(engine) as db:
            pairs = evidence.unexplained(db, since=since, limit=EXPLAIN_AT_ONCE)
            said = window.window_articles(db, sorted({each for pair in pairs for each in pair[:2]}))
        if not pairs:
            return
        ids, scores = [(pair.article_id, pair.nearest_id) for pair in pairs], [pair.score for pair in pairs]
        found = find_evidence(desk.window, ids, scores, said, bar=desk.reading.bar)
        with transaction(engine) as db:
            evidence.add_evidence(db, dict(zip(pairs, found, strict=True)))
        yield len(pairs)


def retopic(engine: Engine, encoder: EncoderName | None, settings: StorySettings, *, now: datetime) -> int:
    """Make topics of the stories of the last weeks and keep them; return how many; by words only without an encoder."""
    with reading(engine) as db:
        since = now - timedelta(days=settings.topic_days)
        looked_at = topics.stories_for_topics(db, since=since, limit=MAX_TOPIC_STORIES)
        wanted = [article.id for story in looked_at for article in story.sample]
        ids, vectors = window.vectors_of(db, encoder, wanted) if encoder else ([], None)
        seen = {story.id for story in looked_at}
        known = topics.known_topics(db, since=now - TOPIC_MEMORY, story_ids=seen)
    made = find_topics(looked_at, ids, vectors, known)
    with transaction(engine) as db:
        return len(topics.save(db, made, seen=seen, now=now))


def try_bars(engine: Engine, desk: Desk, settings: StorySettings, *, now: datetime) -> Trial:
    """Group the last day's articles at several bars, and keep what they come to for the owner to look at."""
    since = window_start(settings, now=now)
    with reading(engine) as db:
        there = window.in_window(db, desk.reading.encoder, since=since)
        held = corrections.active(db, since=since)
        bar = present_bar(db, settings)
    story_of = {each.article_id: each.story_id for each in there if each.story_id is not None}
    trial = trials.try_bars(desk.window, story_of, held, since=now - TRIED_FOR, bar=bar, now=now)
    with transaction(engine) as db:
        bars.keep_trial(db, trial)
    return trial


def keep_edition(engine: Engine, settings: StorySettings, *, now: datetime) -> bool:
    """Keep the front page as it is now, where it shows something else than the last one kept; return whether."""
    with reading(engine) as db:
        cards = showing.front_page(db, since=window_start(settings, now=now), limit=past.N_STORIES, now=now)
        latest = editions.edition_at(db, now)
    edition = past.printed(cards, at=now)
    if not past.is_worth_keeping(edition, latest):
        return False
    with transaction(engine) as db:
        editions.keep_edition(db, edition)
        editions.drop_editions(db, past.superfluous(editions.all_moments(db), now=now))
    return True


def calibrate(engine: Engine, encoder: EncoderName, settings: StorySettings, *, now: datetime) -> Calibration:
    """Return how this encoder's cosines are read, fitted on the window; nothing is kept.

    Raises CalibrationError, in words, where the window says too little.
    """
    since = window_start(settings, now=now)
    with reading(engine) as db:
        found = _look(db, Desk(Reading(encoder, learned())), since=since)
    if not found.arrived:
        raise CalibrationError("The window holds no article yet; calibrate again when more has been fetched.")
    found.desk.take_in(found.news, found.arrived, *found.vectors)
    compared, languages = found.desk.window.compared, {each.id: each.language for each in found.arrived}
    spoken = [languages[article.id] for article in found.desk.window.articles]
    return calibration.fit(compared.vectors, compared.texts, spoken, calibration.reference())


def window_start(settings: StorySettings, *, now: datetime) -> datetime:
    """Return since when articles are grouped together."""
    return now - timedelta(days=settings.window_days)
