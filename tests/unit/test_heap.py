"""The search for garbage, left out while much is made that stays."""

import gc

import pytest

from aggregator import heap


def test_garbage_is_not_searched_for_while_much_is_made() -> None:
    """And it is again afterwards."""
    with heap.growing():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_searched_for_again_when_making_failed() -> None:
    """A worker goes on after an error."""
    with pytest.raises(ValueError, match="broken"), heap.growing():
        raise ValueError("broken")
    assert gc.isenabled()


def test_who_left_the_search_out_before_leaves_it_out_still() -> None:
    """One inside another does not switch it on."""
    with heap.growing():
        with heap.growing():
            pass
        assert not gc.isenabled()
