"""Run Broadsheet against the chaos publisher, for minutes or hours, and say what came of it.

    python -m tests.chaos.soak [--feeds 500] [--faulty 0.3] [--minutes 3] [--seed 1] [--model none] [--out FILE]

Starts `broadsheet run` (supervisor, worker, web) on a database of its own. An owner opens the front page twice a
second, marks articles read and revives feeds that are gone. At the end everything that was in a good answer has to be
there, once; memory and open files must not grow; no feed was asked before its time. Exit status 1 where that is not so.

The pieces are as old as the window of grouping is long: each drops out of it after some minutes, and as many as come
go. Without that the window would grow for its first week, and memory with it, as it should.
"""

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, perf_counter
from urllib.request import ProxyHandler, build_opener

import psutil
from sqlalchemy import Engine, select

from aggregator.config import StorySettings
from aggregator.store import feeds
from aggregator.store import reading as marks
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.store.schema import article_status, articles
from tests.chaos.ledger import Verdict, early_asks, judge
from tests.chaos.publisher import Publisher
from tests.chaos.running import (
    broadsheet,
    check_every_feed,
    n_unchecked,
    now,
    open_with_feeds,
    running,
    write_config,
)
from tests.server import free_port

MIN_INTERVAL_S = 10.0
WARM_S = 60.0
"""Memory is measured from here on, or from when every feed was read and grouped once where that takes longer."""
PATIENCE_S = 300.0
"""So much longer it runs where it was slow to be warm, or where memory grew: what leaks goes on growing, and what only
takes longer to fill does not."""
DRAIN_S = 120.0
"""So long the worker may take to check every feed once more when all is calm again."""
REST_S = 20.0
"""As long as feeds wait for their next check: in so long a time there is a moment in which none is checked."""
LOOK_EVERY_S = 0.5
ACT_EVERY_S = 10.0
MAX_GROWTH = 0.05
MiB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run."""

    n_feeds: int = 500
    faulty: float = 0.3
    minutes: float = 3.0
    seed: int = 1
    model: str = "none"

    @property
    def judged_s(self) -> float:
        """For how long memory is judged."""
        return max(self.minutes * 60 - WARM_S, 0.0)

    def judged(self, samples: Sequence["Sample"]) -> list["Sample"]:
        """Return the samples by which memory is judged: the last so many seconds of a warm program."""
        return [each for each in samples if each.is_warm and samples[-1].at_s - each.at_s <= self.judged_s]

    def is_over(self, at_s: float, samples: Sequence["Sample"]) -> bool:
        """Whether it ran as long as it was to, was warm for all but the first minute of it, and grew no more."""
        if at_s < self.minutes * 60 or self.minutes * 60 <= 2 * WARM_S:
            return at_s >= self.minutes * 60
        if at_s >= self.minutes * 60 + PATIENCE_S:
            return True
        warm_s = next((each.at_s for each in samples if each.is_warm), at_s)
        grew = max(_growth(self.judged(samples), what) for what in (_worker, _web))
        return at_s - warm_s >= self.judged_s and grew < MAX_GROWTH


@dataclass(frozen=True, slots=True)
class Sample:
    """The processes at a moment."""

    at_s: float
    worker_bytes: int
    """What the worker alone has in memory."""
    readers: Sequence[tuple[int, int]]
    """The number of each process that reads documents for it, and what that has."""
    web_bytes: int
    n_files: int
    """That the worker and the web hold open."""
    is_warm: bool
    """Whether the program has loaded and read all that it will."""


@dataclass
class Report:
    """What came of it."""

    plan: Plan
    verdict: Verdict
    samples: list[Sample]
    pages_s: list[float]
    wrong_pages: list[str]
    early: list[str]
    n_asks: int
    by_status: dict[int, int]
    n_lost_marks: int
    n_marks: int
    n_files_at_rest: int
    """Open when the publisher was calm and every feed had been checked once more."""
    ended: int
    """Exit status of `broadsheet run`, which was asked to end."""
    complaints: list[str] = field(default_factory=list)
    """Lines of the log that speak of a fault of ours."""

    @property
    def growth(self) -> float:
        """By what share the worker's memory grew after the first minute."""
        return _growth(self.plan.judged(self.samples), _worker)

    @property
    def web_growth(self) -> float:
        """By what share the web's memory grew after the first minute."""
        return _growth(self.plan.judged(self.samples), _web)

    @property
    def n_more_files(self) -> int:
        """How many more files are open when all is done than were at the fewest once the program was warm.

        Only at rest are none open but its own: whoever is slow to answer holds a connection for half a minute.
        """
        warm = [each.n_files for each in self.plan.judged(self.samples)]
        return self.n_files_at_rest - min(warm) if warm else 0

    def is_long_enough(self) -> bool:
        """Whether memory can be judged."""
        return any(each.is_warm for each in self.samples) or self.plan.minutes * 60 <= 2 * WARM_S

    def problems(self) -> list[str]:
        """Return what is not as it has to be, in words; nothing where all is well."""
        verdict = self.verdict
        checks = {
            f"lost: {verdict.lost[:9]}": not verdict.lost,
            f"doubled: {verdict.doubled[:9]}": not verdict.doubled,
            f"integrity: {verdict.integrity}, {verdict.stray} stray articles": verdict.is_good
            or bool(verdict.lost or verdict.doubled),
            f"asked early {len(self.early)} times: {self.early[:5]}": not self.early,
            f"pages: {self.wrong_pages[:3]}": not self.wrong_pages,
            f"{self.n_lost_marks} of {self.n_marks} marks are lost": not self.n_lost_marks,
            f"the worker's memory grew by {self.growth:.1%}": self.growth < MAX_GROWTH,
            f"the web's memory grew by {self.web_growth:.1%}": self.web_growth < MAX_GROWTH,
            f"{self.n_more_files} more files are open": self.n_more_files < 10,
            "it was not warm before it ended": self.is_long_enough(),
            f"log: {self.complaints[:3]}": not self.complaints,
            f"ended with status {self.ended}": self.ended == 0,
        }
        return [what for what, is_well in checks.items() if not is_well]


def soak(plan: Plan, folder: Path) -> Report:
    """Run it in this folder; return what came of it."""
    port = free_port()
    config = write_config(folder, min_interval_s=MIN_INTERVAL_S, model=plan.model, port=port)
    n_fast = plan.n_feeds // 25
    age = timedelta(days=StorySettings().window_days)
    with Publisher(plan.n_feeds, seed=plan.seed, faulty=plan.faulty, n_fast=n_fast, age=age) as publisher:
        engine = open_with_feeds(folder, publisher)
        with running(broadsheet(config, "run"), folder / "log") as process:
            owner = _Owner(engine, port, plan.seed)
            samples = _watch(process, owner, plan)
            asks = list(publisher.asks)
            publisher.calm()
            _drain(engine, process)
            n_files_at_rest = _n_files_at_rest(process) if any(each.is_warm for each in samples) else 0
            process.send_signal(signal.SIGTERM)
            ended = process.wait(timeout=60)
        check_every_feed(config, engine)
        verdict = judge(engine, publisher.tokens_served())
        n_lost_marks = owner.n_lost()
        log = (folder / "log").read_text(encoding="utf-8")
    engine.dispose()
    return Report(
        plan=plan,
        verdict=verdict,
        samples=samples,
        pages_s=owner.pages_s,
        wrong_pages=owner.wrong_pages,
        early=early_asks(asks, MIN_INTERVAL_S),
        n_asks=len(asks),
        by_status=dict(sorted(Counter(ask.status for ask in asks).items())),
        n_lost_marks=n_lost_marks,
        n_marks=len(owner.marked),
        n_files_at_rest=n_files_at_rest,
        ended=ended,
        complaints=[line for line in log.splitlines() if "Traceback" in line or "fault of Broadsheet" in line],
    )


def _drain(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    """Wait until every feed was checked once more: what is at hand when a worker ends is dropped, to be read again."""
    calm_at, pause, began_s = now(), threading.Event(), monotonic()
    while n_unchecked(engine, since=calm_at) and process.poll() is None and monotonic() - began_s < DRAIN_S:
        pause.wait(LOOK_EVERY_S)


def _n_files_at_rest(process: subprocess.Popen[bytes]) -> int:
    """Return the fewest files that are open at one time for a while: in between two checks of feeds."""
    found, pause, began_s = list[int](), threading.Event(), monotonic()
    while process.poll() is None and monotonic() - began_s < REST_S:
        if sample := _sample(process.pid, monotonic() - began_s, is_warm=True):
            found.append(sample.n_files)
        pause.wait(LOOK_EVERY_S)
    return min(found, default=0)


class _Owner:
    """Reads, marks and revives meanwhile."""

    def __init__(self, engine: Engine, port: int, seed: int) -> None:
        self.pages_s: list[float] = []
        self.wrong_pages: list[str] = []
        self.marked: set[int] = set()
        self._engine = engine
        self._url = f"http://127.0.0.1:{port}"
        self._open = build_opener(ProxyHandler({})).open
        self._chance = random.Random(seed)
        self._is_up = False
        self._read_at: datetime | None = None
        self.sees_all = False
        """Whether every feed was read, and all that came with it grouped."""

    def look(self) -> None:
        """Open a page; before the web is up, nothing is held against it."""
        place = self._chance.choice(["/", "/", "/river", "/feeds"])
        began_s = perf_counter()
        try:
            with self._open(self._url + place, timeout=20) as page:
                page.read()
        except OSError as error:
            if self._is_up:
                self.wrong_pages.append(f"{place}: {error}")
            return
        self._is_up = True
        self.pages_s.append(perf_counter() - began_s)

    def act(self) -> None:
        """Mark some articles read, and let feeds that are gone be asked again."""
        with reading(self._engine) as db:
            n_feeds = len(feeds.feed_lines(db))
        # a few always wait, because their hosts asked for a pause
        if self._read_at is None and n_unchecked(self._engine) <= n_feeds // 50:
            self._read_at = now()
        with reading(self._engine) as db:
            grouped_at = memory.regrouped_at(db)
            self.sees_all |= bool(self._read_at and grouped_at and grouped_at > self._read_at)
            there = list(db.execute(select(articles.c.id)).scalars())
            paused = [line.feed.id for line in feeds.feed_lines(db) if line.feed.is_paused]
        some = self._chance.sample(there, min(20, len(there)))
        with transaction(self._engine) as db:
            marks.mark_articles(db, some, is_read=True, now=now())
            for feed_id in paused:
                feeds.set_paused(db, feed_id, is_paused=False, now=now())
        self.marked.update(some)

    def n_lost(self) -> int:
        """Return how many marks are gone."""
        with reading(self._engine) as db:
            read = select(article_status.c.article_id).where(article_status.c.read_at.is_not(None))
            return len(self.marked - set(db.execute(read).scalars()))


def _watch(process: subprocess.Popen[bytes], owner: _Owner, plan: Plan) -> list[Sample]:
    found, pause, began_s, acted_s = list[Sample](), threading.Event(), monotonic(), monotonic()
    while not plan.is_over(at_s := monotonic() - began_s, found) and process.poll() is None:
        owner.look()
        if monotonic() - acted_s >= ACT_EVERY_S:
            owner.act()
            acted_s = monotonic()
        if sample := _sample(process.pid, at_s, is_warm=at_s >= WARM_S and owner.sees_all):
            found.append(sample)
        pause.wait(LOOK_EVERY_S)
    return found


def _sample(pid: int, at_s: float, *, is_warm: bool) -> Sample | None:
    try:
        children = {name: _child(pid, name) for name in ("worker", "web")}
        # forks of a server, which is a child itself, as is what keeps track of what they share
        readers = [each for server in children["worker"].children() for each in server.children()]
        return Sample(
            at_s=at_s,
            worker_bytes=_own_bytes(children["worker"]),
            readers=[(each.pid, _own_bytes(each)) for each in readers],
            web_bytes=_own_bytes(children["web"]),
            n_files=sum(each.num_fds() for each in children.values()),
            is_warm=is_warm,
        )
    except (psutil.Error, StopIteration):
        return None  # not up yet, or a child came or went meanwhile


def _own_bytes(process: psutil.Process) -> int:
    """Return what a process has written into memory and shares with nobody.

    Not what it has read of libraries that nobody else has open: that was 8 MB of a worker's, and 36 as soon as another
    Python ended elsewhere on the machine.
    """
    return sum(each.private_dirty for each in process.memory_maps())


def _child(pid: int, name: str) -> psutil.Process:
    return next(each for each in psutil.Process(pid).children() if name in each.cmdline())


def _floor(values: Sequence[float]) -> float:
    """Return what a tenth of the samples are under: answers on their way come and go, and what leaks stays."""
    return sorted(values)[len(values) // 10]


def _worker(samples: Sequence[Sample]) -> float:
    """Return what the worker holds, and those that read for it while they rest, each counted as the largest.

    Which of them were replaced just now is chance (33 or 47 MiB for all of them): one that has read nothing yet shares
    what it has with the process that it was forked from. Those seen for less than a fifth of the time may have been
    replaced for what they read, and not have come to rest.
    """
    seen = defaultdict[int, list[int]](list)
    for pid, n_bytes in (reader for each in samples for reader in each.readers):
        seen[pid].append(n_bytes)
    at_rest = max((min(of_one) for of_one in seen.values() if len(of_one) >= len(samples) / 5), default=0)
    n_readers = statistics.median_low([len(each.readers) for each in samples])
    return _floor([each.worker_bytes for each in samples]) + n_readers * at_rest


def _web(samples: Sequence[Sample]) -> float:
    return _floor([each.web_bytes for each in samples])


def _growth(judged: Sequence[Sample], what: Callable[[Sequence[Sample]], float]) -> float:
    first, last = _ends(judged, what)
    return last / first - 1 if first else 0.0


def _ends(judged: Sequence[Sample], what: Callable[[Sequence[Sample]], float]) -> tuple[float, float]:
    """Return what is held at first and at the end, over a third of the time each."""
    if not judged:
        return 0.0, 0.0
    third_s = (judged[-1].at_s - judged[0].at_s) / 3
    first = [each for each in judged if each.at_s <= judged[0].at_s + third_s]
    last = [each for each in judged if each.at_s >= judged[-1].at_s - third_s]
    return what(first), what(last)


def table(report: Report) -> str:
    """Return the figures as a page."""
    plan, verdict = report.plan, report.verdict
    judged = plan.judged(report.samples)
    first, last = _ends(judged, _worker)
    peak = max((each.worker_bytes + sum(n for _, n in each.readers) for each in report.samples), default=0)
    from_s, to_s = (judged[0].at_s, judged[-1].at_s) if judged else (0.0, 0.0)
    statuses = ", ".join(f"{n:,} × {status}" for status, n in report.by_status.items())
    rows = {
        "feeds, share of them faulty at any time": f"{plan.n_feeds}, {plan.faulty:.0%}",
        "minutes, seed, model": f"{plan.minutes:g}, {plan.seed}, {plan.model}",
        "requests": f"{report.n_asks:,} ({statuses})",
        "pieces in good answers": f"{verdict.n_served:,}",
        "lost / doubled": f"{len(verdict.lost)} / {len(verdict.doubled)}",
        "integrity": verdict.integrity,
        "marks that the owner made / lost": f"{report.n_marks} / {report.n_lost_marks}",
        "requests before their time": str(len(report.early)),
        "memory of the worker and what reads for it, once all was read / at the end": (
            f"after {from_s:.0f} / {to_s:.0f} s: {first / MiB:.0f} / {last / MiB:.0f} MiB ({report.growth:+.1%})"
        ),
        "the most that they had at one time": f"{peak / MiB:.0f} MiB",
        "memory of the web": f"{report.web_growth:+.1%}",
        "more open files at the end": str(report.n_more_files),
        "pages opened meanwhile / wrong": f"{len(report.pages_s)} / {len(report.wrong_pages)}",
        "a page, median / slowest": f"{statistics.median(report.pages_s):.2f} / {max(report.pages_s):.2f} s",
    }
    lines = [f"| {what} | {figure} |" for what, figure in rows.items()]
    return "\n".join(["| what | figure |", "|---|---|", *lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--faulty", type=float, default=0.3)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="none", help="none, bundled, or any that [encode] model takes")
    parser.add_argument("--out", type=Path, help="also write the figures to this file")
    parser.add_argument("--keep", type=Path, help="run in this folder and leave it there")
    given = parser.parse_args(arguments)
    plan = Plan(given.feeds, given.faulty, given.minutes, given.seed, given.model)
    with tempfile.TemporaryDirectory(prefix="broadsheet-soak-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = soak(plan, folder)
        (folder / "samples.json").write_text(json.dumps([astuple(each) for each in report.samples]))
    print(table(report))
    if given.out:
        given.out.write_text(_PAGE.format(table=table(report)))
    for problem in report.problems():
        print(problem, file=sys.stderr)
    return 1 if report.problems() else 0


_PAGE = """# A soak

`make soak` (`python -m tests.chaos.soak --out bench/soak.md`): `broadsheet run` on a SQLite database of its own,
against the chaos publisher, while its owner opens pages twice a second. What each figure has to be is said in
[docs/faults.md](../docs/faults.md). Two cores, shared with the publisher and the owner.

{table}"""

if __name__ == "__main__":
    sys.exit(main())
