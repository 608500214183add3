"""The words of a window and how rare each is: measured once, then kept while the window grows. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

PRIOR_ARTICLES = 50
"""Articles without any of these words that are added to the window when words are weighted, so that in a window
of three no word is called common."""

NO_WORD = ""
"""Stands in every vocabulary and in no text, so that articles without a word have a row too."""

WordMatrix: TypeAlias = Any
"""Weighted words, shape (n, words), float32: a unit row per article, zero where it has none. A scipy csr_matrix."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known words: the column of each, and its weight, shape (words,)."""

    columns: dict[str, int]
    weights: NDArray[np.float32]
    n_articles: int
    """How many articles the weights were measured on."""


def measured(texts: Sequence[Sequence[str]]) -> Vocabulary:
    """Return the words of these texts, each weighing log((1 + n + prior) / (1 + texts that have it)).

    Source: inverse document frequency, Spärck Jones 1972, with PRIOR_ARTICLES added to the window.
    """
    counts = Counter(chain.from_iterable(map(dict.fromkeys, texts)))
    columns = {word: column for column, word in enumerate((NO_WORD, *counts))}
    in_texts = np.array([0, *counts.values()], dtype=np.float32)
    weights = np.log((1 + len(texts) + PRIOR_ARTICLES) / (1 + in_texts)).astype(np.float32)
    return Vocabulary(columns, weights, len(texts))


def grown(vocabulary: Vocabulary, texts: Sequence[Sequence[str]]) -> Vocabulary:
    """Return the vocabulary with the words that these texts bring, each weighing what a word of one text weighs.

    `vocabulary` is not to be used any more: its columns grow in place, since a window's are large.
    """
    columns, n_before = vocabulary.columns, len(vocabulary.columns)
    for text in texts:
        for word in text:
            columns.setdefault(word, len(columns))
    rare = np.float32(np.log((1 + vocabulary.n_articles + PRIOR_ARTICLES) / 2))
    more = np.full(len(columns) - n_before, rare, dtype=np.float32)
    return Vocabulary(columns, np.concatenate([vocabulary.weights, more]), vocabulary.n_articles)


def weigh(vocabulary: Vocabulary, texts: Sequence[Sequence[str]]) -> WordMatrix:
    """Return a unit row per text, (1 + log count) · weight of each word; every word has to be known.

    Source: TF-IDF, Salton & Buckley 1988.
    """
    starts = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    columns = np.fromiter(map(vocabulary.columns.__getitem__, chain.from_iterable(texts)), np.int32, count=starts[-1])
    shape = (len(texts), len(vocabulary.columns))
    matrix = sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, starts), shape=shape)
    matrix.sum_duplicates()
    matrix.data = (1 + np.log(matrix.data)) * vocabulary.weights[matrix.indices]
    return unit_rows(matrix)


def weighed(texts: Sequence[Sequence[str]]) -> WordMatrix:
    """Return a unit row per text, weighed by these texts alone."""
    return weigh(measured(texts), texts)


def stacked(above: WordMatrix, below: WordMatrix) -> WordMatrix:
    """Return one matrix of both, where `below` may know more words.

    `above` goes on as it was, in the room of both: of a window's words or links, old and new never stand there whole.
    """
    n = above.nnz
    starts = np.concatenate([above.indptr, n + below.indptr[1:]])
    above.indices = np.concatenate([above.indices[:n], below.indices])
    above.data = np.concatenate([above.data[:n], below.data])
    return sparse.csr_matrix((above.data, above.indices, starts), shape=(len(starts) - 1, below.shape[1]))


def unit_rows(matrix: WordMatrix) -> WordMatrix:
    """Return the matrix with every row of length one; zero rows stay zero."""
    squares = sparse.csr_matrix((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)
    lengths: NDArray[np.float32] = np.sqrt(np.asarray(squares.sum(axis=1), dtype=np.float32).ravel())
    data = matrix.data / np.repeat(lengths, np.diff(matrix.indptr))
    return sparse.csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
