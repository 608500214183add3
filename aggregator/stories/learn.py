"""The owner's corrections -> decisions that lean a little towards them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from aggregator.models import Correction, CorrectionKind

PRIOR_SD = 0.1
"""Standard deviation of the prior around each shipped weight, in logits. Ten corrections of pairs that the engine was
sure of (chance .7) move the log odds of such pairs by about .15, a hundred by .8; see tests/unit/test_learn.py."""

MOST_LOGITS = 1.0
"""How far the log odds of any pair may move in all, however much was corrected: a chance of .6 becomes .8 or .36."""

MOST_PAIRS = 32
"""Pairs that are looked at of one correction; together they count as one lesson, however many articles it names."""

Features = Mapping[str, NDArray[np.float32]]
"""What a pair is judged by, by name: each of shape (n,), about 0..1."""

Weights = Mapping[str, float]
"""Of a logistic decision: one factor per feature, and `intercept`."""

Pair = tuple[int, int]
"""Two articles, by id, the smaller first."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Pairs of articles that the owner spoke of: n of them."""

    features: Features
    has_vectors: NDArray[np.bool_]
    """Whether both articles have a vector: shape (n,)."""
    is_same: NDArray[np.bool_]
    """What the owner said: shape (n,)."""
    counts: NDArray[np.float64]
    """Lessons that each is worth: shape (n,)."""


def corrected_pairs(correction: Correction) -> list[Pair]:
    """Return pairs across the correction's sides, MOST_PAIRS at most, evenly chosen and always the same."""
    left, right = sorted(correction.left), sorted(correction.right)
    n = len(left) * len(right)
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_PAIRS)).astype(np.int64)).tolist() if n else []
    pairs = [(left[each // len(right)], right[each % len(right)]) for each in chosen]
    return [(min(pair), max(pair)) for pair in pairs]


def uncontradicted(corrections: Sequence[Correction]) -> dict[Pair, tuple[bool, float]]:
    """Return for each pair whether it is the same story, as the newest correction has it, and what that counts."""
    said: dict[Pair, tuple[bool, float]] = {}
    for correction in sorted(corrections, key=lambda each: (each.made_at, each.id), reverse=True):
        pairs = corrected_pairs(correction)
        for pair in pairs:
            said.setdefault(pair, (correction.kind is CorrectionKind.TOGETHER, 1 / len(pairs)))
    return said


def learn(decisions: Mapping[str, Weights], lessons: Lessons) -> dict[str, dict[str, float]]:
    """Return the decisions with those on pairs refitted: with vectors on pairs that have them, by words on all."""
    has = lessons.has_vectors
    learned = {name: dict(weights) for name, weights in decisions.items()}
    learned["pair"] = refitted(
        decisions["pair"],
        {name: values[has] for name, values in lessons.features.items()},
        lessons.is_same[has],
        lessons.counts[has],
    )
    learned["pair_by_words"] = refitted(decisions["pair_by_words"], lessons.features, lessons.is_same, lessons.counts)
    return learned


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
