"""The search for garbage, left out while much is made that stays, and while little was."""

import gc
import sys
import weakref

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


class Circle:
    """Something that only a search for garbage finds."""

    def __init__(self, n_bytes: int) -> None:
        self.itself, self.held = self, b"x" * n_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process knows how much memory it has")
def test_garbage_is_searched_for_once_it_is_much_or_when_asked_to() -> None:
    """To search each time would take a fifth of reading a document in which little is new."""
    spare = heap.Spare(much_bytes=8 * 1024**2)
    with heap.growing():
        spare.give_back()
        little = weakref.ref(Circle(1000))
        spare.give_back()
        assert little()
        large = weakref.ref(Circle(16 * 1024**2))
        spare.give_back()
        assert not large()
        assert not little()
        little = weakref.ref(Circle(1000))
        spare.give_back(at_once=True)
        assert not little()
