"""The owner's corrections -> decisions that lean a little towards them. Pure."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from aggregator.models.corrections import Correction, CorrectionKind, Lesson
from aggregator.stories.similarity import Decisions, Weights
from aggregator.stories.window import Window

PRIOR_SD = 0.1
"""Standard deviation of the prior around each shipped weight, in logits. Ten corrections of pairs that the engine was
sure of (chance .7) move the log odds of such pairs by about .15, a hundred by .8; see tests/unit/test_learn.py."""

MOST_LOGITS = 1.0
"""How far the log odds of any pair may move in all, however much was corrected: a chance of .6 becomes .8 or .36."""

MOST_PAIRS = 32
"""Pairs that are looked at of one correction; together they count as one lesson, however many articles it names."""

Features = Mapping[str, NDArray[np.float64]]
"""What a pair is judged by, by name: each of shape (n,), about 0..1."""


def lessons_in(correction: Correction, window: Window) -> list[Lesson]:
    """Return what the articles of the window that a correction names on either side have to say."""
    place = {article.id: row for row, article in enumerate(window.articles)}
    pairs = _pairs(correction.left & place.keys(), correction.right & place.keys())
    if not pairs:
        return []
    left, right = (np.array([place[pair[side]] for pair in pairs], dtype=np.int64) for side in (0, 1))
    features = window.features(left, right)
    has_vector = window.compared.has_vector
    return [
        Lesson(
            pair=pair,
            is_same=correction.kind is CorrectionKind.TOGETHER,
            count=1 / len(pairs),
            features={name: float(values[i]) for name, values in features.items()},
            has_vectors=bool(has_vector[left[i]] and has_vector[right[i]]),
        )
        for i, pair in enumerate(pairs)
    ]


def learn(decisions: Decisions, lessons: Sequence[Lesson]) -> Decisions:
    """Return the decisions with those on pairs refitted: with vectors on pairs that have them, by words on all.

    `lessons` come newest first: of what was said of one pair, the newest counts.
    """
    newest = list({lesson.pair: lesson for lesson in reversed(lessons)}.values())
    whole = [lesson for lesson in newest if lesson.has_vectors]
    return {
        **decisions,
        "pair": _refitted_on(decisions["pair"], whole),
        "pair_by_words": _refitted_on(decisions["pair_by_words"], newest),
    }


def _pairs(one: Collection[int], other: Collection[int]) -> list[tuple[int, int]]:
    """Return pairs across two sets of ids, MOST_PAIRS at most, evenly chosen and always the same."""
    left, right = sorted(one), sorted(other)
    n = len(left) * len(right)
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_PAIRS)).astype(np.int64)).tolist() if n else []
    pairs = [(left[each // len(right)], right[each % len(right)]) for each in chosen]
    return [(min(pair), max(pair)) for pair in pairs]


def _refitted_on(weights: Weights, lessons: Sequence[Lesson]) -> Weights:
    names = weights.keys() - {"intercept"}
    return refitted(
        weights,
        {name: np.array([lesson.features.get(name, 0.0) for lesson in lessons]) for name in names},
        np.array([lesson.is_same for lesson in lessons], dtype=bool),
        np.array([lesson.count for lesson in lessons], dtype=np.float64),
    )


def refitted(
    weights: Weights, features: Features, is_same: NDArray[np.bool_], counts: NDArray[np.float64]
) -> dict[str, float]:
    """Return the weights of greatest posterior: logistic regression, its prior centred on the weights given.

    `is_same` and `counts` have shape (n,), as each feature. What was said both ways of one and the same pair cancels
    out. Source: Chelba & Acero 2004, "Adaptation of Maximum Entropy Capitalizer", for the Gaussian prior around a
    model fitted elsewhere. Past MOST_LOGITS the step is shortened, not turned.
    """
    names = sorted(weights)
    before = np.array([weights[name] for name in names])
    rows, sides = _said(_rows(names, features, len(is_same)), np.where(is_same, counts, -counts))
    if not len(rows):
        return dict(weights)
    step = minimize(_loss, np.zeros(len(names)), args=(before, rows, sides), jac=True, method="BFGS").x
    reach = np.maximum(np.abs(rows).max(axis=0), 1) @ np.abs(step)
    after = before + step * min(1, MOST_LOGITS / max(reach, 1e-12))
    return dict(zip(names, after.tolist(), strict=True))


def _rows(names: Sequence[str], features: Features, n: int) -> NDArray[np.float64]:
    """Return the features in the order of their weights, shape (n, len(names)); the intercept's are ones."""
    columns = [np.ones(n) if name == "intercept" else features[name] for name in names]
    return np.stack(columns, axis=1).astype(np.float64)


def _said(rows: NDArray[np.float64], sides: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each different row once with what was said of it in sum; without those of which nothing is left."""
    if not len(rows):
        return rows, sides
    different, of = np.unique(rows, axis=0, return_inverse=True)
    total = np.bincount(of.ravel(), weights=sides)
    is_left = np.abs(total) > 1e-9
    return different[is_left], np.asarray(total[is_left], dtype=np.float64)


def _loss(
    step: NDArray[np.float64], before: NDArray[np.float64], rows: NDArray[np.float64], sides: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return the negative log posterior of weights moved by `step`, and its gradient."""
    margin = np.sign(sides) * (rows @ (before + step))
    loss = np.abs(sides) @ np.logaddexp(0, -margin) + step @ step / (2 * PRIOR_SD**2)
    return float(loss), -(sides * expit(-margin)) @ rows + step / PRIOR_SD**2
