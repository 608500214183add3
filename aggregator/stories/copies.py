"""Which articles repeat another's text: wire copy, syndication, the same piece in two feeds. Pure.

    index = CopyIndex()
    index.advance([(article_id, Told(publisher, title_words, words, published_at, url))], gone=[...])
    index.originals()  # {copy: original}, by article id

`advance` adds new texts and forgets old ones, at the cost of those alone; an article that was rewritten is added
again. What `originals` says depends on what is in the index, not on the order in which it came.
"""

import hashlib
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from aggregator.stories.words import is_number

SHINGLE_WORDS = 4
"""Words of a shingle (Broder 1997)."""

SAMPLE = 4
"""Shingles whose hash this number divides are looked up. Unlike the least hashes of a MinHash, such a sample keeps
what share of a short text is in a long one (Broder 1997, section 3); of 30 words it holds 7 shingles."""

CANDIDATE_SHARE = 0.5
"""Of the shorter text's sample, from which two texts are compared in full."""

MAX_HOLDERS = 200
"""Texts with one shingle, from which it is a template's and looked up no more: no agency has so many customers who
each change its words."""

MIN_CONTAINMENT = 0.8
"""Share of the shorter text's shingles that the longer has, from which it is a copy (Broder 1997, containment)."""

MIN_WORDS = 30
"""Words from which a text can be a copy by its shingles; shorter ones must be the same word for word."""

MIN_EXACT_WORDS = 5
"""Words from which two texts that say the same word for word are copies; shorter ones ("Market report") recur."""

TITLE_SHARE = 0.5
"""Of the shorter title's words, that two texts of one publisher share where one is a copy: below, the text is a
template and the title says what differs ("Weather for Leeds")."""

MAX_AGE = timedelta(days=3)
"""Between a text and its copy; later, the same words are a series."""

MAX_SHORT_AGE = timedelta(hours=18)
"""The same for texts under MIN_WORDS: "Your horoscope for today" is there every morning."""

TEXTS_AT_ONCE = 1_000
"""Texts that are held, and whose shingles are hashed, at once."""

MIX = np.uint64(0x9E3779B97F4A7C15)
"""An odd number that spreads hashes over 64 bits (Knuth, The Art of Computer Programming 3, 6.4)."""

AGENCIES = {
    "reuters": "Reuters", "ap": "AP", "associated press": "AP", "afp": "AFP", "agence france-presse": "AFP",
    "dpa": "dpa", "efe": "EFE", "ansa": "ANSA", "tass": "TASS", "xinhua": "Xinhua", "kyodo": "Kyodo", "pti": "PTI",
    "ians": "IANS", "ani": "ANI", "bloomberg": "Bloomberg", "upi": "UPI", "pa": "PA", "tanjug": "Tanjug",
    "beta": "Beta", "fonet": "FoNet", "agerpres": "Agerpres", "mediafax": "Mediafax", "anp": "ANP", "belga": "Belga",
    "apa": "APA", "sda": "SDA", "ats": "ATS", "lusa": "Lusa", "yonhap": "Yonhap", "jiji": "Jiji", "cp": "CP",
    "canadian press": "CP", "aap": "AAP", "ritzau": "Ritzau", "ntb": "NTB", "tt": "TT", "pap": "PAP", "ctk": "ČTK",
    "mti": "MTI", "interfax": "Interfax", "ukrinform": "Ukrinform", "anadolu": "Anadolu", "aa": "Anadolu",
}  # fmt: skip
"""News agencies by the names that a dateline gives them."""

BRACKETED = re.compile(r"^.{0,80}?\((?P<name>[A-Za-zÀ-ž .-]{2,25})\)", re.DOTALL)
REPORTED = re.compile(
    r"\b(?:as reported by|according to|reports?|selon|nach angaben von|según|secondo|volgens|potrivit|prenosi|javlja) "
    r"(?P<name>[A-Za-z-]{2,15})\b",
    re.IGNORECASE,
)


Keys: TypeAlias = NDArray[np.uint64]
"""Hashes of whole wordings: shape (k,)."""

Shingles: TypeAlias = NDArray[np.uint32]
"""Hashes of shingles, each once, in order: shape (k,)."""


@dataclass(frozen=True, slots=True)
class Told:
    """An article as copies of it are looked for."""

    publisher: str
    title: Sequence[str]
    words: Sequence[str]
    """Of title and text together."""
    published_at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Wording:
    """A text, whoever has it."""

    hashes: bytes
    """Of its shingles, as they lie in memory: an array takes a hundred bytes by itself."""
    numbers: tuple[str, ...]
    """Each once. Neither these nor the holders are a set, which takes two hundred bytes by itself."""
    max_age: timedelta
    holders: list[int] = field(default_factory=list)

    @property
    def shingles(self) -> Shingles:
        """None of them where the text is short."""
        return np.frombuffer(self.hashes, dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class _Holder:
    """An article that has a wording."""

    published_at: datetime
    url: str
    id: int
    key: int
    publisher: str
    title: tuple[str, ...]


class CopyIndex:
    """The texts of a window, and which of them say nearly the same."""

    def __init__(self) -> None:
        self._holders: dict[int, _Holder] = {}
        self._wordings: dict[int, _Wording] = {}
        self._near: dict[int, set[int]] = defaultdict(set)
        """Of the wordings that nearly are others: those."""
        self._shingles = np.empty(0, dtype=np.uint32)
        """The samples of all wordings, in order; beside each, the wording that it is of."""
        self._owners = np.empty(0, dtype=np.uint64)

    def advance(self, new: Iterable[tuple[int, Told]], gone: Collection[int] = ()) -> None:
        """Add texts, by article id, and forget others.

        One that is there already is replaced, unknown ids in `gone` do not matter.
        """
        self._forget(gone)
        coming, fresh = iter(new), list[int]()
        while some := dict(islice(coming, TEXTS_AT_ONCE)):
            self._forget(some)
            fresh += self._add(some)
        self._link(fresh)

    def originals(self) -> dict[int, int]:
        """Return {copy: original}: the original is the earliest text that an article repeats, and no copy itself."""
        wordings = (each for key, each in self._wordings.items() if len(each.holders) > 1 or key in self._near)
        shared = [article_id for each in wordings for article_id in each.holders]
        originals: dict[int, list[_Holder]] = defaultdict(list)
        found: dict[int, int] = {}
        for holder in sorted((self._holders[each] for each in shared), key=_place):
            keys = (holder.key, *self._near.get(holder.key, ()))
            near = [each for key in keys for each in originals[key] if self._is_copy(holder, each)]
            if near:
                found[holder.id] = min(near, key=_place).id
            else:
                originals[holder.key].append(holder)
        return found

    def _is_copy(self, holder: _Holder, original: _Holder) -> bool:
        """Whether an article with (nearly) the words of an earlier one is a copy of it, and no part of a series."""
        if holder.published_at - original.published_at > self._wordings[holder.key].max_age:
            return False
        least = min(len(holder.title), len(original.title))
        return (
            holder.key == original.key
            or holder.publisher != original.publisher
            or len(set(holder.title) & set(original.title)) >= TITLE_SHARE * least
        )

    def _add(self, new: Mapping[int, Told]) -> list[int]:
        """Add texts; return their wordings that nobody had."""
        holders = [_holder(article_id, told) for article_id, told in new.items() if len(told.words) >= MIN_EXACT_WORDS]
        fresh = {holder.key: new[holder.id].words for holder in holders if holder.key not in self._wordings}
        self._wordings |= zip(fresh, _wordings(list(fresh.values())), strict=True)
        for holder in holders:
            self._wordings[holder.key].holders.append(holder.id)
            self._holders[holder.id] = holder
        return list(fresh)

    def _forget(self, article_ids: Collection[int]) -> None:
        """Let go of what these articles held; wordings that nobody holds go."""
        left = set()
        for holder in [self._holders.pop(each) for each in self._holders.keys() & article_ids]:
            wording = self._wordings[holder.key]
            wording.holders.remove(holder.id)
            if not wording.holders:
                left.add(holder.key)
        for key in left:
            del self._wordings[key]
            for other in self._near.pop(key, set()) - left:
                self._near[other].discard(key)
        if not left:
            return
        stays = ~np.isin(self._owners, np.array(list(left), dtype=np.uint64))
        self._shingles, self._owners = self._shingles[stays], self._owners[stays]

    def _link(self, fresh: Sequence[int]) -> None:
        """Look up the new wordings' samples, and keep which wordings are near."""
        samples = [_sample(self._wordings[key].shingles) for key in fresh]
        shingles = np.concatenate([np.empty(0, dtype=np.uint32), *samples])
        owners = np.repeat(np.array(fresh, dtype=np.uint64), [len(sample) for sample in samples])
        everything = np.concatenate([self._shingles, shingles])
        order = np.argsort(everything, kind="stable")
        self._shingles, self._owners = everything[order], np.concatenate([self._owners, owners])[order]
        for one, other, n_shared in _meetings(shingles, owners, self._shingles, self._owners):
            if _is_near(self._wordings[one], self._wordings[other], n_shared):
                self._near[one].add(other)
                self._near[other].add(one)


def agency(text: str, origin: str | None = None) -> str | None:
    """Return the agency that a text names as its origin: in its dateline, beside its feed, or "as reported by AFP"."""
    for name in (origin, *_named(text)):
        if name and (known := AGENCIES.get(name.strip().casefold())):
            return known
    return None


def _named(text: str) -> list[str]:
    head = text[:400]
    return [found["name"] for pattern in (BRACKETED, REPORTED) if (found := pattern.search(head))]


def _place(holder: _Holder) -> tuple[datetime, str, int]:
    """Return by what articles are put in order of publication."""
    return holder.published_at, holder.url, holder.id


def _holder(article_id: int, told: Told) -> _Holder:
    digest = hashlib.blake2b(" ".join(told.words).encode(), digest_size=8).digest()
    return _Holder(
        published_at=told.published_at,
        url=told.url,
        id=article_id,
        key=int.from_bytes(digest),
        publisher=told.publisher,
        title=tuple(sorted(set(told.title))),  # a third of a set, fifty thousand times
    )


def _wordings(texts: Sequence[Sequence[str]]) -> Iterator[_Wording]:
    for words, shingles in zip(texts, _shingles(texts) if texts else (), strict=True):
        numbers = tuple(sorted(set(filter(is_number, words))))
        is_long = len(words) >= MIN_WORDS
        yield _Wording(shingles.tobytes() if is_long else b"", numbers, max_age=MAX_AGE if is_long else MAX_SHORT_AGE)


def _shingles(texts: Sequence[Sequence[str]]) -> list[Shingles]:
    """Return of each text a hash of each run of SHINGLE_WORDS words, each once, in order.

    The hash is a polynomial of the words' CRC-32, modulo 2^64.
    """
    code_of = {word: zlib.crc32(word.encode()) for word in set().union(*texts)}
    codes = np.array([code_of[word] for text in texts for word in text], dtype=np.uint64)
    of_text = np.repeat(np.arange(len(texts), dtype=np.uint64), [len(text) for text in texts])
    n_runs = max(len(codes) - SHINGLE_WORDS + 1, 0)
    runs = np.zeros(n_runs, dtype=np.uint64)
    for place in range(SHINGLE_WORDS):
        runs = runs * MIX + codes[place : place + n_runs]
    is_inside = of_text[:n_runs] == of_text[len(of_text) - n_runs :]
    once = np.unique((of_text[:n_runs] << np.uint64(32) | (runs * MIX) >> np.uint64(32))[is_inside])
    ends = np.searchsorted(once >> np.uint64(32), np.arange(1, len(texts), dtype=np.uint64))
    return np.split(once.astype(np.uint32), ends)


def _sample(shingles: Shingles) -> Shingles:
    return np.asarray(shingles[shingles % SAMPLE == 0])


def _meetings(
    shingles: Shingles, owners: Keys, all_shingles: Shingles, all_owners: Keys
) -> Iterator[tuple[int, int, int]]:
    """Give the pairs of wordings that share shingles, one of them new, and how many they share; each pair once.

    `shingles` are the new ones, `all_shingles` old and new in order; beside them the wordings that they are of.
    """
    first = np.searchsorted(all_shingles, shingles, "left")
    holders = np.searchsorted(all_shingles, shingles, "right") - first
    holders[holders > MAX_HOLDERS] = 0
    starts = np.cumsum(holders) - holders
    places = np.repeat(first - starts, holders) + np.arange(holders.sum())
    ones, others = np.repeat(owners, holders), all_owners[places]
    once = (ones < others) | ((ones > others) & ~np.isin(others, owners))
    pairs, counts = np.unique(np.stack([ones[once], others[once]]), axis=1, return_counts=True)
    yield from zip(*pairs.tolist(), counts.tolist(), strict=True)


def _is_near(one: _Wording, other: _Wording, n_shared: int) -> bool:
    """Whether one text holds the other nearly whole; numbers have to agree.

    `n_shared` counts the sampled shingles that both have. A shortened copy may lack numbers, a new edition changes
    them.
    """
    if not (set(one.numbers).issubset(other.numbers) or set(other.numbers).issubset(one.numbers)):
        return False
    if n_shared < CANDIDATE_SHARE * min(len(_sample(one.shingles)), len(_sample(other.shingles))):
        return False
    n_both = len(np.intersect1d(one.shingles, other.shingles, assume_unique=True))
    return n_both >= MIN_CONTAINMENT * min(len(one.shingles), len(other.shingles))
