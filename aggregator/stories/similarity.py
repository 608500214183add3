"""How alike two articles are: a learned mix of words and vectors, never vectors alone. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from aggregator.models.encoders import Calibration
from aggregator.models.values import Vectors
from aggregator.stories.calibrate import across, calibrated
from aggregator.stories.rows import dots, moved_up, under, unit
from aggregator.stories.vocabulary import Vocabulary, WordMatrix, grown, measured, stacked, weigh
from aggregator.stories.words import is_digit, is_number

Rows = NDArray[np.int64]
"""Positions of articles in the window: shape (n,)."""

Labels = NDArray[np.int64]
"""A cluster's number for each article, 0..k-1 in order of first member: shape (n,)."""

Names = NDArray[np.int32]
"""Which clusters or articles, where there are millions of them."""

Scores = NDArray[np.float32]
"""Chance that the articles of a pair are about the same happening, 0..1: shape (pairs,)."""

Links: TypeAlias = Any
"""The pair scores of a window's candidates, both ways: a scipy csr_matrix of shape (n, n), 0 where there is none."""

HalfLinks: TypeAlias = Any
"""The same, each once: of a window, in the row of the one that came later."""

Features = Mapping[str, NDArray[np.float32]]
"""What a decision looks at, by name: each of shape (pairs,)."""

Weights = Mapping[str, float]
"""Of a logistic decision: one factor per feature, and `intercept`."""

Decisions = Mapping[str, Weights]
"""The learned numbers: of `pair` and `join`, and of each `_by_words` alone."""

LANGUAGE_PRIOR = 20
"""Articles of similarity nought that are added to a language before its mean vector is taken away: in a window of
three the mean would be the story itself."""

PAIRS_AT_ONCE = 8_000
"""Pairs that are compared at once: some megabytes of their words."""

PATIENCE_DAYS = 2.0
"""Days between two articles that cost nothing."""

LOGITS_PER_DAY = 0.5
"""What each further day costs. Not learned: most labelled sets have no exact times."""

SERIES_LOGITS = 20.0
"""What it costs to say the same words with other numbers, as the parts of a series do ("Day 21 of …"): more than
any likeness is worth."""

VECTORS_ALONE = 0.1
"""The best chance of two articles that share no word, unless a model is calibrated for their two languages: too little
for a link, so that vectors alone, which know what a text is like and not what happened, join nothing."""

SERIES_WORDS = 3
"""Words that two titles must share in full before other numbers make them parts of a series."""

SERIES_DAYS = 0.75
"""Days from which the same words with other numbers are held for the next part of a series, whoever wrote them.
Below that only one publisher's are: the count of a disaster's dead rises within hours, in many papers."""


@dataclass(frozen=True, slots=True)
class Background:
    """What the articles of a window have in common: measured once, kept while the window changes little."""

    titles: Vocabulary
    texts: Vocabulary
    names: Vocabulary
    means: Mapping[str, NDArray[np.float32]]
    """By language, of the vectors: shape (dim,). What only says "this is Serbian" is no likeness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Articles of the window as they are compared, one row each."""

    vectors: Vectors
    """Unit rows, less what all articles of the language have in common; zero rows where there is no vector."""
    has_vector: NDArray[np.bool_]
    titles: WordMatrix
    texts: WordMatrix
    """Title and text together."""
    names: WordMatrix
    rarity: NDArray[np.float32]
    """Weight of each word of `texts`: shape (words,)."""
    lengths: NDArray[np.float32]
    """log(1 + words) / 4."""
    days: NDArray[np.float64]
    """Of publication, since 1970."""
    publishers: Rows
    """A number per publisher."""
    languages: Rows
    """A number per language."""
    skeletons: Rows
    """A number per title without its numbers; 0 where the title is too short to tell a series."""
    numbers: Rows
    """A number per set of numbers in a title."""

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is compared of some articles, besides their vectors: all of one length."""

    titles: Sequence[Sequence[str]]
    texts: Sequence[Sequence[str]]
    names: Sequence[Sequence[str]]
    languages: Sequence[str | None]
    publishers: Sequence[str]
    published_at: Sequence[datetime]

    @cached_property
    def heads(self) -> list[tuple[str, ...]]:
        """The titles' words without numbers below ten."""
        return [tuple([token for token in title if not is_digit(token)]) for title in self.titles]

    @cached_property
    def whole(self) -> list[tuple[str, ...]]:
        """The words of title and text together."""
        return [(*head, *text) for head, text in zip(self.heads, self.texts, strict=True)]


def background(words: Words, vectors: Vectors) -> Background:
    """Return what these articles have in common; `vectors` has shape (n, dim), zero rows where there is none."""
    means = _means(vectors, words.languages)
    return Background(measured(words.heads), measured(words.whole), measured(words.names), means)


def widened(before: Background, words: Words) -> Background:
    """Return the background with the words that these articles bring; it is not measured anew."""
    return replace(
        before,
        titles=grown(before.titles, words.heads),
        texts=grown(before.texts, words.whole),
        names=grown(before.names, words.names),
    )


def compare(words: Words, vectors: Vectors, common: Background) -> Compared:
    """Return what of these articles is compared, against a background that knows all their words.

    `vectors` has shape (n, dim), with zero rows for articles without one; (n, 0) where no article has any. They are
    changed in place: a window's are large.
    """
    has_vector = np.einsum("ij,ij->i", vectors, vectors) > 0
    return Compared(
        vectors=_without_common_part(vectors, words.languages, common.means),
        has_vector=has_vector,
        titles=weigh(common.titles, words.heads),
        texts=weigh(common.texts, words.whole),
        names=weigh(common.names, words.names),
        rarity=common.texts.weights,
        lengths=(np.log1p([len(each) for each in words.whole]) / 4).astype(np.float32),
        days=np.array([at.timestamp() / 86_400 for at in words.published_at], dtype=np.float64),
        publishers=_numbered(words.publishers),
        languages=_numbered(words.languages),
        skeletons=_skeletons(words.titles),
        numbers=_numbered([tuple(sorted(filter(is_number, title))) for title in words.titles]),
    )


def take(compared: Compared, rows: Rows) -> Compared:
    """Return what is compared of these articles only."""
    return replace(compared, vectors=compared.vectors[rows], **_others(compared, rows))


def keep(compared: Compared, rows: Rows) -> Compared:
    """Return the same; `rows` are in order, and `compared` is not to be used any more: its vectors move up."""
    return replace(compared, vectors=moved_up(compared.vectors, rows), **_others(compared, rows))


def _others(compared: Compared, rows: Rows) -> dict[str, Any]:
    """Return what besides vectors is compared of these articles."""
    by_article = set(Compared.__dataclass_fields__) - {"rarity", "vectors"}
    return {name: getattr(compared, name)[rows] for name in by_article}


def appended(before: Compared, more: Compared) -> Compared:
    """Return what is compared of both, `more` behind; it may know more words. `before` is not to be used any more."""
    words = {name: stacked(getattr(before, name), getattr(more, name)) for name in ("titles", "texts", "names")}
    vectors = before.vectors if before.vectors.shape[1] else np.zeros((len(before), more.vectors.shape[1]), np.float32)
    below = more.vectors if more.vectors.shape[1] else np.zeros((len(more), vectors.shape[1]), np.float32)
    rest = set(Compared.__dataclass_fields__) - {*words, "vectors", "rarity"}
    plain = {name: np.concatenate([getattr(before, name), getattr(more, name)]) for name in rest}
    return Compared(vectors=under(vectors, below), rarity=more.rarity, **words, **plain)


def both_ways(links: HalfLinks) -> Links:
    """Return links that are given once in either place."""
    return links + links.T


def pair_scores(
    compared: Compared, left: Rows, right: Rows, decisions: Decisions, calibration: Calibration | None = None
) -> Scores:
    """Return the learned chance of each pair, shape (pairs,); by words only where a vector is missing.

    Between two languages a calibrated model's vectors decide alone.
    """
    parts = [
        _scored(compared, left[some], right[some], decisions, calibration)
        for some in (slice(start, start + PAIRS_AT_ONCE) for start in range(0, len(left), PAIRS_AT_ONCE))
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def pair_features(compared: Compared, left: Rows, right: Rows, calibration: Calibration | None = None) -> Features:
    """Return what a pair is judged by.

    title, text, names, vector: cosines, that of the vectors 0 where one is missing; has_names: whether both hold names;
    length: words of the shorter one.
    """
    near = dots(compared.vectors, left, right)
    return {
        "title": cosines(compared.titles, left, right),
        "text": cosines(compared.texts, left, right),
        "names": cosines(compared.names, left, right),
        "has_names": ((_n_words(compared.names)[left] > 0) & (_n_words(compared.names)[right] > 0)).astype(np.float32),
        "vector": calibrated(near, compared.languages[left], compared.languages[right], calibration),
        "length": np.minimum(compared.lengths[left], compared.lengths[right]),
    }


def decide(decisions: Decisions, name: str, features: Features, has_vectors: NDArray[np.bool_]) -> Scores:
    """Return the chances, 0..1, of a learned decision; by its words alone where not both sides have a vector."""
    return chances(log_odds(decisions, name, features, has_vectors))


def log_odds(decisions: Decisions, name: str, features: Features, has_vectors: NDArray[np.bool_]) -> Scores:
    """Return the log odds of a learned decision; by its words alone where not both sides have a vector."""
    by_words = logit(decisions[f"{name}_by_words"], features)
    return np.where(has_vectors, logit(decisions[name], features), by_words) if has_vectors.any() else by_words


def logit(weights: Weights, features: Features) -> Scores:
    """Return the log odds that the weights give; features without a weight do not count."""
    total = np.full_like(features["text"], weights["intercept"])
    for name in sorted(weights.keys() - {"intercept"}):
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


def _scored(
    compared: Compared, left: Rows, right: Rows, decisions: Decisions, calibration: Calibration | None
) -> Scores:
    features = pair_features(compared, left, right, calibration)
    both = compared.has_vector[left] & compared.has_vector[right]
    scores = chances(log_odds(decisions, "pair", features, both) - reserves(compared, left, right))
    scores = np.where(features["text"] <= 0, np.minimum(scores, np.float32(VECTORS_ALONE)), scores)
    translated = across(features["vector"], compared.languages[left], compared.languages[right], calibration)
    return np.where(both, np.maximum(scores, translated), scores)


def cosines(matrix: WordMatrix, left: Rows, right: Rows) -> NDArray[np.float32]:
    """Return the products of these rows with those, pair by pair: cosines where the rows are of unit length."""
    return np.asarray(matrix[left].multiply(matrix[right]).sum(axis=1), dtype=np.float32).ravel()


def _n_words(matrix: WordMatrix) -> Rows:
    return np.asarray(np.diff(matrix.indptr), dtype=np.int64)


def reserves(compared: Compared, left: Rows, right: Rows) -> NDArray[np.float32]:
    """Return the logits that time and the signs of a series cost."""
    gap = np.abs(compared.days[left] - compared.days[right])
    cost = LOGITS_PER_DAY * np.maximum(gap - PATIENCE_DAYS, 0)
    return np.asarray(cost + SERIES_LOGITS * _are_parts(compared, left, right, gap), dtype=np.float32)


def _are_parts(compared: Compared, left: Rows, right: Rows, gap: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which pairs say the same words with other numbers: of one publisher, or SERIES_DAYS apart."""
    same_words = (compared.skeletons[left] == compared.skeletons[right]) & (compared.skeletons[left] != 0)
    other_numbers = compared.numbers[left] != compared.numbers[right]
    one_hand = compared.publishers[left] == compared.publishers[right]
    return np.asarray(same_words & other_numbers & (one_hand | (gap >= SERIES_DAYS)))


def _means(vectors: Vectors, languages: Sequence[str | None]) -> dict[str, NDArray[np.float32]]:
    """Return each language's mean vector, LANGUAGE_PRIOR articles of nought included.

    Source: Mu & Viswanath 2018, "All-but-the-Top", for the mean alone.
    """
    has_vector = np.einsum("ij,ij->i", vectors, vectors) > 0
    of = np.array([language or "" for language in languages], dtype=object)
    return {
        language: vectors[(of == language) & has_vector].sum(axis=0)
        / (((of == language) & has_vector).sum() + LANGUAGE_PRIOR)
        for language in sorted(set(of[has_vector].tolist()))
    }


def _without_common_part(
    vectors: Vectors, languages: Sequence[str | None], means: Mapping[str, NDArray[np.float32]]
) -> Vectors:
    """Return unit rows less the language's mean, in place; zero rows stay zero."""
    for row in np.flatnonzero(np.einsum("ij,ij->i", vectors, vectors) > 0).tolist():
        mean = means.get(languages[row] or "")
        if mean is not None and len(mean) == vectors.shape[1]:
            vectors[row] -= mean
    return unit(vectors)


def _numbered(values: Sequence[object]) -> Rows:
    """Return a number per value; the same for equal ones, in this process."""
    return np.array([hash(value) for value in values], dtype=np.int64)


def _skeletons(titles: Sequence[Sequence[str]]) -> Rows:
    words = [tuple(token for token in title if not is_number(token)) for title in titles]
    return np.where([len(key) >= SERIES_WORDS for key in words], _numbered(words), 0) if words else _numbered(words)
