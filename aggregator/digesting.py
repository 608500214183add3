"""The straight line from a story to what it says: passages, their vectors, the digest. Order only."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Engine

from aggregator.digest.digest import digest
from aggregator.digest.lines import passages
from aggregator.encode import Encoder
from aggregator.models.digests import Digest, ToldArticle
from aggregator.models.encoders import EncoderName
from aggregator.store import digests
from aggregator.store.db import reading, transaction
from aggregator.store.digests import SentenceVectors, Undigested
from aggregator.stories.desk import Desk

DIGEST_AT_ONCE = 8
"""Stories that are read together: a quarter of a second of work, and a second more where sentences are new."""

SENTENCES_AT_ONCE = 256
"""Sentences whose vectors are made and kept together: a second of work."""


def digest_stories(
    engine: Engine, encoder: Encoder | None, desk: Desk, *, since: datetime, now: datetime
) -> Iterator[int]:
    """Read what stories of several publishers with news since then say, as far as it is not known.

    Yields how many at a time. Without an encoder, sentences are compared by their words alone.
    """
    wanted = _unread(engine, encoder, since)
    for start in range(0, len(wanted), DIGEST_AT_ONCE):
        some = wanted[start : start + DIGEST_AT_ONCE]
        with reading(engine) as db:
            there = digests.told_articles(db, [each for story in some for each in story.article_ids])
        said = {article.id: _passages(article, desk) for article in there}
        yield from _encode_sentences(engine, encoder, some, said)
        made = _digested(engine, encoder.name if encoder else None, some, there, said)
        with transaction(engine) as db:
            digests.save(db, made, now=now)
        yield len(some)
    if wanted:
        with transaction(engine) as db:
            digests.forget_sentence_vectors(db, since=since)


def n_unread(engine: Engine, encoder: Encoder | None, *, since: datetime) -> int:
    """Return of how many stories with news since then it is not known what they say."""
    return len(_unread(engine, encoder, since))


def _unread(engine: Engine, encoder: Encoder | None, since: datetime) -> list[Undigested]:
    with reading(engine) as db:
        return digests.undigested(db, encoder.name if encoder else None, since=since)


def _passages(article: ToldArticle, desk: Desk) -> list[str]:
    """Return the title and the sentences of an article, less those that its publisher puts under everything."""
    title, *rest = passages(article)
    return [title, *(each for each in rest if desk.window.says_something(each, article.publisher))]


def _encode_sentences(
    engine: Engine, encoder: Encoder | None, some: Sequence[Undigested], said: Mapping[int, Sequence[str]]
) -> Iterator[int]:
    """Give the sentences of these stories their vectors, where they have none; yield 0 after every batch."""
    if encoder is None:
        return
    digest_of = {each: digest for story in some for each, digest in story.digests.items()}
    with reading(engine) as db:
        known = digests.sentence_vectors_of(db, encoder.name, list(said))
    missing = [each for each in said if not _is_of(known.get(each), digest_of[each], said[each])]
    for batch in _batches(missing, said):
        texts = [text for each in batch for text in said[each]]
        vectors = encoder.encode(texts)
        ends = np.cumsum([len(said[each]) for each in batch])
        parts = np.split(vectors, ends[:-1])
        made = {each: SentenceVectors(digest_of[each], part) for each, part in zip(batch, parts, strict=True)}
        with transaction(engine) as db:
            digests.add_sentence_vectors(db, encoder.name, made)
        yield 0


def _batches(article_ids: Sequence[int], said: Mapping[int, Sequence[str]]) -> list[list[int]]:
    """Return these articles in batches of SENTENCES_AT_ONCE, or of one article that has more."""
    found: list[list[int]] = []
    room = 0
    for each in article_ids:
        if len(said[each]) > room:
            found.append([])
            room = SENTENCES_AT_ONCE
        found[-1].append(each)
        room -= len(said[each])
    return found


def _digested(
    engine: Engine,
    encoder: EncoderName | None,
    some: Sequence[Undigested],
    there: Sequence[ToldArticle],
    said: Mapping[int, Sequence[str]],
) -> dict[int, tuple[bytes, Digest]]:
    """Return what each of these stories says; a story of which an article was deleted meanwhile is left out."""
    by_id = {article.id: article for article in there}
    with reading(engine) as db:
        vectors = digests.sentence_vectors_of(db, encoder, list(said)) if encoder else {}
    made = {}
    for story in some:
        if not by_id.keys() >= set(story.article_ids):
            continue
        told = [by_id[each] for each in story.article_ids]
        texts = [said[article.id] for article in told]
        kept = [vectors.get(article.id) for article in told]
        rows = [
            each.vectors for each, lines in zip(kept, texts, strict=True) if each and len(each.vectors) == len(lines)
        ]
        made[story.story_id] = (
            story.signature,
            digest(told, texts, rows if len(rows) == len(told) else None, lead_id=story.lead_id),
        )
    return made


def _is_of(known: SentenceVectors | None, digest: str, said: Sequence[str]) -> bool:
    """Whether these vectors are of what the article says now."""
    return known is not None and known.digest == digest and len(known.vectors) == len(said)
