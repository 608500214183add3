"""A worker lets the pages go first."""

import os
import subprocess
import sys

import pytest

from aggregator.cli.work import AUTOGROUP, NICENESS

GIVE_WAY = "from aggregator.cli.work import give_way; give_way(); "


def told(program: str, *, is_own_session: bool) -> str:
    """What a worker that has given way says."""
    command = [sys.executable, "-c", GIVE_WAY + program]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=is_own_session
    ).stdout.strip()


def is_parted_by_session() -> bool:
    """Whether this machine parts its cores among sessions first."""
    return AUTOGROUP.exists() and AUTOGROUP.read_text(encoding="ascii") != ""


@pytest.mark.skipif(not hasattr(os, "nice"), reason="This system knows no niceness.")
def test_a_worker_gives_way_to_whoever_else_wants_the_core() -> None:
    assert int(told("import os; print(os.nice(0))", is_own_session=False)) == os.nice(0) + NICENESS


@pytest.mark.skipif(not is_parted_by_session(), reason="This system does not part its cores among sessions.")
def test_a_worker_gives_way_with_its_whole_session_where_that_is_its_own() -> None:
    program = f"print(open('{AUTOGROUP}').read())"
    before = AUTOGROUP.read_text(encoding="ascii")
    assert told(program, is_own_session=True).endswith(f" nice {NICENESS}")
    assert told(program, is_own_session=False) == before.strip()
