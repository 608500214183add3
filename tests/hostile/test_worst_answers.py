"""What the worst single answers cost the child that reads them; each is at most 15 MiB."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.hostile.test_feed_cases import BOMBS

MAX_PEAK_BYTES = 300 * 1000**2
READING = """
import sys
from contextlib import suppress
from functools import partial
from aggregator.config import FetchSettings, ParseSettings
from aggregator.errors import ParseError
from aggregator.parse.sandbox import _prepare_child, _within, parse_reply
from aggregator.models.fetching import Fetched, Request

settings, body = ParseSettings(), sys.stdin.buffer.read()
assert len(body) <= FetchSettings().max_bytes
reply = Fetched(request=Request("https://a.example/feed"), url="https://a.example/feed", body=body)
_prepare_child(settings.max_memory_bytes)
with suppress(ParseError, MemoryError):
    _within(settings.timeout_s, settings.timeout_s, partial(parse_reply, discover=False), reply)
"""


# What a process took is counted from before it was begun, as long as it was still its parent: ours may be large.
BEGIN_SMALL = """
import os, subprocess, sys
reader = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stderr=subprocess.DEVNULL)
_, _, used = os.wait4(reader.pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@dataclass(frozen=True)
class Cost:
    """What reading one document took, with all that a child needs to begin."""

    cpu_s: float
    peak_bytes: int


def cost_of(bomb: str) -> Cost:
    """Read a bomb in a process with a child's limits."""
    command = [sys.executable, "-c", BEGIN_SMALL, READING]
    cpu_s, peak = subprocess.run(command, input=BOMBS[bomb], stdout=subprocess.PIPE, check=True).stdout.split()
    return Cost(float(cpu_s), int(peak) * (1 if sys.platform == "darwin" else 1024))


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_answer_takes_more_than_300_mb(bomb: str) -> None:
    """For how long is bounded by the alarm that a child sets itself, and by the worker that stops it."""
    assert cost_of(bomb).peak_bytes < MAX_PEAK_BYTES
