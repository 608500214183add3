"""A disk that is really full: a file system of four megabytes."""

import pytest

from tests.hostile.apart import run_apart


@pytest.mark.slow
def test_a_full_disk_loses_nothing_and_is_said_in_words() -> None:
    run_apart("on_a_small_disk.py")
