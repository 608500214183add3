"""What stories say, as it was read from their articles, and the sentence vectors that it is read with."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import msgspec
import numpy as np
from sqlalchemy import Connection, delete, exists, func, select

from aggregator.models.digests import Account, Digest, Named, ToldArticle
from aggregator.models.encoders import EncoderName
from aggregator.models.values import Vectors
from aggregator.store.articles import encoder_id, lock_articles
from aggregator.store.owners import owner_domains
from aggregator.store.schema import (
    articles,
    digests,
    memberships,
    owners,
    publishers,
    sentence_vectors,
    stories,
)
from aggregator.store.statements import among_ids, chunks, insert_into

READ_CHARS = 6_200
"""Characters of a text that are read: its first sentences are all in them."""


@dataclass(frozen=True, slots=True)
class Undigested:
    """A story whose articles say something else than what was read from them, or by another encoder."""

    story_id: int
    lead_id: int
    article_ids: tuple[int, ...]
    digests: Mapping[int, str]
    """Of what its articles say."""
    signature: bytes
    """Of all that its digest is made from."""


@dataclass(frozen=True, slots=True)
class SentenceVectors:
    """The vectors of an article's title and sentences, and the digest of what it said then."""

    digest: str
    vectors: Vectors


def undigested(db: Connection, encoder: EncoderName | None, *, since: datetime) -> list[Undigested]:
    """Return the stories of two publishers or more with news since then that are to be read, by rank, best first."""
    made_by = encoder_id(db, encoder) if encoder else 0
    is_told = (stories.c.last_at >= since) & (stories.c.n_publishers >= 2)
    rows = db.execute(
        select(
            stories.c.id,
            stories.c.rank,
            stories.c.lead_id,
            memberships.c.article_id,
            memberships.c.copy_of_id,
            articles.c.digest,
            articles.c.publisher_id,
        )
        .join(memberships, memberships.c.story_id == stories.c.id)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(is_told)
    )
    owner_of = owner_domains(db)
    members, owned = defaultdict(list), defaultdict(list)
    for row in rows:
        if row.publisher_id in owner_of:
            owned[row.id].append((row.article_id, owner_of[row.publisher_id]))
        members[row.rank, row.id, row.lead_id].append((row.article_id, row.copy_of_id, row.digest))
    read = select(digests.c.story_id, digests.c.signature).join(stories, stories.c.id == digests.c.story_id)
    known = {row.story_id: row.signature for row in db.execute(read.where(is_told))}
    found = []
    for (_, story_id, lead_id), said in sorted(members.items(), reverse=True):
        said.sort()
        signature = hashlib.blake2b(
            repr((made_by, lead_id, said, *sorted(owned[story_id]))).encode(), digest_size=16
        ).digest()
        if known.get(story_id) != signature:
            there = {article_id: digest for article_id, _, digest in said}
            found.append(Undigested(story_id, lead_id, tuple(there), there, signature))
    return found


def told_articles(db: Connection, article_ids: Sequence[int]) -> list[ToldArticle]:
    """Return these articles as what they say is read from them, by id."""
    speaker = publishers.alias()
    question = (
        select(
            articles.c.id,
            articles.c.title,
            func.substr(articles.c.text, 1, READ_CHARS).label("text"),
            func.length(articles.c.text).label("n_chars"),
            publishers.c.domain.label("publisher"),
            publishers.c.name.label("publisher_name"),
            func.coalesce(speaker.c.domain, "").label("owner"),
            articles.c.language,
            articles.c.published_at,
            memberships.c.copy_of_id,
            func.coalesce(articles.c.origin_name, articles.c.origin_url).label("origin"),
        )
        .join(publishers, publishers.c.id == articles.c.publisher_id)
        .outerjoin(owners, owners.c.publisher_id == articles.c.publisher_id)
        .outerjoin(speaker, speaker.c.id == owners.c.speaker_id)
        .outerjoin(memberships, memberships.c.article_id == articles.c.id)
    )
    return [
        ToldArticle(**row)
        for some in chunks(sorted(article_ids))
        for row in db.execute(question.where(articles.c.id.in_(some)).order_by(articles.c.id)).mappings()
    ]


def sentence_vectors_of(db: Connection, encoder: EncoderName, article_ids: Sequence[int]) -> dict[int, SentenceVectors]:
    """Return the vectors of these articles' sentences that this encoder made: (sentences, dim), float32."""
    question = select(sentence_vectors).where(sentence_vectors.c.encoder_id == encoder_id(db, encoder))
    return {
        row.article_id: SentenceVectors(
            row.digest, np.frombuffer(row.vectors, dtype="<f2").reshape(-1, encoder.dim).astype(np.float32)
        )
        for some in chunks(sorted(article_ids))
        for row in db.execute(question.where(sentence_vectors.c.article_id.in_(some)))
    }


def add_sentence_vectors(db: Connection, encoder: EncoderName, made: Mapping[int, SentenceVectors]) -> None:
    """Keep the vectors of the sentences of these articles, as float16, in place of older ones.

    The encoder has vectors of articles already. Articles that were deleted meanwhile are left out.
    """
    there = lock_articles(db, sorted(made))
    made_by = encoder_id(db, encoder)
    rows = [
        {
            "article_id": article_id,
            "encoder_id": made_by,
            "digest": made[article_id].digest,
            "vectors": made[article_id].vectors.astype("<f2").tobytes(),
        }
        for article_id in sorted(there)
    ]
    add = insert_into(db, sentence_vectors)
    newer = {name: add.excluded[name] for name in ("encoder_id", "digest", "vectors")}
    if rows and made_by:
        db.execute(add.on_conflict_do_update(index_elements=["article_id"], set_=newer), rows)


def forget_sentence_vectors(db: Connection, *, since: datetime) -> None:
    """Drop the sentence vectors of articles whose stories have had no news since then."""
    lives = (
        select(memberships.c.article_id)
        .join(stories, stories.c.id == memberships.c.story_id)
        .where(
            memberships.c.article_id == sentence_vectors.c.article_id,
            stories.c.last_at >= since,
            stories.c.n_publishers >= 2,
        )
    )
    db.execute(delete(sentence_vectors).where(~exists(lives)))


def save(db: Connection, made: Mapping[int, tuple[bytes, Digest]], *, now: datetime) -> None:
    """Keep what stories say, each with the signature of what it was read from, unless they are gone meanwhile."""
    living = select(stories.c.id).where(stories.c.id.in_(list(made))).order_by(stories.c.id).with_for_update()
    rows = [
        {
            "story_id": story_id,
            "signature": made[story_id][0],
            "made_at": now,
            "account": msgspec.json.encode(made[story_id][1].account),
            "words": msgspec.json.encode(replace(made[story_id][1], account=Account(()))),
        }
        for story_id in db.execute(living).scalars().all()
    ]
    add = insert_into(db, digests)
    newer = {name: add.excluded[name] for name in ("signature", "made_at", "account", "words")}
    if rows:
        db.execute(add.on_conflict_do_update(index_elements=["story_id"], set_=newer), rows)


def find_digest(db: Connection, story_id: int) -> Digest | None:
    """Return what the story says; None where that was not read yet."""
    row = db.execute(_DIGESTS, {"ids": [story_id]}).one_or_none()
    if row is None:
        return None
    words = msgspec.json.decode(row.words, type=Digest)
    return replace(words, account=msgspec.json.decode(row.account, type=Account))


_DIGESTS = select(digests).where(among_ids(digests.c.story_id))


def names_of(db: Connection, story_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the names that several publishers write in each of these stories, the commonest first."""
    rows = db.execute(_WORDS, {"ids": story_ids}).all()
    return {row.story_id: tuple(each.name for each in _NAMES.decode(row.words).names) for row in rows}


class _Names(msgspec.Struct):
    """Of a digest, its names alone: the rest of it, ten times as much, need not be made."""

    names: tuple[Named, ...] = ()


_WORDS = select(digests.c.story_id, digests.c.words).where(among_ids(digests.c.story_id))
_NAMES = msgspec.json.Decoder(_Names)


def n_new_facts(db: Connection, read: Mapping[int, Set[int]]) -> dict[int, int]:
    """Return how many facts of each of these stories are new to who read these articles of it, as far as is known.

    It is of a story that was read from its articles, and of which the owner read some, but not all.
    """
    kept = db.execute(_ACCOUNTS, {"ids": list(read)}).all() if read else ()
    counts = {story_id: _n_new(account, frozenset(read[story_id])) for story_id, account in kept}
    return {story_id: n for story_id, n in counts.items() if n is not None}


_ACCOUNTS = select(digests.c.story_id, digests.c.account).where(among_ids(digests.c.story_id))


@lru_cache(maxsize=64)
def _n_new(kept: bytes, read: frozenset[int]) -> int | None:
    """Return how many facts of an account are new; None where it was read from none of these articles.

    A front page asks the same of thirty accounts whenever it is opened. More than two of them are not kept: each mark
    of the owner's leaves the account before behind, of 7 kB, or of 40 where a story has a hundred articles.
    """
    account = msgspec.json.decode(kept, type=Account)
    return None if read.isdisjoint(account.article_ids) else len(account.new_to(read))


def texts_of(db: Connection, article_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return title and text of these articles, as far as sentences are taken from them."""
    rows = db.execute(_TEXTS, {"ids": sorted(article_ids)}).all()
    return {row.id: (row.title, row.text) for row in rows}


_TEXTS = select(articles.c.id, articles.c.title, func.substr(articles.c.text, 1, READ_CHARS).label("text")).where(
    among_ids(articles.c.id)
)
