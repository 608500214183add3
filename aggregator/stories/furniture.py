"""What a publisher repeats from piece to piece, and what therefore says nothing of any of them. Pure.

    furniture = Furniture()
    changed = furniture.advance([(article_id, Piece(publisher, title, title_words, text))], gone=[...])
    furniture.text(text, publisher)          # the text without its publisher's furniture
    furniture.title(title_words, publisher)  # the words without those of its publisher's templates

`advance` counts new pieces in and old ones out, and returns the publishers whose furniture is another one now: their
pieces, and only theirs, read differently from before. In what order pieces were counted in does not matter.
"""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from aggregator.stories.words import is_number

MIN_PIECES = 5
"""Pieces under different titles in which a sentence, or titles in which a word, must recur to be furniture."""

SENTENCE_SHARE = 0.2
"""Of a publisher's pieces: from here on a sentence is the publisher's and not the piece's."""

WINDOW_SHARE = 0.5
"""Of all pieces of the window: not even wire copy stands in half of them."""

SAMPLED_PIECES = 400
"""Of all pieces: what stands in half of them stands in a quarter of so many but for one chance in 10^20."""

MANY_PIECES = 20
"""Pieces of one publisher from which a sentence is furniture whatever their share: a large paper's horoscopes."""

WORD_SHARE = 0.5
"""Of a publisher's titles: from here on a word is a template's ("match report", "horoscope for")."""

MAX_SLOTS = 2
"""Words that change from title to title of a template, numbers aside: both teams of a match report."""

MIN_FIXED = 2
"""Words of a template that stay. With MIN_PIECES fillings at one publisher, this finds only templates in 4,800 titles
of real feeds, and nothing in the 10,000 of the labelled sets but one name of a product in four languages."""

MAX_TEMPLATE_WORDS = 12
"""Words of a title in which slots are looked for: 12 have 78 pairs and single words to leave open."""

SENTENCE = re.compile(r"\S[^.!?…。！？]*+(?:[.!?…]++(?!\s|$)[^.!?…。！？]*+)*+(?:[.!?…]+|[。！？]+|$)")
"""Up to a mark that a space follows: "1.6 million" is one sentence's. Going back takes five times as long."""

FIGURE = re.compile(r"[-+\d](?:(?<=\d)|\d)[\d.,]*")
"""What changes in a form from piece to piece: "Price: $1,892.30, 24h change: -0.11 %". Its first sign is one of a set,
which a search skips to."""

MIX = np.int64(0x1E3779B97F4A7C15)
"""An odd number that makes a hash of two hashes (Knuth, The Art of Computer Programming 3, 6.4)."""

WEIGHTS = np.random.default_rng(1).integers(-(2**63), 2**63, MAX_TEMPLATE_WORDS, dtype=np.int64) | 1
"""Odd numbers, one for each place in a title: the sum of its words' hashes times these is a hash of the title, from
which any words are taken out again at the price of a subtraction (Zobrist 1970)."""

ANYTHING, A_NUMBER = np.int64(0x2545F4914F6CDD1D), np.int64(0x106689D45497FDB5)
"""What stands for a hash where a template is open, and where a title has a number."""

Hashes: TypeAlias = NDArray[np.int64]
"""Hashes of sentences or words, each once: they mean something inside one process only."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An article as furniture is counted in it."""

    publisher: str
    title: str
    title_words: Sequence[str]
    text: str


@dataclass(frozen=True, slots=True)
class _Counted:
    title: int
    hashes: bytes
    """All of them, one behind the other, as they lie in memory: an array takes a hundred bytes by itself."""
    n_words: int
    figures: tuple[int, ...]
    """Which words of the title are numbers."""

    @property
    def words(self) -> Hashes:
        """Of the title, in order."""
        return np.frombuffer(self.hashes, dtype=np.int64, count=self.n_words)

    @property
    def sentences(self) -> Hashes:
        """Of the text, each once."""
        return np.frombuffer(self.hashes, dtype=np.int64)[self.n_words :]


@dataclass(frozen=True, slots=True)
class _Slots:
    """Ways to leave one word open, and then those to leave two, of titles of one length with numbers in one place."""

    templates: Hashes
    """Of what stays: shape (titles, ways)."""
    fillings: Hashes
    """Of what fills it: shape (titles, ways)."""
    places: NDArray[np.intp]
    """Left open: shape (ways, MAX_SLOTS), -1 where there is none."""


@dataclass(frozen=True, slots=True)
class _Recurring:
    """Hashes of what recurs with a publisher."""

    words: frozenset[int] = frozenset()
    sentences: frozenset[int] = frozenset()
    templates: frozenset[int] = frozenset()


_NOTHING = _Recurring()


class Furniture:
    """What recurs in the pieces that are counted in."""

    def __init__(self) -> None:
        self._publisher_of: dict[int, str] = {}
        self._pieces: dict[str, dict[int, _Counted]] = defaultdict(dict)
        self._recurring: dict[str, _Recurring] = {}
        self._everywhere: frozenset[int] = frozenset()

    def advance(self, new: Iterable[tuple[int, Piece]], gone: Collection[int] = ()) -> set[str]:
        """Count pieces in and out, by id; return the publishers whose furniture that changed.

        A piece that is counted in again takes the place of what it was; ids in `gone` that are unknown are no matter.
        """
        touched = {self._count_out(piece_id) for piece_id in self._publisher_of.keys() & gone}
        for piece_id, piece in new:
            if piece_id in self._publisher_of:
                touched.add(self._count_out(piece_id))
            self._publisher_of[piece_id] = piece.publisher
            self._pieces[piece.publisher][piece_id] = _counted(piece)
            touched.add(piece.publisher)
        return self._recount(touched)

    def text(self, text: str, publisher: str) -> str:
        """Return the text without the sentences that stand under many titles of its publisher, or in half of all."""
        recurring = self._everywhere | self._recurring.get(publisher, _NOTHING).sentences
        if not recurring:
            return text
        return SENTENCE.sub(lambda sentence: "" if _form(sentence[0]) in recurring else sentence[0], text).strip()

    def title(self, words: Sequence[str], publisher: str) -> tuple[str, ...]:
        """Return the words of a title without those that its publisher writes again and again around others.

        Of a template that is filled in, only the fillings are left; numbers change with every part of a series.
        """
        recurring = self._recurring.get(publisher, _NOTHING)
        filling = _filling(words, recurring.templates) if recurring.templates else words
        return tuple(word for word in filling if hash(word) not in recurring.words)

    def _count_out(self, piece_id: int) -> str:
        """Forget a piece; return whose it was."""
        publisher = self._publisher_of.pop(piece_id)
        del self._pieces[publisher][piece_id]
        return publisher

    def _recount(self, touched: Iterable[str]) -> set[str]:
        now = {publisher: _count(list(self._pieces[publisher].values())) for publisher in touched}
        changed = {publisher for publisher in now if now[publisher] != self._recurring.get(publisher, _NOTHING)}
        self._recurring |= now
        everywhere = self._in_half_of_all()
        if everywhere != self._everywhere:
            self._everywhere = everywhere
            changed = set(self._publisher_of.values())
        return changed

    def _in_half_of_all(self) -> frozenset[int]:
        """Return the sentences under WINDOW_SHARE of all titles; all are looked at only where a sample has some."""
        ids = sorted(self._publisher_of)
        some = [self._pieces[self._publisher_of[each]][each] for each in ids[:: max(len(ids) // SAMPLED_PIECES, 1)]]
        if not _recurring([(piece.title, piece.sentences) for piece in some], WINDOW_SHARE / 2):
            return frozenset()
        pieces = [piece for of_publisher in self._pieces.values() for piece in of_publisher.values()]
        return _recurring([(piece.title, piece.sentences) for piece in pieces], WINDOW_SHARE)


def _counted(piece: Piece) -> _Counted:
    sentences = {_form(sentence) for sentence in SENTENCE.findall(piece.text)}
    hashes = np.array([*map(hash, piece.title_words), *sentences], dtype=np.int64)
    return _Counted(hash(piece.title), hashes.tobytes(), len(piece.title_words), _figures(piece.title_words))


def _count(pieces: Sequence[_Counted]) -> _Recurring:
    return _Recurring(
        words=_recurring([(piece.title, piece.words) for piece in pieces], WORD_SHARE),
        sentences=_recurring([(piece.title, piece.sentences) for piece in pieces], SENTENCE_SHARE, MANY_PIECES),
        templates=_filled(pieces),
    )


def _recurring(pieces: Sequence[tuple[int, Hashes]], share: float, most: float = math.inf) -> frozenset[int]:
    """Return the parts that stand under this share of the titles, or `most`; pieces under one title count as one."""
    titles = np.array([title for title, _ in pieces], dtype=np.int64)
    least = max(MIN_PIECES, min(share * len(np.unique(titles)), most))
    if len(pieces) < least:
        return frozenset()
    parts = np.concatenate([parts for _, parts in pieces])
    under = np.repeat(titles, [len(parts) for _, parts in pieces])
    return _in_at_least(least, parts, under)


def _filled(pieces: Sequence[_Counted]) -> frozenset[int]:
    """Return the templates that are filled in different ways."""
    if len(pieces) < MIN_PIECES:
        return frozenset()
    titles: dict[tuple[int, tuple[int, ...]], list[Hashes]] = defaultdict(list)
    for piece in pieces:
        titles[piece.n_words, piece.figures].append(piece.words)
    slots = [_slots(np.array(words), figures) for (_, figures), words in titles.items()]
    templates, fillings = ([getattr(each, name).ravel() for each in slots] for name in ("templates", "fillings"))
    return _in_at_least(MIN_PIECES, np.concatenate(templates), np.concatenate(fillings))


def _in_at_least(least: float, parts: Hashes, places: Hashes) -> frozenset[int]:
    """Return the parts that stand in so many different places; both of shape (k,)."""
    _, once = np.unique((places * MIX) ^ parts, return_index=True)
    found, counts = np.unique(parts[once], return_counts=True)
    return frozenset(found[counts >= least].tolist())


def _slots(words: Hashes, figures: Sequence[int]) -> _Slots:
    """Return the ways to leave words of titles open: hashes of shape (titles, words).

    Numbers are open anyway, and fill nothing.
    """
    n_titles, n_words = words.shape
    places = np.delete(np.arange(n_words), figures)
    n_open = min(MAX_SLOTS, len(places) - MIN_FIXED)
    if n_words > MAX_TEMPLATE_WORDS or n_open < 1:
        nothing = np.empty((n_titles, 0), dtype=np.int64)
        return _Slots(nothing, nothing, np.empty((0, MAX_SLOTS), dtype=np.intp))
    left_open = _left_open(len(places), n_open)
    told = words.copy()
    told[:, figures] = A_NUMBER
    told *= WEIGHTS[:n_words]
    nought = np.zeros((n_titles, 1), dtype=np.int64)
    gaps = np.concatenate([told[:, places] - ANYTHING * WEIGHTS[places], nought], axis=1)
    filling = np.concatenate([words[:, places], nought], axis=1)
    return _Slots(
        templates=told.sum(axis=1, keepdims=True) - gaps[:, left_open].sum(axis=2),
        fillings=filling[:, left_open] @ WEIGHTS[:MAX_SLOTS],
        places=np.append(places, -1)[left_open],
    )


def _figures(words: Sequence[str]) -> tuple[int, ...]:
    """Return which of the words are numbers."""
    return tuple([place for place, word in enumerate(words) if is_number(word)])


@cache
def _left_open(n_places: int, n_open: int) -> NDArray[np.intp]:
    """Return the ways to choose one or up to `n_open` of so many places, shape (ways, MAX_SLOTS); -1 where is none."""
    ways = [way for n in range(1, n_open + 1) for way in combinations(range(n_places), n)]
    return np.array([(*way, *(MAX_SLOTS - len(way)) * (-1,)) for way in ways], dtype=np.intp)


def _filling(words: Sequence[str], templates: Collection[int]) -> Sequence[str]:
    """Return the words with which a title fills in the narrowest of these templates; all where it fills in none."""
    hashes = np.array([[hash(word) for word in words]], dtype=np.int64)
    slots = _slots(hashes, _figures(words))
    left_open = slots.places[np.array([template in templates for template in slots.templates[0].tolist()], dtype=bool)]
    n_open = (left_open >= 0).sum(axis=1)
    narrowest = left_open[n_open == n_open.min(initial=MAX_SLOTS)]
    return [words[place] for place in np.unique(narrowest[narrowest >= 0])] if len(narrowest) else words


def _form(sentence: str) -> int:
    """Return a hash of a sentence, whatever its figures are."""
    return hash(FIGURE.sub("#", sentence))
