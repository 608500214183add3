"""Text -> the words by which articles are found: one definition for what is kept and for what is asked. Pure.

Scripts that put no spaces between words are kept as pairs of letters, so that any part of a text is found by a phrase
of pairs (Nie et al. 2000; Lucene's CJKBigramFilter does the same).
"""

import re
from bisect import bisect_right
from functools import cache
from itertools import accumulate

from aggregator.letters import MARKS, folded
from aggregator.models.entries import IndexWords

MAX_TOKEN_CHARS = 48
"""Of one word; what is longer is an address or a fault, and found by its beginning."""

_COST_OF_LETTER = 4 * 2 + 8
"""The most that a letter may add to the bytes of the words kept: one of a run, with the one that follows."""

UNSPACED = (
    "\u3005\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\u0e00-\u0ecf\u1000-\u103f\u1780-\u17d3"
)
"""Han, kana, Thai, Lao, Burmese and Khmer; and Hangul, where endings are written as one with their word."""

_WORD = rf"(?:[A-Za-z0-9]++|[^\W_{UNSPACED}]|[{MARKS}])++"
"""ASCII is named by itself because that takes a fifth of the time; it is part of what comes next."""
_RUN = re.compile(rf"[{UNSPACED}]")
_WORDS = re.compile(_WORD)


@cache
def piece_pattern() -> re.Pattern[str]:
    """Return the pattern of what is a word, or a run of letters without spaces between words."""
    return re.compile(rf"(?P<run>[{UNSPACED}]+)|(?P<word>{_WORD})")


_SIGNS = "’‘“”„–—«»•"
"""What stands between words of Latin letters. With blanks in their place, most folded texts are ASCII."""
_NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalnum()}

TITLE_BYTES, BODY_BYTES = 8_000, 180_000
"""Of the words that are kept: PostgreSQL takes a megabyte, and 16,383 places."""
BODY_CHARS = 120_000
"""Of a text, from which they are taken."""


def index_words(title: str, text: str) -> IndexWords:
    """Return the words by which an article of this title and text is found."""
    return IndexWords(
        " ".join(kept_tokens(title[:BODY_CHARS], max_bytes=TITLE_BYTES)),
        " ".join(kept_tokens(text[:BODY_CHARS], max_bytes=BODY_BYTES)),
    )


def kept_tokens(text: str, *, max_bytes: int) -> list[str]:
    """Return the words of a text in order, as the index holds them, as many as fit into so many bytes."""
    plain = folded(text)
    found = _tokens(plain) if _RUN.search(plain) else [word[:MAX_TOKEN_CHARS] for word in _spaced_words(plain)]
    if _COST_OF_LETTER * len(plain) <= max_bytes:
        return found  # as nearly always: adding up takes a fifth of the time
    return found[: bisect_right(list(accumulate(4 * len(token) + 8 for token in found)), max_bytes)]


def _spaced_words(plain: str) -> list[str]:
    """Return what `_WORDS` finds; to cut ASCII at its blanks takes a third of the time."""
    for sign in () if plain.isascii() else _SIGNS:
        plain = plain.replace(sign, " ")
    return plain.translate(_NO_LETTERS).split() if plain.isascii() else _WORDS.findall(plain)


def _tokens(plain: str) -> list[str]:
    """Return the words of a text that has runs without spaces; texts that have none take half the time without it."""
    found: list[str] = []
    for run, word in piece_pattern().findall(plain):
        if word:
            found.append(word[:MAX_TOKEN_CHARS])
        else:
            found += pairs(run, to_end=True)
    return found


def asked_tokens(text: str) -> tuple[tuple[str, ...], bool]:
    """Return the words that a reader means by a text, and whether the last of them only begins a word.

    A run without spaces may be part of a longer one: its last pair stands anywhere, a single letter begins a pair.
    """
    pieces = list(piece_pattern().finditer(folded(text)))
    found: list[str] = []
    begins = False
    for piece in pieces:
        if piece.lastgroup == "word":
            found.append(piece[0][:MAX_TOKEN_CHARS])
            continue
        is_last = piece is pieces[-1]
        begins = is_last and len(piece[0]) == 1
        found += pairs(piece[0], to_end=not is_last or begins)
    return tuple(found), begins


def pairs(run: str, *, to_end: bool) -> list[str]:
    """Return the overlapping pairs of letters of a run; `to_end` adds the last letter by itself."""
    return [run[start : start + 2] for start in range(len(run) if to_end else len(run) - 1)]
