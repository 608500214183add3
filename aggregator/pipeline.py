"""The straight line of an article after it was kept: encode, regroup. Order only; the rooms decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from aggregator.config import Settings, StorySettings
from aggregator.encode import Encoder, text_to_encode
from aggregator.models import Calibration, EncoderName
from aggregator.store import articles, corrections, stories, topics
from aggregator.store.db import reading, transaction
from aggregator.stories import calibrate as calibration
from aggregator.stories import regroup as engine_room
from aggregator.stories.topics import find_topics

MAX_TOPIC_STORIES = 3_000
"""Stories that topics are made of: all pairs of so many take 36 MB and a few seconds, however large the archive is."""

TOPIC_MEMORY = timedelta(days=365)
"""How long a topic without news is known again when its matter comes back."""

ENCODE_AT_ONCE = 256
"""Articles whose vectors are made and kept together: two seconds of work, and enough for batches of like length."""


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What a regroup came to."""

    n_articles: int
    story_ids: tuple[int, ...]


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


def calibrate(engine: Engine, encoder: EncoderName, settings: StorySettings, *, now: datetime) -> Calibration:
    """Return how this encoder's cosines are read, fitted on the window; nothing is kept.

    Raises CalibrationError, in words, where the window says too little.
    """
    since = window_start(settings, now=now)
    with reading(engine) as db:
        ids, vectors = articles.window_vectors(db, encoder, since=since)
        window = engine_room.read_window(articles.window(db, since=since), ids, vectors, decisions={})
    languages = [article.language for article in window.articles]
    return calibration.fit(window.compared.vectors, window.compared.texts, languages, calibration.reference())


def window_start(settings: StorySettings, *, now: datetime) -> datetime:
    """Return since when articles are grouped together."""
    return now - timedelta(days=settings.window_days)
