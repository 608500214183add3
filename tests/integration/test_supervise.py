"""The worker and the web are kept running, with real processes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aggregator.supervise import MUST_ACT, keep_running, pause_before_restart_s


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_process_that_falls_is_started_again(tmp_path: Path):
    count, stop = tmp_path / "count", threading.Event()
    falling = python(f"open({str(count)!r}, 'a').write('x')")
    threading.Thread(target=lambda: _set_when(stop, lambda: count.exists() and len(count.read_text()) >= 2)).start()
    assert keep_running({"worker": falling}, stop) == 0
    assert len(count.read_text()) >= 2


def test_a_process_that_needs_the_owner_ends_them_all():
    waiting = python("import time; time.sleep(60)")
    refusing = python(f"import sys; sys.exit({MUST_ACT})")
    assert keep_running({"worker": waiting, "web": refusing}, threading.Event()) == MUST_ACT


@pytest.mark.parametrize(
    ("name", "ours"),
    [("MALLOC_ARENA_MAX", "1"), ("LRU_CACHE_CAPACITY", "16"), ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")],
)
def test_memory_is_kept_small_unless_the_owner_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, ours: str
):
    told, stop = tmp_path / "told", threading.Event()
    teller = python(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(told)!r}).write_text(os.environ[{name!r}] + '\\n')\n"
        "time.sleep(60)"
    )
    for owners, wanted in ((None, f"{ours}\n"), ("4", "4\n")):
        told.unlink(missing_ok=True)
        stop.clear()
        if owners:
            monkeypatch.setenv(name, owners)
        else:
            monkeypatch.delenv(name, raising=False)
        threading.Thread(target=lambda: _set_when(stop, lambda: told.exists() and bool(told.read_text()))).start()
        assert keep_running({"worker": teller}, stop) == 0
        assert told.read_text() == wanted


def test_stopping_asks_each_process_to_end(tmp_path: Path):
    ready, ended, stop = tmp_path / "ready", tmp_path / "ended", threading.Event()
    polite = python(
        "import signal, sys, time, pathlib\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(ended)!r}).touch(), sys.exit(0)))\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)"
    )
    threading.Thread(target=lambda: _set_when(stop, ready.exists)).start()
    assert keep_running({"worker": polite}, stop) == 0
    assert ended.exists()


@pytest.mark.parametrize("is_stubborn", [False, True])
def test_a_supervisor_that_is_killed_leaves_nobody_behind(is_stubborn: bool):
    """Each process of the family holds our pipe open: it is at its end when the last of them is gone."""
    child = "from aggregator import supervise; import os, signal, threading\n" + (
        "supervise.STOP_WITHIN_S = 0.1; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if is_stubborn else ""
    )
    child += "supervise.end_when_left_alone(); os.write(1, b'here\\n'); threading.Event().wait()"
    parent = f"""import sys, threading; from aggregator.supervise import keep_running
keep_running(dict.fromkeys(('worker', 'web'), [sys.executable, '-c', {child!r}]), threading.Event())"""
    with subprocess.Popen(python(parent), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        said = [supervisor.stdout.readline() for _ in "12"]
        supervisor.kill()
        assert said == ["here\n"] * 2
        assert supervisor.stdout.read() == ""


def test_pauses_double_up_to_a_minute():
    assert [pause_before_restart_s(n) for n in (1, 2, 3, 7, 40)] == [1, 2, 4, 60, 60]


def _set_when(stop: threading.Event, holds) -> None:
    while not holds():
        stop.wait(0.01)
    stop.set()
