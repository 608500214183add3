"""How alike two articles are: a learned mix of words and vectors, never vectors alone. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from aggregator.errors import EncoderError
from aggregator.models import Vectors
from aggregator.stories.words import WordMatrix, is_digit, is_number, weigh

Rows = NDArray[np.int64]
"""Positions of articles in the window: shape (k,)."""

Scores = NDArray[np.float32]
"""Chance that two articles are about the same happening, 0..1: shape (rows, columns)."""

Weights = Mapping[str, float]
"""Of a logistic decision: one factor per feature, and `intercept`."""

Decisions = Mapping[str, Weights]
"""The learned numbers: of `pair` and `join`, and of each `_by_words` alone."""

LANGUAGE_PRIOR = 20
"""Articles of similarity nought that are added to a language before its mean vector is taken away: in a window of
three the mean would be the story itself."""

BLOCK_ROWS = 1000
"""Rows that are compared with the whole window at once: 1,000 × 50,000 × 4 bytes = 200 MB."""

PATIENCE_DAYS = 2.0
"""Days between two articles that cost nothing."""

LOGITS_PER_DAY = 0.5
"""What each further day costs. Not learned: most labelled sets have no exact times."""

SERIES_LOGITS = 20.0
"""What it costs to say the same words with other numbers, as the parts of a series do ("Day 21 of …"): more than
any likeness is worth."""

VECTORS_ALONE = 0.4
"""The best chance of two articles of one language that share no word: below every bar, so that vectors alone, which
know what a text is like and not what happened, join nothing."""

SERIES_WORDS = 3
"""Words that two titles must share in full before other numbers make them parts of a series."""

SERIES_DAYS = 0.75
"""Days from which the same words with other numbers are held for the next part of a series, whoever wrote them.
Below that only one publisher's are: the count of a disaster's dead rises within hours, in many papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Articles of the window as they are compared, one row each."""

    vectors: Vectors
    """Unit rows, less what all articles of the language have in common; zero rows where there is no vector."""
    has_vector: NDArray[np.bool_]
    titles: WordMatrix
    texts: WordMatrix
    """Title and text together."""
    lengths: NDArray[np.float32]
    """log(1 + words) / 4."""
    days: NDArray[np.float32]
    """Since the earliest article."""
    publishers: Rows
    """A number per publisher."""
    languages: Rows
    """A number per language."""
    skeletons: Rows
    """A number per title without its numbers; of its own where the title is too short to tell a series."""
    numbers: Rows
    """A number per set of numbers in a title."""
    decisions: Decisions

    def __len__(self) -> int:
        return len(self.lengths)


def compare(
    titles: Sequence[Sequence[str]],
    texts: Sequence[Sequence[str]],
    vectors: Vectors,
    *,
    languages: Sequence[str | None],
    published_at: Sequence[datetime],
    publishers: Sequence[str],
    decisions: Decisions,
) -> Compared:
    """Return what of these articles is compared, from the words of their titles and of their texts.

    `vectors` has shape (n, dim), with zero rows for articles without one; (n, 0) where no article has any.
    """
    heads = [[token for token in title if not is_digit(token)] for title in titles]
    whole = [(*title, *text) for title, text in zip(heads, texts, strict=True)]
    has_vector = np.einsum("ij,ij->i", vectors, vectors) > 0
    return Compared(
        vectors=_without_common_part(vectors, has_vector, languages),
        has_vector=has_vector,
        titles=weigh(heads),
        texts=weigh(whole),
        lengths=(np.log1p([len(words) for words in whole]) / 4).astype(np.float32),
        days=_days(published_at),
        publishers=_numbered(publishers),
        languages=_numbered(languages),
        skeletons=_skeletons(titles),
        numbers=_numbered([tuple(sorted(filter(is_number, title))) for title in titles]),
        decisions=decisions,
    )


def take(compared: Compared, rows: Rows) -> Compared:
    """Return what is compared of these articles only."""
    return replace(
        compared,
        vectors=compared.vectors[rows],
        has_vector=compared.has_vector[rows],
        titles=compared.titles[rows],
        texts=compared.texts[rows],
        lengths=compared.lengths[rows],
        days=compared.days[rows],
        publishers=compared.publishers[rows],
        languages=compared.languages[rows],
        skeletons=compared.skeletons[rows],
        numbers=compared.numbers[rows],
    )


def rows_for(ids: Sequence[int], vector_ids: Sequence[int], vectors: Vectors | None) -> Vectors:
    """Return one unit row per article of `ids`, shape (n, dim); zero where it has no vector.

    Raises EncoderError where `vectors` is not one row of numbers for each of `vector_ids`.
    """
    if vectors is None or not len(vector_ids):
        return np.zeros((len(ids), 0), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(vector_ids):
        raise EncoderError(f"{len(vector_ids)} articles cannot have vectors of shape {vectors.shape}.")
    position = {article_id: row for row, article_id in enumerate(vector_ids)}
    found = np.array([position.get(article_id, -1) for article_id in ids], dtype=np.int64)
    chosen = np.where((found >= 0)[:, None], vectors[found], 0).astype(np.float32)
    chosen[~np.isfinite(chosen).all(axis=1)] = 0
    lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
    return np.asarray(chosen / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def pair_scores(compared: Compared, rows: Rows, columns: Rows) -> Scores:
    """Return the learned chance of each pair: shape (len(rows), len(columns)); words only where a vector is missing."""
    features, both = pair_features(compared, rows, columns)
    scores = chances(decide(compared.decisions, "pair", features, both) - _reserves(compared, rows, columns))
    wordless = (features["text"] <= 0) & np.equal.outer(compared.languages[rows], compared.languages[columns])
    return np.where(wordless, np.minimum(scores, np.float32(VECTORS_ALONE)), scores)


def pair_features(compared: Compared, rows: Rows, columns: Rows) -> tuple[dict[str, Scores], NDArray[np.bool_]]:
    """Return what a pair is judged by, each of shape (len(rows), len(columns)), and whether both have a vector.

    title, text, vector: cosines; length: words of the shorter one.
    """
    features = {
        "title": _product(compared.titles, rows, columns),
        "text": _product(compared.texts, rows, columns),
        "length": np.minimum.outer(compared.lengths[rows], compared.lengths[columns]),
    }
    both = np.logical_and.outer(compared.has_vector[rows], compared.has_vector[columns])
    if both.any():
        features["vector"] = compared.vectors[rows] @ compared.vectors[columns].T
    return features, both


def neighbours(compared: Compared, bar: float) -> Iterator[tuple[Rows, Rows, Scores]]:
    """Give the pairs of the window that reach the bar, block by block: rows, columns (each later), scores."""
    everyone = np.arange(len(compared))
    for start in range(0, len(compared), BLOCK_ROWS):
        rows = everyone[start : start + BLOCK_ROWS]
        columns = everyone[start:]
        scores = pair_scores(compared, rows, columns)
        left, right = np.nonzero(np.triu(scores >= bar, k=1))
        yield rows[left], columns[right], scores[left, right]


def decide(decisions: Decisions, name: str, features: Mapping[str, Scores], both: NDArray[np.bool_]) -> Scores:
    """Return the log odds of a learned decision; by its words alone where not both sides have a vector.

    Features and `both` have one shape; "vector" is needed only where `both` holds somewhere.
    """
    if not both.any():
        return logit(decisions[f"{name}_by_words"], features)
    whole = logit(decisions[name], features)
    return whole if both.all() else np.where(both, whole, logit(decisions[f"{name}_by_words"], features))


def logit(weights: Weights, features: Mapping[str, Scores]) -> Scores:
    """Return the log odds that the weights give to features of one shape; features without a weight do not count."""
    total = np.full_like(features["text"], weights["intercept"])
    for name in weights.keys() - {"intercept"}:
        total += np.float32(weights[name]) * features[name]
    return total


def chances(logits: Scores) -> Scores:
    """Return the chances, 0..1, that these log odds mean."""
    return np.asarray(expit(logits), dtype=np.float32)


@cache
def learned() -> Decisions:
    """Return the numbers that `bench/fit.py` fitted and that ship beside this module."""
    text = resources.files("aggregator.stories").joinpath("decision.json").read_text(encoding="utf-8")
    return {name: dict(weights) for name, weights in json.loads(text).items()}


def _product(matrix: WordMatrix, rows: Rows, columns: Rows) -> Scores:
    return np.asarray((matrix[rows] @ matrix[columns].T).toarray(), dtype=np.float32)


def _reserves(compared: Compared, rows: Rows, columns: Rows) -> Scores:
    """Return the logits that time and the signs of a series cost."""
    gap = np.abs(np.subtract.outer(compared.days[rows], compared.days[columns]))
    cost = LOGITS_PER_DAY * np.maximum(gap - PATIENCE_DAYS, 0)
    same_words = np.equal.outer(compared.skeletons[rows], compared.skeletons[columns])
    if same_words.any():
        other_numbers = np.not_equal.outer(compared.numbers[rows], compared.numbers[columns])
        one_hand = np.equal.outer(compared.publishers[rows], compared.publishers[columns]) | (gap >= SERIES_DAYS)
        cost += SERIES_LOGITS * (same_words & other_numbers & one_hand)
    return np.asarray(cost, dtype=np.float32)


def _without_common_part(vectors: Vectors, has_vector: NDArray[np.bool_], languages: Sequence[str | None]) -> Vectors:
    """Return unit rows less the language's mean: what only says "this is Serbian" is no likeness.

    Source: Mu & Viswanath 2018, "All-but-the-Top", for the mean alone.
    """
    rest = vectors.copy()
    of = np.array([language or "" for language in languages])
    for language in sorted(set(of[has_vector])):
        rows = np.flatnonzero((of == language) & has_vector)
        rest[rows] -= vectors[rows].sum(axis=0) / (len(rows) + LANGUAGE_PRIOR)
    lengths = np.linalg.norm(rest, axis=1, keepdims=True)
    return np.asarray(rest / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _days(times: Sequence[datetime]) -> NDArray[np.float32]:
    seconds = np.array([time.timestamp() for time in times], dtype=np.float64)
    return np.asarray((seconds - seconds.min(initial=np.inf)) / 86_400, dtype=np.float32)


def _numbered(values: Sequence[object]) -> Rows:
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def _skeletons(titles: Sequence[Sequence[str]]) -> Rows:
    """Return a number per title without its numbers; each has its own where it is too short to be part of a series."""
    words = [tuple(token for token in title if not is_number(token)) for title in titles]
    return _numbered([key if len(key) >= SERIES_WORDS else row for row, key in enumerate(words)])
