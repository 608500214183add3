"""Every collected address and scenario, where each address would answer and names mean what we say."""

import pytest

from tests.hostile.apart import run_apart


@pytest.mark.slow
def test_nobody_inside_is_called_and_everybody_outside_can_be() -> None:
    run_apart("inside_a_network.py")
