"""How one model's cosines are read as those that the decision was fitted with; fitted without labels. Pure.

Two points are matched: the middle of all pairs, which are unrelated, and the middle of pairs that their words alone
are sure of. Cosines are those of vectors less what all articles of a language have in common (see similarity).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

from aggregator.errors import CalibrationError
from aggregator.models.encoders import Calibration
from aggregator.models.values import Vectors
from aggregator.stories.vocabulary import WordMatrix

SURE = (0.3, 0.6)
"""Cosines of weighted words between which two articles of one language are about one happening, and no copies:
84 to 100 % of such pairs are, in every labelled set, see bench/calibration.md."""

MIN_SURE = 30
"""Sure pairs from which their middle can be told: its standard error is then about .03."""

MIN_ARTICLES = 25
"""Articles of a language from which it has a middle of its own: 300 pairs."""

MAX_ARTICLES = 1_500
"""Of a language that are looked at: a million pairs tell what more would."""

SCALES = (0.5, 2.0)
"""Between what the factor has to be: beyond, the window says something else than what the sets of the reference do."""

WIDE = 0.97
"""Share of pairs below the cosine that tells how wide unrelated pairs spread: translations are rarer than 3 %."""

MISTAKES = 0.01
"""Articles for which one of another language may be taken by mistake: the bar between languages rises with how many
there are to be mistaken for."""

AT_BAR, STEEPNESS = 0.6, 20.0
"""Chance at the bar between two languages, and the log odds that a cosine of one more is worth: .1 above it is .92."""

NEAR_BEST = 2.0
"""Log odds, a cosine of .1, by which another article of the same language may be nearer: a happening is told by
several, but what is only alike has its own counterpart. Takes precision from .53 to .95 with the weaker of two models,
see bench/calibration.md; the idea is the margin of Artetxe & Schwenk 2019."""

Numbers = NDArray[np.int64]
"""A language per article or pair, as `hash` of its code gives it, `hash(None)` where it is not known."""

Rows = NDArray[np.int64]
"""Positions of articles, shape (n,)."""

Cosines = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reference:
    """What `bench/calibrate.py` measured of the model that the decision was fitted with."""

    model: str
    middle: float
    """Cosine in the middle of all pairs of one language."""
    sure: float
    """Cosine in the middle of the pairs that their words alone are sure of."""
    across: float
    """Cosine, so calibrated, from which articles of two languages are about one happening."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the cosines of unrelated pairs lie."""

    middle: float
    deviation: float
    """Of a normal distribution with this middle and as many pairs beyond WIDE."""


@cache
def reference() -> Reference:
    """Return the numbers that ship beside this module."""
    text = resources.files("aggregator.stories").joinpath("reference.json").read_text(encoding="utf-8")
    return Reference(**json.loads(text))


def fit(vectors: Vectors, words: WordMatrix, languages: Sequence[str | None], against: Reference) -> Calibration:
    """Return how the cosines of these articles' vectors are read.

    `vectors` has shape (n, dim), less each language's mean, zero rows where there is none; `words` are unit rows of
    weighted words, shape (n, words). Raises CalibrationError where they are too few, or tell nothing.
    """
    rows_of = _rows_by_language(vectors, languages)
    chosen = {language: _drawn(rows) for language, rows in rows_of.items()}
    spreads = {
        (one, other): _spread(vectors, chosen[one], chosen[other])
        for one, other in combinations_with_replacement(sorted(chosen), 2)
    }
    sure = [_sure(vectors, words, rows) - spreads[each, each].middle for each, rows in chosen.items()]
    scale, n_sure = _scale(np.concatenate([np.zeros(0, dtype=np.float32), *sure]), against)
    bars = {
        _key(one, other): _bar(spread, scale, max(len(rows_of[one]), len(rows_of[other])), against)
        for (one, other), spread in spreads.items()
        if one != other
    }
    return Calibration(
        scale=round(scale, 4),
        base=against.middle,
        middle=round(float(np.median([spreads[each, each].middle for each in chosen])), 4),
        middles={_key(*pair): round(spread.middle, 4) for pair, spread in spreads.items()},
        bars={key: round(bar, 4) for key, bar in bars.items() if bar < 1},
        n_articles={language: len(rows) for language, rows in sorted(rows_of.items())},
        n_sure=n_sure,
    )


def calibrated(cosines: Cosines, left: Numbers, right: Numbers, calibration: Calibration | None) -> Cosines:
    """Return the cosines of pairs as the decision reads them, shape (pairs,); as they are without a calibration.

    `left` and `right` are the pairs' languages.
    """
    if calibration is None:
        return cosines
    middles = _looked_up(calibration.middles, left, right, calibration.middle)
    return np.asarray(calibration.base + calibration.scale * (cosines - middles), dtype=np.float32)


def across(cosines: Cosines, left: Numbers, right: Numbers, calibration: Calibration | None) -> Cosines:
    """Return the chance, 0..1, that two articles of two languages are about one happening, by their vectors alone.

    `cosines` are calibrated, shape (pairs,). 0 for pairs of one language, and of languages between which the model
    was not calibrated: without a calibration no vector joins two languages.
    """
    if calibration is None or not calibration.bars:
        return np.zeros(len(cosines), dtype=np.float32)
    bars = _looked_up(calibration.bars, left, right, np.inf)
    return np.asarray(expit(logit(AT_BAR) + STEEPNESS * (cosines - bars)), dtype=np.float32)


def near_best(left: Rows, right: Rows, scores: Cosines, languages: Numbers) -> NDArray[np.bool_]:
    """Return which pairs of two languages are near the best that either article has in the other's, shape (pairs,).

    `left` and `right` are positions in `languages`, shape (n,); `scores` are chances, 0..1. Each pair stands once, and
    all pairs of an article that may be its best are among them.
    """
    odds = logit(np.clip(scores, 1e-6, 1 - 1e-6))
    of_left, of_right = (_best(rows, languages[others], odds) for rows, others in ((left, right), (right, left)))
    return np.asarray(odds >= np.maximum(of_left, of_right) - NEAR_BEST)


def _best(rows: Rows, languages: Numbers, odds: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the best odds that each pair's article has with any of the same language, shape (pairs,)."""
    kinds, of = np.unique(np.stack([rows, languages], axis=1), axis=0, return_inverse=True)
    best = np.full(len(kinds), -np.inf)
    np.maximum.at(best, of.ravel(), odds)
    return best[of.ravel()]


def _rows_by_language(vectors: Vectors, languages: Sequence[str | None]) -> dict[str, Numbers]:
    """Return the rows that have a vector, of each language that has enough of them."""
    of = np.array([language or "" for language in languages], dtype=object)
    of[np.einsum("ij,ij->i", vectors, vectors) <= 0] = ""
    found = {language: np.flatnonzero(of == language) for language in sorted(set(of.tolist()) - {""})}
    return {language: rows for language, rows in found.items() if len(rows) >= MIN_ARTICLES}


def _drawn(rows: Numbers) -> Numbers:
    """Return MAX_ARTICLES of these rows, always the same."""
    if len(rows) <= MAX_ARTICLES:
        return rows
    return np.sort(np.random.default_rng(1).choice(rows, MAX_ARTICLES, replace=False))


def _spread(vectors: Vectors, one: Numbers, other: Numbers) -> Spread:
    """Return how the pairs between two languages, or within one, lie; nearly all of them are unrelated."""
    found = vectors[one] @ vectors[other].T
    middle, wide = np.quantile(found[np.triu_indices(len(one), k=1)] if one is other else found, [0.5, WIDE])
    return Spread(float(middle), float(wide - middle) / float(ndtri(WIDE)))


def _sure(vectors: Vectors, words: WordMatrix, rows: Numbers) -> Cosines:
    """Return the cosines of those pairs of one language that their words alone are sure of."""
    shared = (words[rows] @ words[rows].T).tocoo()
    kept = (shared.row < shared.col) & (shared.data >= SURE[0]) & (shared.data < SURE[1])
    left, right = rows[shared.row[kept]], rows[shared.col[kept]]
    return np.asarray(np.einsum("ij,ij->i", vectors[left], vectors[right]), dtype=np.float32)


def _scale(sure: Cosines, against: Reference) -> tuple[float, int]:
    """Return the factor, and on how many sure pairs it rests; `sure` are cosines above the middle of all pairs."""
    if len(sure) < MIN_SURE:
        raise CalibrationError(
            f"The window holds {len(sure)} pairs of articles that words alone are sure of, and {MIN_SURE} are needed; "
            "calibrate again when more has been fetched."
        )
    scale = (against.sure - against.middle) / max(float(np.median(sure)), 1e-6)
    if not SCALES[0] <= scale <= SCALES[1]:
        raise CalibrationError(
            "This model does not tell articles about one happening from others as a model of sentences does; "
            "nothing was changed. Choose another with model in [encode] of config.toml."
        )
    return scale, len(sure)


def _bar(spread: Spread, scale: float, n_articles: int, against: Reference) -> float:
    """Return the calibrated cosine that unrelated articles of two languages reach for MISTAKES of the articles at most.

    `n_articles` are those of the larger language. The spread is taken as normal. Never below the reference's own.
    """
    return max(against.across, against.middle + float(-ndtri(MISTAKES / n_articles)) * scale * spread.deviation)


def _looked_up(table: Mapping[str, float], left: Numbers, right: Numbers, default: float) -> Cosines:
    """Return the table's value for each pair of languages."""
    values = {tuple(sorted(map(hash, key.split()))): value for key, value in table.items()}
    met, of = np.unique(np.sort(np.stack([left, right], axis=1), axis=1), axis=0, return_inverse=True)
    found = [values.get((one,) if one == other else (one, other), default) for one, other in met.tolist()]
    return np.array(found, dtype=np.float32)[of.ravel()]


def _key(one: str, other: str) -> str:
    """Return the name of a pair of languages: "en", or "de en"."""
    return one if one == other else " ".join(sorted((one, other)))
