from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.models import Correction, CorrectionKind
from aggregator.stories.learn import (
    MOST_LOGITS,
    MOST_PAIRS,
    Lessons,
    corrected_pairs,
    learn,
    refitted,
    uncontradicted,
)
from aggregator.stories.similarity import learned

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SHIPPED = {"vector": 6.0, "title": 2.0, "text": 10.0, "length": -3.0, "intercept": -1.0}
SURE = {"vector": 0.4, "title": 0.1, "text": 0.2, "length": 0.9}
"""A pair that the shipped weights hold for the same story, with log odds of .9."""


def pairs(n, spread=0.05, seed=0, like=None):
    dice = np.random.default_rng(seed)
    return {name: (value + spread * dice.standard_normal(n)) for name, value in (like or SURE).items()}


def log_odds(weights, features):
    return weights["intercept"] + sum(weights[name] * np.mean(values) for name, values in features.items())


def refit(n, is_same, spread=0.05):
    features = pairs(n, spread)
    after = refitted(SHIPPED, features, np.full(n, is_same), np.ones(n))
    return log_odds(after, features) - log_odds(SHIPPED, features)


def said(kind, left, right, minute=0):
    sides = {"left": frozenset(left), "right": frozenset(right)}
    return Correction(id=minute, kind=kind, made_at=NOON + timedelta(minutes=minute), **sides)


def test_ten_corrections_move_the_bar_by_little_and_the_right_way():
    assert -0.25 < refit(10, is_same=False) < -0.05
    assert 0.02 < refit(10, is_same=True) < 0.25


def test_more_corrections_move_it_further():
    assert refit(100, is_same=False) < 3 * refit(10, is_same=False)


@pytest.mark.parametrize("is_same", [False, True])
def test_however_many_there_are_no_pair_moves_further_than_the_bound(is_same):
    features = pairs(5_000, spread=0.3)
    after = refitted(SHIPPED, features, np.full(5_000, is_same), np.ones(5_000))
    moved = sum((after[name] - SHIPPED[name]) * values for name, values in features.items())
    assert np.abs(moved + after["intercept"] - SHIPPED["intercept"]).max() <= MOST_LOGITS + 1e-6


def test_nothing_said_moves_nothing():
    assert refitted(SHIPPED, pairs(0), np.zeros(0, dtype=bool), np.zeros(0)) == SHIPPED


def test_what_was_said_both_ways_moves_nothing():
    features = {name: np.tile(values, 2) for name, values in pairs(10).items()}
    both = np.repeat([True, False], 10)
    assert refitted(SHIPPED, features, both, np.ones(20)) == SHIPPED


def test_what_the_engine_knew_already_moves_next_to_nothing():
    plain = pairs(10, like={"vector": 0.9, "title": 0.9, "text": 0.8, "length": 0.9})
    after = refitted(SHIPPED, plain, np.full(10, True), np.ones(10))
    assert log_odds(after, plain) - log_odds(SHIPPED, plain) < 0.001


def test_a_correction_of_large_stories_counts_as_one():
    many, one = pairs(32, spread=0), pairs(1, spread=0)
    by_many = refitted(SHIPPED, many, np.zeros(32, dtype=bool), np.full(32, 1 / 32))
    by_one = refitted(SHIPPED, one, np.zeros(1, dtype=bool), np.ones(1))
    assert by_many == pytest.approx(by_one)


def test_the_same_lessons_in_another_order_teach_the_same():
    features, dice = pairs(20), np.random.default_rng(1)
    is_same, order = dice.random(20) < 0.5, dice.permutation(20)
    shuffled = {name: values[order] for name, values in features.items()}
    one, other = (refitted(SHIPPED, f, s, np.ones(20)) for f, s in ((features, is_same), (shuffled, is_same[order])))
    assert one == pytest.approx(other)


def test_pairs_without_vectors_teach_the_words_only():
    features = {name: values.astype(np.float32) for name, values in pairs(10).items()}
    lessons = Lessons(features, np.zeros(10, dtype=bool), np.zeros(10, dtype=bool), np.ones(10))
    after = learn(learned(), lessons)
    assert after["pair"] == learned()["pair"]
    assert after["pair_by_words"]["intercept"] < learned()["pair_by_words"]["intercept"]
    assert {name: after[name] for name in ("join", "join_by_words")} == {
        name: dict(learned()[name]) for name in ("join", "join_by_words")
    }


def test_pairs_are_those_across_the_sides():
    assert corrected_pairs(said(CorrectionKind.APART, {3}, {1, 2})) == [(1, 3), (2, 3)]
    assert corrected_pairs(said(CorrectionKind.APART, {3}, set())) == []


def test_of_large_stories_some_pairs_are_looked_at():
    chosen = corrected_pairs(said(CorrectionKind.TOGETHER, range(100), range(100, 200)))
    assert len(set(chosen)) == MOST_PAIRS
    assert {pair[0] for pair in chosen} > {0, 99}


def test_of_a_pair_the_newest_word_counts():
    older, newer = said(CorrectionKind.TOGETHER, {1}, {2}, 1), said(CorrectionKind.APART, {2}, {1, 3}, 2)
    assert uncontradicted([newer, older]) == {(1, 2): (False, 0.5), (2, 3): (False, 0.5)}
