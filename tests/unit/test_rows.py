import numpy as np

from aggregator.stories.rows import PAIRS_AT_ONCE, dots, moved_up, rows_for, under

HALVES = np.random.default_rng(1).normal(size=(2500, 8)).astype(np.float16)
IDS = range(len(HALVES))


def test_what_comes_goes_behind_what_is_there_without_a_copy_of_that():
    there, more = rows_for(IDS, IDS, HALVES), rows_for(IDS[:200], IDS, HALVES)
    both = np.concatenate([there, more])
    found = under(there, more)
    assert np.array_equal(found, both)
    assert np.shares_memory(found, there)


def test_what_has_no_room_behind_it_is_copied():
    there, more = rows_for(IDS, IDS, HALVES), rows_for(IDS, IDS, HALVES)
    for above in (there, there.copy(), there[10:], there[::2], there[:, :4]):
        below = more[:, : above.shape[1]]
        assert np.array_equal(under(above, below), np.concatenate([above, below]))


def test_what_stays_moves_up_and_leaves_its_room():
    there = rows_for(IDS, IDS, HALVES)
    stays = np.flatnonzero(np.arange(len(there)) % 3 > 0)
    wanted = there[stays]
    found = moved_up(there, stays)
    assert np.array_equal(found, wanted)
    assert np.shares_memory(under(found, wanted[:500]), there)


def test_products_are_those_of_each_pair():
    rows = rows_for(IDS, IDS, HALVES)
    left, right = np.random.default_rng(2).integers(0, len(rows), (2, 2 * PAIRS_AT_ONCE + 7))
    assert np.allclose(dots(rows, left, right), (rows[left] * rows[right]).sum(axis=1), atol=1e-6)
    assert dots(rows, left[:0], right[:0]).shape == (0,)
