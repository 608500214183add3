from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.models.corrections import Correction, CorrectionKind, Lesson
from aggregator.models.stories import WindowArticle
from aggregator.stories.learn import MOST_LOGITS, MOST_PAIRS, learn, lessons_in, refitted
from aggregator.stories.similarity import learned
from aggregator.stories.window import Window

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


def lesson(one, other, *, is_same, has_vectors=True):
    return Lesson(pair=(one, other), is_same=is_same, count=1.0, features=SURE, has_vectors=has_vectors)


def test_pairs_without_vectors_teach_the_words_only():
    after = learn(learned(), [lesson(1, 2, is_same=False, has_vectors=False)])
    assert after["pair"] == learned()["pair"]
    assert after["pair_by_words"]["intercept"] < learned()["pair_by_words"]["intercept"]
    assert (after["join"], after["join_by_words"]) == (learned()["join"], learned()["join_by_words"])


def test_of_a_pair_the_newest_word_counts():
    assert learn(learned(), [lesson(1, 2, is_same=False), lesson(1, 2, is_same=True)]) == learn(
        learned(), [lesson(1, 2, is_same=False)]
    )


def test_without_lessons_the_decisions_are_the_shipped_ones():
    assert learn(learned(), []) == learned()


def a_window(n):
    window = Window(learned())
    window.advance(
        [
            WindowArticle(
                id=10 + each,
                title=f"Ferry number {each} sinks in the strait of Maras",
                text="",
                publisher=f"p{each}.example",
                language="en",
                published_at=NOON,
                first_seen_at=NOON,
            )
            for each in range(n)
        ]
    )
    return window


def test_lessons_are_pairs_across_the_sides_as_the_window_compares_them():
    first, second = lessons_in(said(CorrectionKind.APART, {12}, {10, 11}), a_window(3))
    assert (first.pair, second.pair) == ((10, 12), (11, 12))
    assert (first.is_same, first.count, first.has_vectors) == (False, 0.5, False)
    assert first.features.keys() == {"title", "text", "names", "has_names", "vector", "length"}
    assert first.features["text"] > 0.5


def test_articles_outside_the_window_teach_nothing():
    assert lessons_in(said(CorrectionKind.TOGETHER, {10}, {99}), a_window(2)) == []
    assert lessons_in(said(CorrectionKind.TOGETHER, {10}, set()), a_window(2)) == []


def test_of_large_stories_some_pairs_are_looked_at():
    found = lessons_in(said(CorrectionKind.TOGETHER, range(10, 20), range(20, 30)), a_window(20))
    assert len({each.pair for each in found}) == MOST_PAIRS
    assert {each.pair[0] for each in found} > {10, 19}
    assert sum(each.count for each in found) == pytest.approx(1)
