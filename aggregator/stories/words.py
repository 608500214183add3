"""Texts -> weighted words, in any script. Pure."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

STEM_CHARS = 6
"""Letters of a word that are compared: endings carry grammar (protest, protests, protesters; Serbian cases).
Source: best of 5, 6, 8 and whole words on the labelled sets, see docs/decisions."""

PRIOR_ARTICLES = 50
"""Articles without any of these words that are added to the window when words are weighted, so that in a window
of three no word is called common."""

UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, kana and Han: scripts without spaces between words."""

PIECE = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|(?P<number>\d+(?:[.,]\d+)*)|(?P<word>[^\W\d_{UNSPACED}]+)")
THOUSANDS = re.compile(r"[.,](?=\d{3}(?:\D|$))")

CYRILLIC = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ђ": "d", "е": "e", "ё": "e", "ж": "z", "з": "z", "и": "i",
        "й": "j", "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "ћ": "c", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "c", "џ": "dz", "ш": "s", "щ": "sc",
        "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "ju", "я": "ja", "і": "i", "ї": "i", "є": "e", "ґ": "g", "đ": "d",
        "ł": "l", "ø": "o", "ß": "ss",
    }
)  # fmt: skip
"""Cyrillic as Serbian writes it in Latin letters, so that its two scripts meet."""

WordMatrix: TypeAlias = Any
"""Weighted words, shape (n, words), float32: a unit row per article, zero where it has none. A scipy csr_matrix."""


@lru_cache(maxsize=65_536)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text that can tell one happening from another, in order.

    Words lose case, accents and endings; numbers lose their separators; scripts without spaces give pairs of letters.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(token for piece in PIECE.finditer(plain) for token in _tokens_of(piece))


def is_number(token: str) -> bool:
    """Whether a token is a number and not a word."""
    return token[0].isdigit()


def is_digit(token: str) -> bool:
    """Whether a token is a number below ten: half of all headlines hold one, and it names nothing."""
    return len(token) == 1 and token.isdigit()


def fold(word: str) -> str:
    """Return the word without accents, Cyrillic in Latin letters."""
    plain = unicodedata.normalize("NFKD", word.translate(CYRILLIC))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(CYRILLIC)


def weigh(texts: Sequence[Sequence[str]]) -> WordMatrix:
    """Return TF-IDF rows: (1 + log tf) · log((1 + n + prior) / (1 + df)), each of unit length.

    Source: Salton & Buckley 1988, with PRIOR_ARTICLES added to the window.
    """
    numbers: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    counts: list[int] = []
    for row, text in enumerate(texts):
        for token, count in Counter(text).items():
            rows.append(row)
            columns.append(numbers.setdefault(token, len(numbers)))
            counts.append(count)
    shape = (len(texts), max(len(numbers), 1))
    matrix = sparse.csr_matrix((1 + np.log(np.array(counts, dtype=np.float32)), (rows, columns)), shape=shape)
    in_articles = np.bincount(matrix.indices, minlength=shape[1])
    weights = np.log((1 + len(texts) + PRIOR_ARTICLES) / (1 + in_articles)).astype(np.float32)
    return unit_rows(matrix @ sparse.diags(weights))


def unit_rows(matrix: WordMatrix) -> WordMatrix:
    """Return the matrix with every row of length one; zero rows stay zero."""
    lengths: NDArray[np.float32] = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1
    return sparse.csr_matrix(sparse.diags(1 / lengths) @ matrix, dtype=np.float32)


@cache
def stop_words() -> frozenset[str]:
    """Return the words of all known languages that say nothing of what happened, folded."""
    table = json.loads(resources.files("aggregator.stories").joinpath("stop_words.json").read_text(encoding="utf-8"))
    return frozenset(fold(word) for words in table.values() for word in words.split())


def _tokens_of(piece: re.Match[str]) -> list[str]:
    if run := piece["unspaced"]:
        return [run[i : i + 2] for i in range(max(len(run) - 1, 1))]
    if number := piece["number"]:
        return [THOUSANDS.sub("", number)]
    word = fold(piece["word"])
    return [word[:STEM_CHARS]] if len(word) > 1 and word not in stop_words() else []
