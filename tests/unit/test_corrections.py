from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.models.corrections import Correction, CorrectionKind
from aggregator.stories.corrections import Constraints, constraints, hold

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def said(kind, minute, left, right):
    return Correction(
        id=minute,
        kind=kind,
        left=frozenset(left),
        right=frozenset(right),
        made_at=NOON + timedelta(minutes=minute),
    )


def together(minute, left, right=()):
    return said(CorrectionKind.TOGETHER, minute, left, right)


def apart(minute, left, right):
    return said(CorrectionKind.APART, minute, left, right)


def groups(held: Constraints):
    return [rows.tolist() for rows in held.together]


def sides(held: Constraints):
    return [(left.tolist(), right.tolist()) for left, right in held.apart]


def held(labels, *corrections):
    return hold(np.array(labels), constraints(corrections, range(len(labels)))).tolist()


def test_nothing_said_asks_for_nothing():
    assert constraints([], [5, 6]) == Constraints()
    assert constraints([together(1, {5}, {6})], []) == Constraints()


def test_articles_are_named_by_their_place():
    found = constraints([together(1, {30}, {10}), apart(2, {20}, {10})], [20, 30, 40, 10])
    assert groups(found) == [[1, 3]]
    assert sides(found) == [([0], [3])]


def test_together_goes_on_from_one_correction_to_the_next():
    assert groups(constraints([together(1, {0}, {1}), together(2, {1}, {2})], range(4))) == [[0, 1, 2]]


def test_articles_that_left_the_window_still_hold_others_together():
    assert groups(constraints([together(1, {1}, {9}), together(2, {9}, {2})], [0, 1, 2])) == [[1, 2]]


def test_what_asks_for_nothing_any_more_is_left_out():
    found = constraints([together(1, {1}, {9}), apart(2, {2}, {9})], [0, 1, 2])
    assert found == Constraints()


def test_a_newer_together_wins_over_an_older_apart():
    found = constraints([apart(1, {0, 1}, {2, 3}), together(2, {1}, {2})], range(4))
    assert groups(found) == [[1, 2]]
    assert sides(found) == [([0], [3])]


def test_a_newer_apart_takes_the_fewer_out_of_an_older_together():
    found = constraints([together(1, {0, 1}, {2, 3}), apart(2, {3}, {0, 1, 2})], range(4))
    assert groups(found) == [[0, 1, 2]]
    assert sides(found) == [([3], [0, 1, 2])]


def test_of_a_chain_the_newest_that_fits_wins():
    found = constraints([together(1, {0}, {1}), together(2, {1}, {2}), apart(3, {0}, {2})], range(3))
    assert groups(found) == [[1, 2]]
    assert sides(found) == [([0], [2])]


def test_an_apart_undone_by_a_chain_of_newer_ones_is_gone():
    found = constraints([apart(1, {0}, {2}), together(2, {0}, {1}), together(3, {1}, {2})], range(3))
    assert (groups(found), sides(found)) == ([[0, 1, 2]], [])


def test_of_two_said_at_the_same_moment_the_later_number_is_the_newer():
    one, other = together(1, {0}, {1}), apart(1, {0}, {1})
    newer = Correction(id=2, kind=other.kind, left=other.left, right=other.right, made_at=one.made_at)
    assert groups(constraints([newer, one], range(2))) == []


def test_an_article_kept_apart_from_itself_asks_for_nothing():
    assert constraints([apart(1, {0}, {0})], range(2)) == Constraints()


def test_clusters_that_must_be_one_become_one():
    assert held([0, 0, 1, 1, 2], together(1, {1}, {2})) == [0, 0, 0, 0, 1]


def test_clusters_become_one_through_others():
    assert held([0, 1, 2, 3], together(1, {0}, {2}), together(2, {2}, {3})) == [0, 1, 0, 0]


def test_the_side_with_fewer_members_leaves():
    assert held([0, 0, 0, 0], apart(1, {0}, {1, 2})) == [0, 1, 1, 1]


def test_of_two_sides_of_one_size_the_later_leaves():
    assert held([0, 0, 0], apart(1, {2}, {0})) == [0, 0, 1]


def test_who_leaves_takes_along_what_belongs_together_with_it():
    assert held([0, 0, 0, 0, 0], together(1, {3}, {4}), apart(2, {3}, {0, 1})) == [0, 0, 0, 1, 1]


def test_what_is_kept_from_two_others_that_are_apart_stands_alone():
    corrections = [apart(1, {0}, {1}), apart(2, {1}, {2}), apart(3, {0}, {2})]
    assert held([0, 0, 0], *corrections) == [0, 1, 2]


def test_clusters_that_break_nothing_stay_as_they_are():
    assert held([3, 1, 3, 0], apart(1, {0}, {1})) == [0, 1, 0, 2]
    assert held([]) == []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_was_said_holds_whatever_the_clusters_are(seed):
    dice = np.random.default_rng(seed)
    corrections = []
    for minute in range(12):
        both = dice.permutation(30)[: dice.integers(2, 9)]
        cut = int(dice.integers(1, len(both)))
        kind = CorrectionKind.TOGETHER if dice.random() < 0.5 else CorrectionKind.APART
        corrections.append(said(kind, minute, both[:cut].tolist(), both[cut:].tolist()))
    found = constraints(corrections, range(30))
    labels = hold(dice.integers(0, 6, 30), found)
    assert all(len(set(labels[rows].tolist())) == 1 for rows in found.together)
    assert not any(np.isin(labels[left], labels[right]).any() for left, right in found.apart)
    newest = corrections[-1]
    one, other = labels[sorted(newest.left)], labels[sorted(newest.right)]
    assert newest.kind is CorrectionKind.APART or len({*one.tolist(), *other.tolist()}) == 1
    assert newest.kind is CorrectionKind.TOGETHER or not np.isin(one, other).any()
