"""Keeping the worker and the web running: start, watch, start again, stop."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic

MUST_ACT = 2
"""Exit status of a process that cannot run until the owner does something: it is not started again."""
LOOK_EVERY_S = 0.2
STOP_WITHIN_S = 20.0
LONGEST_PAUSE_S = 60.0
ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}
"""Has the C library (glibc) keep one heap. By itself it gives each thread its own, and what one frees the others cannot
have: as grouping goes from thread to thread, memory grew to that of several windows."""
FEW_SHAPES = {"LRU_CACHE_CAPACITY": "16", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16"}
"""Has torch, and the library that it multiplies with, keep the programs of 16 shapes of products and not of a thousand:
each batch of texts has shapes of its own, and a worker grew by 200 MB. Source: pytorch/pytorch#27971, oneDNN's guide to
its primitive cache; for the number, bench/window.md."""
STEADY_AFTER_S = 60.0
"""A process that ran this long was well; its next fall is counted as a first one."""

log = logging.getLogger(__name__)


def keep_running(commands: Mapping[str, Sequence[str]], stop: threading.Event) -> int:
    """Run these commands side by side until `stop` is set; return the exit status for the whole.

    A command that falls is started again after a pause that doubles; one that says MUST_ACT ends them all.
    """
    with ThreadPoolExecutor(max_workers=len(commands)) as pool:
        return max(pool.map(partial(_keep_one, stop=stop), commands, commands.values()))


def pause_before_restart_s(n_falls: int) -> float:
    """Return how long to wait after so many falls in a row: 1, 2, 4 … seconds, a minute at most."""
    return float(min(2 ** (n_falls - 1), LONGEST_PAUSE_S))


def end_when_left_alone() -> None:
    """Ask this process to end as soon as the supervisor that started it is gone, however that ended.

    The other end of our standard input is the supervisor's alone: it closes even when that is killed.
    """
    threading.Thread(target=_wait_for_end_of_input, name="supervised", daemon=True).start()


def _wait_for_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOP_WITHIN_S)
    os._exit(1)


def _keep_one(name: str, command: Sequence[str], *, stop: threading.Event) -> int:
    n_falls = 0
    while not stop.is_set():
        started_s = monotonic()
        status = _run_once(command, stop)
        if status == MUST_ACT:
            stop.set()
            return MUST_ACT
        if not stop.is_set():
            n_falls = 1 if monotonic() - started_s >= STEADY_AFTER_S else n_falls + 1
            pause_s = pause_before_restart_s(n_falls)
            log.warning("The %s ended with status %s; it starts again in %g s.", name, status, pause_s)
            stop.wait(pause_s)
    return 0


def _run_once(command: Sequence[str], stop: threading.Event) -> int:
    """Return the exit status of the command, which is asked to end when `stop` is set."""
    # A session of its own: the terminal's Ctrl-C reaches us alone, and we end the children in order.
    environment = ONE_HEAP | FEW_SHAPES | os.environ
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE, env=environment) as process:
        while process.poll() is None:
            if stop.wait(LOOK_EVERY_S):
                process.terminate()
                _wait_or_kill(process)
        return process.returncode


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
