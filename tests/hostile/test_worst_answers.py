"""What the worst single answers cost the child that reads them; each is at most 15 MiB."""

import os
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
    _within(settings.timeout_s, partial(parse_reply, discover=False), reply)
"""


@dataclass(frozen=True)
class Cost:
    """What reading one document took, with all that a child needs to begin."""

    cpu_s: float
    peak_bytes: int


def cost_of(bomb: str) -> Cost:
    """Read a bomb in a process with a child's limits."""
    reader = subprocess.Popen([sys.executable, "-c", READING], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert reader.stdin
    with reader.stdin as pipe:
        pipe.write(BOMBS[bomb])
    _, _, used = os.wait4(reader.pid, 0)
    reader.returncode = 0  # it was waited for
    scale = 1 if sys.platform == "darwin" else 1024
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss * scale)


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_answer_takes_more_than_300_mb(bomb: str) -> None:
    """For how long is bounded by the alarm that a child sets itself, and by the worker that stops it."""
    assert cost_of(bomb).peak_bytes < MAX_PEAK_BYTES
