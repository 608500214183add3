"""Which articles repeat another's text: wire copy, syndication, the same piece in two feeds. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from datasketch import MinHash, MinHashLSH

from aggregator.stories.words import is_number

SHINGLE_WORDS = 4
"""Words of a shingle (Broder 1997)."""

PERMUTATIONS = 64
"""Of a MinHash: its standard error is 1 / sqrt(64) = .125, and what it finds is counted exactly afterwards."""

CANDIDATE_JACCARD = 0.4
"""Estimated share of shingles from which two texts are looked at."""

MIN_CONTAINMENT = 0.8
"""Share of the shorter text's shingles that the longer has, from which it is a copy (Broder 1997, containment)."""

MIN_WORDS = 30
"""Words from which a text can be a copy by its shingles; shorter ones must be the same word for word."""

MIN_EXACT_WORDS = 5
"""Words from which two texts that say the same word for word are copies; shorter ones ("Market report") recur."""

MAX_DAYS = 3.0
"""Days between a text and its copy; later, the same words are a series."""

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


def copies(texts: Sequence[Sequence[str]], days: Sequence[float]) -> dict[int, int]:
    """Return {copy: original} by position, for texts given as words in order of publication.

    The original is the earliest that a text repeats, and no copy itself. Numbers have to agree.
    """
    found = _repeated(texts, days)
    left = [row for row in range(len(texts)) if row not in found and len(texts[row]) >= MIN_WORDS]
    for row, original in _contained(texts, days, left).items():
        found[row] = original
    return {row: _root(found, row) for row in found}


def agency(text: str, origin: str | None = None) -> str | None:
    """Return the agency that a text names as its origin: in its dateline, beside its feed, or "as reported by AFP"."""
    for name in (origin, *_named(text)):
        if name and (known := AGENCIES.get(name.strip().casefold())):
            return known
    return None


def _named(text: str) -> list[str]:
    head = text[:400]
    return [found["name"] for pattern in (BRACKETED, REPORTED) if (found := pattern.search(head))]


def _repeated(texts: Sequence[Sequence[str]], days: Sequence[float]) -> dict[int, int]:
    """Return the texts that say what an earlier one says, word for word."""
    first: dict[tuple[str, ...], int] = {}
    found: dict[int, int] = {}
    for row, words in enumerate(texts):
        key = tuple(words)
        original = first.get(key)
        if len(key) >= MIN_EXACT_WORDS and original is not None and days[row] - days[original] <= MAX_DAYS:
            found[row] = original
        else:
            first[key] = row
    return found


def _contained(texts: Sequence[Sequence[str]], days: Sequence[float], rows: Sequence[int]) -> dict[int, int]:
    """Return the long texts that an earlier one holds nearly whole, or that hold an earlier one."""
    index = MinHashLSH(threshold=CANDIDATE_JACCARD, num_perm=PERMUTATIONS)
    shingles = {row: _shingles(texts[row]) for row in rows}
    found: dict[int, int] = {}
    for row in rows:
        sketch = _sketch(shingles[row])
        for original in sorted(index.query(sketch)):
            near_in_time = days[row] - days[original] <= MAX_DAYS
            if near_in_time and _is_copy(texts, shingles, row, original):
                found[row] = original
                break
        index.insert(row, sketch)
    return found


def _is_copy(texts: Sequence[Sequence[str]], shingles: Mapping[int, frozenset[int]], row: int, original: int) -> bool:
    shared = len(shingles[row] & shingles[original])
    return shared >= MIN_CONTAINMENT * min(len(shingles[row]), len(shingles[original])) and _numbers_agree(
        texts[row], texts[original]
    )


def _numbers_agree(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one text's numbers are all in the other: a shortened copy may lack some, a new edition changes them."""
    ours, theirs = {w for w in one if is_number(w)}, {w for w in other if is_number(w)}
    return ours <= theirs or theirs <= ours


def _shingles(words: Sequence[str]) -> frozenset[int]:
    runs = (" ".join(words[i : i + SHINGLE_WORDS]) for i in range(len(words) - SHINGLE_WORDS + 1))
    return frozenset(int.from_bytes(hashlib.blake2b(run.encode(), digest_size=4).digest(), "big") for run in runs)


def _sketch(shingles: frozenset[int]) -> MinHash:
    sketch = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=int)
    sketch.update_batch(sorted(shingles))
    return sketch


def _root(found: Mapping[int, int], row: int) -> int:
    while row in found:
        row = found[row]
    return row
