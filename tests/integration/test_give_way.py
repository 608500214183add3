"""A worker lets the pages go first."""

import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not hasattr(os, "nice"), reason="This system knows no niceness.")
def test_a_worker_gives_way_to_whoever_else_wants_the_core() -> None:
    said = "import os; from aggregator.cli.work import NICENESS, give_way; give_way(); print(os.nice(0) - NICENESS)"
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert int(found.stdout) == os.nice(0)
