"""Large archives of invented news in the real schema, filled fast: what bench/pages.py opens its pages on.

Words are invented, as frequent as words are (Zipf), in scripts with and without spaces. The newest week is as the
worker leaves it: vectors, stories, topics, evidence, digests, read marks; what is older has stories and marks. All are
found by their words, through the product's own index.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from aggregator.models.digests import Account, Claim, Digest, Named, SourceFacts
from aggregator.models.encoders import EncoderName
from aggregator.store import digests
from aggregator.store import settings as memory
from aggregator.store.db import open_database, sqlite_url, transaction
from aggregator.store.schema import articles, feed_key, guid_key, memberships, stories, url_key
from aggregator.store.search_index import index_articles

ENCODER = EncoderName("bench", "1", 384)
PER_DAY = 1_400
"""Articles: what some four hundred feeds of world news bring, so that a million are two years."""
N_FEEDS, N_PUBLISHERS = 400, 320
N_WORDS = 60_000
MEAN_WORDS = 120
"""Of a text: feeds give a summary or the first paragraphs."""
WINDOW, TOPIC_SPAN = timedelta(days=7), timedelta(days=30)
BATCH = 50_000
INDEXED_AT_ONCE = 5_000
SYLLABLES = {
    "en": "ba de ki lo mu ren sta tor vi wel han ger pon dra sil quo fen mar tis ock".split(),
    "es": "ca do lla ción ri mo sé pa tu ña gue vo ner ra lis".split(),
    "ru": "ба ве го ди жи ко ло мы на про ста тель ров цу щий".split(),
    "ar": "با تو ري سا مد نو هل وي قر شم دا كي".split(),
    "zh": [chr(0x4E00 + 7 * n) for n in range(1_500)],
    "ja": [chr(0x3042 + n) for n in range(0, 80, 2)] + [chr(0x5E00 + 11 * n) for n in range(400)],
    "th": "กา รม นา ที่ สา ไท ดี ลง โร คน เมือง".split(),
}
SHARES = {"en": 0.5, "es": 0.13, "ru": 0.1, "ar": 0.07, "zh": 0.1, "ja": 0.06, "th": 0.04}
UNSPACED = {"zh", "ja", "th"}
COUNTRIES = "GB US FR DE ES RU EG CN JP TH IN BR ZA KE AU".split()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Tongue:
    """A language: its words, commonest first, and what stands between them."""

    code: str
    words: NDArray[np.object_]
    gap: str


def build(path: Path, n_articles: int, *, now: datetime, seed: int = 1) -> None:
    """Write a database of so many articles that end now, by way of a file that gets its name when it is whole."""
    part = path.with_suffix(".part")
    for stale in (part, part.with_suffix(".part-wal"), part.with_suffix(".part-shm")):
        stale.unlink(missing_ok=True)
    engine = open_database(sqlite_url(part))
    with transaction(engine) as db:
        memory.remember_encoder(db, ENCODER)
        memory.remember(db, memory.REGROUPED_AT, now.isoformat())
    engine.dispose()
    with closing(sqlite3.connect(part)) as db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
        Press(db, np.random.default_rng(seed), now).fill(n_articles)
        db.execute("PRAGMA optimize")
        db.commit()
        db.execute("PRAGMA journal_mode = WAL")
    add_words(part, n_articles)
    add_digests(part, now=now)
    part.replace(path)


def add_words(path: Path, n_articles: int) -> None:
    """Put the articles into the index, oldest first, as they came."""
    engine = open_database(sqlite_url(path))
    for start in range(1, n_articles + 1, INDEXED_AT_ONCE):
        with transaction(engine) as db:
            index_articles(db, range(start, min(start + INDEXED_AT_ONCE, n_articles + 1)))
    engine.dispose()


def add_digests(path: Path, *, now: datetime, seed: int = 1) -> None:
    """Write what the stories of the window say, in as many claims as real ones: the pages of stories show them."""
    engine, chance = open_database(sqlite_url(path)), np.random.default_rng(seed)
    told = (stories.c.last_at >= now - WINDOW) & (stories.c.n_publishers >= 2)
    question = (
        select(memberships.c.story_id, articles.c.id, articles.c.text)
        .join(stories, stories.c.id == memberships.c.story_id)
        .join(articles, articles.c.id == memberships.c.article_id)
        .where(told)
    )
    texts: dict[int, dict[int, str]] = defaultdict(dict)
    with transaction(engine) as db:
        for story_id, article_id, text in db.execute(question):
            texts[story_id][article_id] = " ".join(text.split())
        digests.save(db, {each: (b"bench", _digest(said, chance)) for each, said in texts.items()}, now=now)
    engine.dispose()


def _digest(said: Mapping[int, str], chance: np.random.Generator) -> Digest:
    """Return what a story of these texts says: four stretches of each of the first fifty, some said by others too."""
    ids = list(said)
    claims, sentences = [], []
    for article_id, text in list(said.items())[:50]:
        for at in range(0, min(len(text) - 20, 400), 100):
            others = chance.choice(ids, min(len(ids) - 1, int(chance.integers(0, 6))), replace=False).tolist()
            by = tuple(dict.fromkeys([article_id, *others]))
            claims.append(Claim(by, by, tuple(chance.integers(0, 40, 2).tolist())))
            sentences.append(text[at : at + 90])
    particulars = tuple(tuple(sorted(set(chance.choice(ids, 3).tolist()))) for _ in range(40))
    n = len(claims)
    return Digest(
        account=Account(tuple(ids), tuple(claims), particulars),
        sentences=tuple(sentences),
        in_short=tuple(range(min(n, 5))),
        alone=tuple(place for place, claim in enumerate(claims) if len(claim.said_by) == 1)[:5],
        names=tuple(Named(f"Name {place}", tuple(ids[: 2 + place])) for place in range(12)),
        sources=tuple(SourceFacts(each, each, own_share=0.5) for each in ids),
    )


def rare_word(tongue: str = "en") -> str:
    """Return a word that a handful of articles in a million hold."""
    return str(_tongue(tongue).words[N_WORDS // 2])


def common_word(place: int = 12, tongue: str = "en") -> str:
    """Return the word of this place among the commonest."""
    return str(_tongue(tongue).words[place])


class Press:
    """Fills one database."""

    def __init__(self, db: sqlite3.Connection, chance: np.random.Generator, now: datetime) -> None:
        self._db = db
        self._chance = chance
        self._now = now
        self._tongues = [_tongue(code) for code in SYLLABLES]
        places = np.arange(1, N_WORDS + 1)
        self._zipf = np.cumsum(1 / (places + 2.7))
        self._zipf /= self._zipf[-1]
        self._publisher_of_feed = np.arange(N_FEEDS) % N_PUBLISHERS
        self._tongue_of_publisher = chance.choice(len(self._tongues), N_PUBLISHERS, p=list(SHARES.values()))

    def fill(self, n_articles: int) -> None:
        """Write feeds, publishers, articles, stories, topics and marks."""
        self._add_feeds()
        self._insert("encoders", "id, model, version, dim", [(1, ENCODER.model, ENCODER.version, ENCODER.dim)])
        span = timedelta(days=n_articles / PER_DAY)
        ages = np.sort(self._chance.random(n_articles))[::-1]
        n_stories = 0
        for start in range(0, n_articles, BATCH):
            some = ages[start : start + BATCH]
            n_stories += self._add_batch(start + 1, [self._now - span * float(age) for age in some], n_stories + 1)
        self._insert("settings", "key, value", [("grouped_to", str(n_articles))])
        self._add_topics()

    def _add_feeds(self) -> None:
        now = _micros(self._now)
        sizes = range(N_PUBLISHERS)
        self._insert(
            "publishers",
            "id, domain, name, country",
            [(n + 1, f"paper{n}.example", f"The Paper {n}", COUNTRIES[n % len(COUNTRIES)]) for n in sizes],
        )
        self._insert("folders", "id, name", [(n + 1, f"Folder {n}") for n in range(20)])
        urls = [f"https://paper{self._publisher_of_feed[n]}.example/feed{n}.xml" for n in range(N_FEEDS)]
        self._insert(
            "feeds",
            "id, feed_url, feed_key, title, folder_id, is_paused, added_at",
            [(n + 1, url, feed_key(url), f"The Paper {n}", n % 20 + 1, 0, now) for n, url in enumerate(urls)],
        )
        self._insert(
            "polls",
            "feed_id, checked_at, succeeded_at, next_check_at, n_failures",
            [(n + 1, now, now, now + 10**12, 0) for n in range(N_FEEDS)],
        )

    def _add_batch(self, first_id: int, moments: Sequence[datetime], first_story: int) -> int:
        """Write articles of these moments, oldest first, and the stories that they make; return how many."""
        sizes = self._story_sizes(len(moments))
        story = np.repeat(np.arange(len(sizes)), sizes)
        # Stories run beside one another: a member stands within some hundreds of places of the others.
        order = np.argsort(np.arange(len(moments)) + self._chance.random(len(moments)) * 400, kind="stable")
        story = story[np.argsort(order, kind="stable")]
        feed = (self._chance.power(0.5, len(moments)) * N_FEEDS).astype(int)
        tongue_of_story = self._tongue_of_publisher[self._publisher_of_feed[feed[_firsts(story, len(sizes))]]]
        subjects = [
            self._tongues[tongue].words[self._chance.integers(200, N_WORDS // 3, 5)] for tongue in tongue_of_story
        ]
        articles, entries = [], []
        for n, moment in enumerate(moments):
            row = self._article(first_id + n, int(feed[n]), moment, subjects[story[n]])
            articles.append(row)
            entries.append((row[2], guid_key(f"g{row[0]}"), row[0], row[4], row[5], "d", f"g{row[0]}"))
            if n % 7 == 0:
                other = (int(row[2]) + N_PUBLISHERS - 1) % N_FEEDS + 1
                entries.append((other, guid_key(f"g{row[0]}"), row[0], row[4], row[5], "d", f"g{row[0]}"))
        columns = "id, key, feed_id, publisher_id, published_at, first_seen_at, language, url, canonical_url, digest"
        self._insert("articles", f"{columns}, title, text, content_html", articles)
        columns = "feed_id, guid_key, article_id, published_at, first_seen_at, digest, guid"
        self._insert("entries", columns, entries)
        self._add_stories(first_story, story, articles, moments)
        self._add_marks(articles, moments)
        self._add_vectors(articles, moments, story)
        self._db.commit()
        return len(sizes)

    def _story_sizes(self, n: int) -> NDArray[np.int64]:
        sizes = np.minimum(self._chance.zipf(2.1, n), 120)
        ends = np.cumsum(sizes)
        kept = sizes[: int(np.searchsorted(ends, n)) + 1].copy()
        kept[-1] -= int(kept.sum()) - n
        return kept

    def _article(self, article_id: int, feed: int, moment: datetime, subjects: NDArray[np.object_]) -> Row:
        publisher = int(self._publisher_of_feed[feed])
        tongue = self._tongues[int(self._tongue_of_publisher[publisher])]
        n_words = int(min(self._chance.exponential(MEAN_WORDS) + 15, 2_000))
        words = tongue.words[np.searchsorted(self._zipf, self._chance.random(n_words + 7))].tolist()
        words[2:2], words[20:20] = subjects[:2].tolist(), subjects.tolist()
        title, text = tongue.gap.join(words[:9]).capitalize(), tongue.gap.join(words[9:])
        url = f"https://paper{publisher}.example/{article_id}"
        at = _micros(moment)
        html = "".join(f"<p>{text[start : start + 400]}</p>" for start in range(0, len(text), 400))
        key = url_key(url)
        return (article_id, key, feed + 1, publisher + 1, at, at + 60, tongue.code, url, url, "d", title, text, html)

    def _add_stories(
        self, first_story: int, story: NDArray[np.int64], articles: Sequence[Row], moments: Sequence[datetime]
    ) -> None:
        members: list[list[int]] = [[] for _ in range(int(story.max()) + 1)]
        for n, of in enumerate(story.tolist()):
            members[of].append(n)
        stories, memberships = [], []
        for of, places in enumerate(members):
            n_publishers = len({articles[n][3] for n in places})
            last = moments[places[-1]]
            rank = n_publishers * 0.5 ** ((self._now - last) / timedelta(hours=6))
            terms = json.dumps({"origins": float(n_publishers), "velocity": 1.1, "diversity": 0.9, "cohesion": 0.8})
            lead, first_at = articles[places[0]][0], articles[places[0]][4]
            last_at = articles[places[-1]][4]
            story_id = first_story + of
            counts = (len(places), n_publishers, n_publishers)
            stories.append((story_id, lead, lead, *counts, first_at, last_at, rank, terms, last_at))
            for n in places:
                nearest = (articles[places[1]][0] if n == places[0] else lead) if len(places) > 1 else None
                said = _EVIDENCE if nearest else "[]"
                memberships.append((articles[n][0], story_id, 0.8, nearest, articles[n][5], said))
        columns = "id, founder_id, lead_id, n_articles, n_publishers, n_origins, first_at, last_at, rank, rank_terms"
        self._insert("stories", f"{columns}, created_at", stories)
        self._insert("memberships", "article_id, story_id, score, nearest_id, joined_at, evidence", memberships)

    def _add_marks(self, articles: Sequence[Row], moments: Sequence[datetime]) -> None:
        draws = self._chance.random(len(articles))
        rows = [
            (row[0], row[5] + 10**9, row[5] + 10**9 if draw < 0.002 else None)
            for row, draw in zip(articles, draws, strict=True)
            if draw < 0.3
        ]
        self._insert("article_status", "article_id, read_at, starred_at", rows)

    def _add_vectors(self, articles: Sequence[Row], moments: Sequence[datetime], story: NDArray[np.int64]) -> None:
        since = self._now - WINDOW
        there = [n for n, moment in enumerate(moments) if moment >= since]
        if not there:
            return
        middles = self._chance.normal(size=(int(story.max()) + 1, ENCODER.dim))
        found = middles[story[there]] + 0.7 * self._chance.normal(size=(len(there), ENCODER.dim))
        halves = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype("<f2")
        rows = [(articles[n][0], 1, articles[n][5], half.tobytes()) for n, half in zip(there, halves, strict=True)]
        self._insert("vectors", "article_id, encoder_id, made_at, vector", rows)

    def _add_topics(self) -> None:
        since, now = _micros(self._now - TOPIC_SPAN), _micros(self._now)
        told = "SELECT id FROM stories WHERE last_at >= ? AND n_publishers > 1 ORDER BY id"
        ids = [row[0] for row in self._db.execute(told, [since])]
        topics = [(n, f"Topic {n}", "{}", since, now) for n in range(1, 61)]
        self._insert("topics", "id, name, words, created_at, last_at", topics)
        self._insert("topic_stories", "story_id, topic_id", [(each, each % 60 + 1) for each in ids if each % 6 == 0])

    def _insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(columns.split(",")))
        self._db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


_EVIDENCE = json.dumps([[["Wort", "n"], ["17", "#"], ["anders", "w"]], 0.91, 0.6, 1, 0.41, 6, 0.71])


@cache
def _tongue(code: str) -> Tongue:
    """Return the words of a language, the same at every call; common ones are short, as they are everywhere."""
    chance = np.random.default_rng(sum(map(ord, code)))
    syllables = SYLLABLES[code]
    found: dict[str, None] = {}
    for word in _invented(syllables, chance):
        found[word] = None
        if len(found) == N_WORDS:
            break
    return Tongue(code, np.array(list(found), dtype=object), "" if code in UNSPACED else " ")


def _invented(syllables: Sequence[str], chance: np.random.Generator) -> Iterator[str]:
    longest = 2 if len(syllables) > 100 else 5 if len(syllables) < 16 else 4
    while True:
        for n in range(10**6):
            length = 1 + min(n // 300, 1) + int(chance.integers(0, longest)) * (n >= 300)
            yield "".join(syllables[each] for each in chance.integers(0, len(syllables), length))


def _firsts(story: NDArray[np.int64], n_stories: int) -> NDArray[np.int64]:
    """Return the place of the first article of each story."""
    firsts = np.full(n_stories, -1)
    firsts[story[::-1]] = np.arange(len(story))[::-1]
    return firsts


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
