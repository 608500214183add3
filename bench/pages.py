"""Measure the pages: how fast they come from archives of 30,000 and of a million articles, and what they weigh.

    python -m bench.pages [--sizes 30000 1000000] [--cache FOLDER] [--rounds 40] [--out bench/pages.md]

The archives are those of bench/archives.py and stay in the cache. A real `broadsheet web` serves each, and one reader
asks it over one kept connection, as a browser does. Times run from the request to the last byte of the answer; the
first request of each kind is told apart, since it finds nothing in memory. CPU is the web's own, per request.
Everything is measured twice: by itself, and on a copy of the archive where a real worker polls, keeps, encodes and
groups all the time (bench/busy.py). Web and worker are each a session of their own, as `broadsheet run` starts them.
The reader and the publisher, who would be elsewhere, share the cores with them and give way to nobody.
"""

import argparse
import gzip
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import numpy as np

from bench.archives import build, common_word, rare_word
from tests.server import free_port

ROOT = Path(__file__).parents[1]
MAX_AGE = timedelta(hours=18)
"""Of an archive in the cache: its window ends when it was built."""
TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """\
[database]
url = "sqlite:///{database}"
[web]
port = {port}
[images]
show = "none"
"""


@dataclass(frozen=True)
class Timing:
    """How long one kind of page took."""

    first_ms: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    kilobytes: float
    sent_kilobytes: float


def main() -> None:
    """Build what is not there, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[30_000, 1_000_000])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "broadsheet-archives")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", default="", help="kinds of pages whose name holds this")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    alone, beside, visits = [], [], []
    for size in asked.sizes:
        database = archive(asked.cache, size)
        with web(database) as (port, pid):
            alone += rows(size, port, pid, asked.only, asked.rounds)
            visits.append(f"| {size:,} | {' | '.join(map(str, first_visit(port)))} |")
        with copied(database) as copy, web(copy) as (port, pid), busy(copy):
            beside += rows(size, port, pid, asked.only, asked.rounds)
    written = report(alone, beside, visits)
    print(written)
    if asked.out:
        asked.out.write_text(written, encoding="utf-8")


def archive(cache: Path, size: int) -> Path:
    """Return an archive of this size that ends about now."""
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{size}.db"
    now = datetime.now(UTC)
    if not path.exists() or now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > MAX_AGE:
        print(f"Building {path} …", file=sys.stderr, flush=True)
        build(path, size, now=now)
    return path


@contextmanager
def web(database: Path) -> Iterator[tuple[int, int]]:
    """Serve the archive; give the port and the process id."""
    port = free_port()
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "config.toml"
        config.write_text(CONFIG.format(database=database, port=port))
        command = [sys.executable, "-m", "aggregator.cli.main", "--config", str(config), "web"]
        serving = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for(port)
            yield port, serving.pid
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.wait(30)


@contextmanager
def copied(database: Path) -> Iterator[Path]:
    """Give a copy of the archive that a worker may change, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(dir=database.parent) as folder:
        copy = Path(folder) / database.name
        shutil.copyfile(database, copy)
        yield copy


@contextmanager
def busy(database: Path) -> Iterator[None]:
    """Have a worker at work on the database, from the moment on when it has begun to keep what it polls."""
    n_before = newest_article(database)
    working = subprocess.Popen([sys.executable, "-m", "bench.busy", str(database)], cwd=ROOT)
    try:
        for _ in range(600):
            if newest_article(database) > n_before:
                break
            time.sleep(0.2)
        else:
            raise SystemExit("The worker did not begin.")
        yield
    finally:
        working.terminate()
        working.wait(60)


def newest_article(database: Path) -> int:
    """Return the highest number of an article."""
    with closing(sqlite3.connect(database)) as db:
        number: int = db.execute("SELECT max(id) FROM articles").fetchone()[0]
        return number


def rows(size: int, port: int, pid: int, only: str, rounds: int) -> list[str]:
    """Return a line of the table for each kind of page, telling each as it comes."""
    found = []
    for name, paths in pages(port).items():
        if only in name:
            found.append(row(size, name, measure(port, pid, paths, rounds)))
            print(found[-1], flush=True)
    return found


def pages(port: int) -> dict[str, list[str]]:
    """Return the paths of each kind of page, found on the pages themselves."""
    front = get(port, "/")[2].decode()
    stories = [f"/story/{each}" for each in dict.fromkeys(re.findall(r'href="/story/(\d+)"', front))][:30]
    river = get(port, "/river")[2].decode()
    older = re.search(r'rel="next" href="([^"]+)"', river)
    words = {
        "search: a common word": [common_word(place) for place in (9, 12, 15, 18)],
        "search: a rare word": [rare_word(), rare_word("es"), rare_word("ru")],
        "search: two words": [f"{common_word(10)} {common_word(14)}", f"{common_word(11)} {rare_word()}"],
        "search: a phrase": [f'"{common_word(10)} {common_word(14)}"', f'"{common_word(0)} {common_word(1)}"'],
        "search: a prefix": [f"{common_word(400)[:4]}*", f"{rare_word()[:6]}*"],
        "search: without spaces": [common_word(350, "zh"), common_word(380, "ja"), common_word(350, "th")],
        "search: publisher and time": [f"{common_word(12)} publisher:paper3.example since:30d"],
        "search: language, without": [f"{common_word(12)} lang:en -{common_word(15)}"],
        "search: unread": [f"{common_word(12)} is:unread"],
        "search: starred": [f"{common_word(12)} is:starred"],
        "search: feed": [f"{common_word(12)} feed:feed7.xml"],
    }
    return {
        "front page": ["/"],
        "story": stories,
        "river": ["/river", "/river?unread=", *([older[1].replace("&amp;", "&")] if older else [])],
        **{
            f"{name}, {order}": [f"/search?q={quote(each)}&order={order}" for each in said]
            for name, said in words.items()
            for order in ("best", "newest")
        },
    }


def measure(port: int, pid: int, paths: Sequence[str], rounds: int) -> Timing:
    """Ask for these pages in turn, over one connection; return what that took."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    first_s, plain, sent = timed(connection, paths[0])
    began_s = cpu_s(pid)
    taken = [timed(connection, paths[n % len(paths)])[0] for n in range(rounds)]
    cpu_ms = (cpu_s(pid) - began_s) * 1000 / rounds
    connection.close()
    p50, p95 = (float(np.percentile(taken, part)) * 1000 for part in (50, 95))
    return Timing(first_s * 1000, p50, p95, cpu_ms, plain / 1000, sent / 1000)


def timed(connection: HTTPConnection, path: str) -> tuple[float, int, int]:
    """Return the seconds of one answer, its size when unpacked, and as it was sent."""
    start = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    reply = connection.getresponse()
    body = reply.read()
    taken = time.perf_counter() - start
    if reply.status != 200:
        raise SystemExit(f"{path}: the web answered {reply.status}.")
    is_packed = reply.headers.get("Content-Encoding") == "gzip"
    return taken, len(gzip.decompress(body)) if is_packed else len(body), len(body)


def first_visit(port: int) -> tuple[int, str, str]:
    """Return how many requests a first look at the front page takes, and the kilobytes, unpacked and as sent."""
    status, headers, body = get(port, "/")
    found = re.findall(
        r'(?:<link rel="(?:stylesheet|icon|manifest|modulepreload)"[^>]*href|<script[^>]*src)="([^"]+)"', body.decode()
    )
    sprites = re.findall(r'<use href="([^"#]+)', body.decode())
    parts = [get(port, path.replace("&amp;", "&")) for path in dict.fromkeys([*found, *sprites])]
    everything = [(status, headers, body), *parts]
    plain = sum(len(each[2]) for each in everything) / 1000
    sent = sum(each[1] for each in everything) / 1000
    return len(everything), f"{plain:.1f}", f"{sent:.1f}"


def get(port: int, path: str) -> tuple[int, int, bytes]:
    """Return status, bytes sent, and the body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    is_packed = reply.headers.get("Content-Encoding") == "gzip"
    return reply.status, len(body), gzip.decompress(body) if is_packed else body


def row(size: int, name: str, timing: Timing) -> str:
    """Return one line of the table."""
    figures = (timing.first_ms, timing.p50_ms, timing.p95_ms, timing.cpu_ms, timing.kilobytes, timing.sent_kilobytes)
    return f"| {size:,} | {name} | {' | '.join(f'{each:.1f}' for each in figures)} |"


def report(alone: Sequence[str], beside: Sequence[str], visits: Sequence[str]) -> str:
    """Return the tables with their heads."""
    head = [
        "| articles | page | first ms | p50 ms | p95 ms | CPU ms | kB | kB sent |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join(
        [
            "# The pages",
            "",
            (__doc__ or "").strip(),
            "",
            f"Processes that ran or waited for the {os.cpu_count()} cores meanwhile: {os.getloadavg()[2]:.1f}.",
            "",
            "By itself:",
            "",
            *head,
            *alone,
            "",
            "Beside a worker that polls, keeps, encodes and groups:",
            "",
            *head,
            *beside,
            "",
            "A first visit to the front page, without pictures:",
            "",
            "| articles | requests | kB | kB sent |",
            "| --- | --- | --- | --- |",
            *visits,
            "",
        ]
    )


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, all threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait_for(port: int) -> None:
    """Return when the web answers."""
    for _ in range(600):
        try:
            get(port, "/keys")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The web did not start.")


if __name__ == "__main__":
    main()
