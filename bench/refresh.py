"""Refresh 1,000 feeds of 30 entries each as an owner would, beside lemon24/reader: first, unchanged, one new each.

    python -m bench.refresh [--runs 3] [--latency 0 100] [--rival FOLDER] [--postgresql URL] [--out bench/refresh.md]

Needs the synthetic publisher of ../shared/tools. FOLDER is a virtual environment that holds the rival, made with
`python -m venv FOLDER && FOLDER/bin/pip install reader sgmllib3k`; where it is absent, that is said and ours is
measured alone. The rival takes minutes for one run and has one for each latency (--rival-runs). Both have their
modules compiled, as after an installation. What is measured is the command `broadsheet refresh` with its bar, from its
start to its end and with the settings that come with it (but for loopback, which is allowed), and the rival's
`update_feeds` in a process of its own. Each takes its step right after the other, so that whatever else the machine
does meets both. One run more looks at memory ten times a second, which takes an eighth of a core away from what is
looked at; its times do not count.
"""

import argparse
import compileall
import json
import os
import platform
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.request import urlopen

import psutil
from sqlalchemy import create_engine, make_url

from aggregator.config import FetchSettings
from bench.fetch import N_FEEDS, N_HOSTS, PUBLISHER, publisher, urls

ROOT = Path(__file__).parents[1]
N_ENTRIES = 30
STEPS = ("first", "unchanged", "one new each")
LOOK_EVERY_S = 0.1
MIB = 1024**2
POLITE = FetchSettings()
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

RIVAL_ADDS = "[reader.add_feed(url) for url in sys.stdin.read().split()]"
RIVAL_UPDATES = "reader.update_feeds(workers={workers}, scheduled=False); print(reader.get_entry_counts().total)"
RIVAL_WORKERS = 10


@dataclass(frozen=True)
class Cost:
    """What one step took."""

    wall_s: float
    cpu_s: float
    """Of the process and all its children."""
    publisher_s: float
    """CPU seconds that the publisher spent meanwhile, on the same two cores."""
    peak_bytes: int | None = None
    """The most that the process and its children held at once; a page that several share counts once. None where
    nobody looked."""


@dataclass
class Gauge:
    """Looks at a process and its children now and then until it has ended."""

    process: psutil.Process
    peak_bytes: int | None
    """None where memory is not looked at."""
    _cpu_s: dict[int, float] = field(default_factory=dict)

    def watch(self) -> None:
        """Look until the process has ended."""
        while self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
            self._look()
            threading.Event().wait(LOOK_EVERY_S)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all that was seen; the last tenth of a second of a child may be missing."""
        return sum(self._cpu_s.values())

    def _look(self) -> None:
        held = 0
        for each in (self.process, *_children(self.process)):
            try:
                used = each.cpu_times()
                self._cpu_s[each.pid] = used.user + used.system
                if self.peak_bytes is not None:
                    held += each.memory_full_info().pss
            except psutil.Error:
                continue
        if self.peak_bytes is not None:
            self.peak_bytes = max(self.peak_bytes, held)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def measured(command: Sequence[str], port: int, expected: str, given: Mapping[str, str], *, of_memory: bool) -> Cost:
    """Return what a command cost; the bench ends where it fails, or its last line is not what was expected."""
    before_s, began = publisher_cpu_s(port), perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=given) as process:
        gauge = Gauge(psutil.Process(process.pid), 0 if of_memory else None)
        watching = threading.Thread(target=gauge.watch)
        watching.start()
        said, _ = process.communicate()
        wall_s = perf_counter() - began
        watching.join()
    if process.returncode or not COLOURS.sub("", said).rstrip().endswith(expected):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: …{said[-500:]}\nExpected: {expected}")
    return Cost(wall_s, gauge.cpu_s, publisher_cpu_s(port) - before_s, gauge.peak_bytes)


class Ours:
    """`broadsheet`, with a database of its own."""

    name = "Broadsheet"

    def __init__(self, folder: Path, port: int, given: Sequence[str], database: str | None) -> None:
        self._port = port
        self._config = folder / "config.toml"
        address = database or f"sqlite:///{folder / 'ours.db'}"
        self._config.write_text(
            f'[database]\nurl = "{address}"\n[fetch]\nallowed_hosts = ["127.0.0.0/8"]\n', encoding="utf-8"
        )
        self._config.chmod(0o600)
        # as an installation has it; without, each start compiles all of it anew
        for room in ("aggregator", "migrations"):
            compileall.compile_dir(ROOT / room, quiet=1)
        opml = folder / "feeds.opml"
        outlines = "".join(f'<outline type="rss" xmlUrl="{url}"/>' for url in given)
        opml.write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8")
        subprocess.run([*self._command, "import", str(opml)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

    @property
    def _command(self) -> list[str]:
        return [sys.executable, "-m", "aggregator.cli.main", "--config", str(self._config)]

    def step(self, n_new: int, n_there: int, *, of_memory: bool) -> Cost:
        """Refresh all feeds, which have so many new entries and had so many before."""
        said = f"{n_new:,} new articles, 0 failed."
        # the bar is drawn as on a terminal
        given = environment(FORCE_COLOR="1")
        return measured([*self._command, "refresh"], self._port, said, given, of_memory=of_memory)


class Rival:
    """lemon24/reader, with a database of its own."""

    name = "lemon24/reader"

    def __init__(self, folder: Path, port: int, given: Sequence[str], environment: Path) -> None:
        self._port = port
        self._python = environment / "bin/python"
        self._database = folder / "rival.db"
        subprocess.run(self._command(RIVAL_ADDS), input="\n".join(given), cwd=ROOT, check=True, text=True)

    def _command(self, doing: str) -> list[str]:
        code = f"import sys; from reader import make_reader; reader = make_reader({str(self._database)!r}); {doing}"
        return [str(self._python), "-c", code]

    def step(self, n_new: int, n_there: int, *, of_memory: bool) -> Cost:
        """Refresh all feeds, which have so many new entries and had so many before."""
        command, said = self._command(RIVAL_UPDATES.format(workers=RIVAL_WORKERS)), str(n_there + n_new)
        return measured(command, self._port, said, environment(), of_memory=of_memory)


def environment(**more: str) -> dict[str, str]:
    """Return the variables of a process that may keep what it compiles."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


def one_run(
    port: int, latency_ms: int, options: argparse.Namespace, *, with_rival: bool, of_memory: bool = False
) -> Iterator[tuple[str, str, Cost]]:
    """Yield (reader, step, cost): each step of each reader, one reader right after the other."""
    _control(port, f"latency?ms={latency_ms}")
    with tempfile.TemporaryDirectory() as name, database(options.postgresql) as address:
        given = urls(port, options.feeds)
        readers: list[Ours | Rival] = [Ours(Path(name), port, given, address)]
        if with_rival:
            readers.append(Rival(Path(name), port, given, options.rival))
        n_there = 0
        for step, n_new in zip(STEPS, (options.feeds * N_ENTRIES, 0, options.feeds), strict=True):
            if step == STEPS[-1]:
                _control(port, "publish?m=1")
            for reader in readers:
                yield reader.name, step, reader.step(n_new, n_there, of_memory=of_memory)
            n_there += n_new


@contextmanager
def database(server: str | None) -> Iterator[str | None]:
    """Give a fresh database in this PostgreSQL server; None, which means a SQLite file, without one."""
    if server is None:
        yield None
        return
    address, name = make_url(server).set(drivername="postgresql+psycopg"), f"bench_refresh_{os.getpid()}"
    with create_engine(address, isolation_level="AUTOCOMMIT").connect() as db:
        db.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield address.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        finally:
            db.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def publisher_cpu_s(port: int) -> float:
    """Return the CPU seconds that the publisher has used."""
    return float(_control(port, "stats")["cpu"])


def _control(port: int, what: str) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/_ctl/{what}") as answer:
        return dict(json.load(answer))


def as_markdown(costs: Mapping[tuple[int, str, str], Sequence[Cost]], peaks: Mapping[tuple[int, str, str], int]) -> str:
    """Return the medians of all runs, and the memory, as a table."""
    lines = [
        "| ms away | step | reader | wall s | all wall s | CPU s | publisher's CPU s | peak MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (latency_ms, step, reader), given in costs.items():
        walls = " / ".join(f"{each.wall_s:.1f}" for each in given)
        wall_s, cpu_s, publisher_s = (
            median(values)
            for values in zip(*((each.wall_s, each.cpu_s, each.publisher_s) for each in given), strict=True)
        )
        peak = peaks[latency_ms, step, reader] / MIB
        figures = f"{wall_s:.2f} | {walls} | {cpu_s:.1f} | {publisher_s:.1f} | {peak:.0f}"
        lines.append(f"| {latency_ms} | {step} | {reader} | {figures} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every step of every reader, several times, and print or write the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="fresh databases (default: 3)")
    parser.add_argument("--feeds", type=int, default=N_FEEDS, help=f"how many (default: {N_FEEDS})")
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 100], help="milliseconds that answers take")
    parser.add_argument("--rival", type=Path, help="a virtual environment with lemon24/reader")
    parser.add_argument("--rival-runs", type=int, default=1, help="of these runs, with the rival (default: 1)")
    parser.add_argument("--postgresql", help="the URL of a server to measure ours on, instead of a SQLite file")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not PUBLISHER.exists():
        sys.exit(f"The synthetic publisher is not at {PUBLISHER}; there is nothing to fetch from.")
    if options.rival and not (options.rival / "bin/python").exists():
        print(f"There is no virtual environment at {options.rival}; ours is measured alone.")
        options.rival = None
    costs = defaultdict[tuple[int, str, str], list[Cost]](list)
    peaks = dict[tuple[int, str, str], int]()
    with publisher(options.feeds) as port:
        for latency_ms in options.latency:
            for run in range(options.runs):
                with_rival = bool(options.rival) and run < options.rival_runs
                for reader, step, cost in one_run(port, latency_ms, options, with_rival=with_rival):
                    print(f"{latency_ms} ms, {step}, {reader}: {cost}", flush=True)
                    costs[latency_ms, step, reader].append(cost)
            with_rival = bool(options.rival and options.rival_runs)
            for reader, step, cost in one_run(port, latency_ms, options, with_rival=with_rival, of_memory=True):
                peaks[latency_ms, step, reader] = cost.peak_bytes or 0
    table = as_markdown(costs, peaks)
    print(table)
    if options.out:
        options.out.write_text(f"{heading(options)}\n{table}", encoding="utf-8")


def heading(options: argparse.Namespace) -> str:
    """Return what stands above the table."""
    command, load = f"python -m bench.refresh --feeds {options.feeds} --runs {options.runs}", os.getloadavg()[2]
    return f"""# {options.feeds:,} feeds of {N_ENTRIES} entries

`{command}`: medians, all on one machine of
{os.cpu_count()} cores, which the publisher and other work (load average {load:.0f}) share: CPU seconds divided by the
cores are the least that a step takes there. Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}.

The feeds lie on {N_HOSTS} addresses. With the settings as they come, requests to one address begin
{POLITE.per_host_gap_s} s apart, but for those after an answer that nothing changed, and are {POLITE.per_host} at once.
{POLITE.in_flight} are under way in all. Politeness alone thus asks for {least_s(options.feeds, 0):.1f} s at 0 ms and
{least_s(options.feeds, 100):.1f} s at 100 ms, and for {least_s(options.feeds, 100, is_unchanged=True):.1f} s at 100 ms
where all is unchanged. The rival waits for nobody.
"""


def least_s(n_feeds: int, latency_ms: int, *, is_unchanged: bool = False) -> float:
    """Return the seconds that a refresh takes where nothing but politeness and latency costs any."""
    each = ceil(n_feeds / N_HOSTS)
    latency_s = latency_ms / 1000
    in_all_s = ceil(n_feeds / POLITE.in_flight) * latency_s
    if is_unchanged:  # the first of a host by itself, and then as many at once as may be
        return max((1 + ceil((each - 1) / POLITE.per_host)) * latency_s, in_all_s)
    return max((each - 1) * POLITE.per_host_gap_s + latency_s, in_all_s)


if __name__ == "__main__":
    main()
