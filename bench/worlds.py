"""Articles enough for a large window: real ones, and the same in other worlds, where all but small words are others.

A world renames consistently, so that what was one story is one there too, and is none with its like in another world;
how often words occur and meet, lengths, languages and the shares of large and small stories stay those of real news.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from aggregator.encode import Encoder
from aggregator.errors import ParseError
from aggregator.models.encoders import EncoderName
from aggregator.models.values import Vectors
from aggregator.parse.feed import parse_feed
from bench.labelled import Piece

END = datetime(2026, 1, 8, 12, tzinfo=UTC)
"""When the window ends."""

SPAN = timedelta(days=7)
COMMON_WORDS = 300
"""Commonest words, which every world has as they are."""

BAND = 50
"""Words of like frequency that change places: a president for a president, a village for a village."""

STORY_HOURS = 8.0
"""Mean time from the first report of a story to another."""

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Told:
    """A real piece, and what it is told together with: its labelled cluster, or itself."""

    piece: Piece
    story: str


@dataclass(frozen=True, slots=True)
class Invented:
    """An article of a world, and what it is in the real one."""

    piece: Piece
    real: Piece
    world: int
    """0 is the real one."""


class InWorlds:
    """An encoder of other worlds' texts: theirs are the vectors of what they are in the real one, turned.

    Turned about what all have in common, by one rotation for each world: inside a world all cosines stay as they are,
    between two they are those of strangers. A model would make little of words that change places.
    """

    def __init__(self, encoder: Encoder, invented: Sequence[Invented], said: Callable[[Piece], str]) -> None:
        self._encoder = encoder
        self._real = {said(each.piece): (said(each.real), each.world) for each in invented}
        self._middle = encoder.encode(sorted({real for real, _ in self._real.values()})).mean(axis=0)
        self._turns: dict[int, Vectors] = {}

    @property
    def name(self) -> EncoderName:
        """Which model this is."""
        return self._encoder.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (n, dim)."""
        real, worlds = zip(*(self._real[text] for text in texts), strict=True)
        vectors = self._encoder.encode(real)
        for world in set(worlds) - {0}:
            rows = np.flatnonzero(np.equal(worlds, world) & vectors.any(axis=1))
            turned = self._middle + (vectors[rows] - self._middle) @ self._turn(world)
            vectors[rows] = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        return vectors

    def _turn(self, world: int) -> Vectors:
        """Return a rotation, or a reflection, drawn at random; the same for one world."""
        if world not in self._turns:
            drawn = np.random.default_rng(world).normal(size=(self.name.dim, self.name.dim))
            self._turns[world] = np.linalg.qr(drawn)[0].astype(np.float32)
        return self._turns[world]


def read_real(stories: Path, feeds: Path) -> list[Told]:
    """Return every distinct text of the labelled sets and of the feed documents."""
    found: dict[tuple[str, str], Told] = {}
    for told in (*_labelled(stories), *_of_feeds(feeds)):
        found.setdefault((told.piece.title, told.piece.text), told)
    return list(found.values())


def invent(real: Sequence[Told], count: int, *, seed: int = 1) -> list[Invented]:
    """Return so many articles of the last SPAN before END, in order of publication."""
    words = _words(real)
    chance = random.Random(seed)
    found: list[Invented] = []
    for world in range(-(-count // len(real))):
        renamed = _renaming(words, world)
        wanted = real if len(found) + len(real) <= count else _whole_stories(real, count - len(found), chance)
        began: dict[str, datetime] = {}
        for told in wanted:
            start = began.setdefault(told.story, END - SPAN * chance.random())
            at = min(start + timedelta(hours=chance.expovariate(1 / STORY_HOURS)), END)
            found.append(Invented(_in_world(told.piece, renamed, world, at), told.piece, world))
    return sorted(found, key=lambda each: (each.piece.published_at, each.piece.id))


def _labelled(folder: Path) -> Iterator[Told]:
    for file in sorted(folder.glob("*/articles.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            piece = _piece(file.parent.name, row.get("title"), row.get("text"), row.get("source"), row.get("lang"))
            yield Told(piece, f"{file.parent.name}/{row['cluster']}")


def _of_feeds(folder: Path) -> Iterator[Told]:
    for file in sorted(file for file in folder.iterdir() if file.name != "MANIFEST.jsonl"):
        try:
            parsed = parse_feed(file.read_bytes(), url=f"https://{file.stem}.example/feed", content_type=None)
        except ParseError:
            continue
        for place, entry in enumerate(parsed.entries):
            piece = _piece(file.name, entry.title, entry.text, entry.domain, entry.language)
            yield Told(piece, f"{file.name}/{place}")


def _piece(of: str, title: str | None, text: str | None, source: str | None, language: str | None) -> Piece:
    return Piece(
        id="", title=title or "", text=text or "", source=source or of, url=None, language=language, published_at=END
    )


def _words(real: Sequence[Told]) -> list[str]:
    """Return the words that differ from world to world, by script, capital and frequency."""
    in_articles: Counter[str] = Counter()
    for told in real:
        in_articles.update(set(WORD.findall(f"{told.piece.title} {told.piece.text}")))
    common = {word for word, _ in in_articles.most_common(COMMON_WORDS)}
    words = [word for word in in_articles if not (word in common or word[0].isdigit())]
    return sorted(words, key=lambda word: (word.isascii(), word[0].isupper(), in_articles[word], word))


def _renaming(words: Sequence[str], world: int) -> Mapping[str, str]:
    """Return another word for each, the same throughout a world; in world 0 all are what they are."""
    others: list[str] = []
    for start in range(0, len(words), BAND):
        band = list(words[start : start + BAND])
        if world:
            random.Random(f"{world}/{start}").shuffle(band)
        others += band
    return dict(zip(words, others, strict=True))


def _whole_stories(real: Sequence[Told], count: int, chance: random.Random) -> list[Told]:
    stories = sorted({told.story for told in real})
    chance.shuffle(stories)
    place = {story: i for i, story in enumerate(stories)}
    return sorted(real, key=lambda told: place[told.story])[:count]


def _in_world(piece: Piece, renamed: Mapping[str, str], world: int, at: datetime) -> Piece:
    def told(word: re.Match[str]) -> str:
        if word[0].isascii() and word[0].isdigit() and len(word[0]) < 10:
            return str((int(word[0]) * (2 * world + 1) + 13 * world) % 10 ** len(word[0]))
        return renamed.get(word[0], word[0])

    title, text = WORD.sub(told, piece.title), WORD.sub(told, piece.text)
    key = f"{world}/{piece.source}/{title}/{text}"
    return replace(piece, id=f"{random.Random(key).getrandbits(64):016x}", title=title, text=text, published_at=at)
