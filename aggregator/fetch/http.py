"""The one way out: bounded conditional GETs, many at once, to addresses that the guard lets through."""

import resource
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Protocol

import pycurl

from aggregator.config import FetchSettings
from aggregator.errors import StoppedError
from aggregator.fetch.guard import Refusal, read_allowed, target_of
from aggregator.fetch.politeness import hold_of
from aggregator.fetch.room import Room
from aggregator.fetch.transfer import Transfer
from aggregator.fetch.turns import Gaps, LookUps, Turns
from aggregator.models.fetching import Failed, Hold, NotAsked, NotModified, Reply, Request

_AWAY_S = 0.1
"""A caller that is busy for longer does so at nobody's expense."""
_WAITING_PER_RUNNING = 4
"""So many requests may wait for each that is under way, so that many for one host do not hold up those for others."""
_LOOKED_UP_AT_ONCE = 64
"""Hosts whose addresses are asked for at one time, each with two questions (A and AAAA): dnsmasq, which home routers
run, refuses more than 150 at once (its manual, dns-forward-max), and a feed would seem to be without an address."""
_AT_ONCE_BYTES = 64 * 1024**2
"""Of bodies that are coming in: when they hold more, only the first goes on, and the others are read when there is room
again. 512 usual feeds are half of that, and 512 of the largest would be 8 GB. What is complete is twice there
while it is handed over."""


def at_once(wanted: int, n_files: int) -> int:
    """Return how many requests may be under way: each opens a file, and half of what a process may have is for others.

    macOS lets a program open 256, Linux 1,024, unless told otherwise; without the bound, feeds would seem unreachable.
    """
    return max(1, min(wanted, n_files // 2)) if n_files != resource.RLIM_INFINITY else wanted


class Fetch(Protocol):
    """What the pipeline is handed: `fetch_all` with its settings filled in, or a fake."""

    def __call__(self, requests: Iterable[Request], *, now: datetime, held: Mapping[str, datetime]) -> Iterator[Reply]:
        """Yield one reply for each request; nothing is asked of a host before the moment until which it is held."""


def fetch(request: Request, settings: FetchSettings, *, now: datetime) -> Reply:
    """Ask for one document."""
    return next(fetch_all([request], settings, now=now))


def fetch_all(
    requests: Iterable[Request],
    settings: FetchSettings,
    *,
    now: datetime,
    held: Mapping[str, datetime] | None = None,
    gaps: Gaps | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Reply]:
    """Yield one reply for each request, as they complete; `now` is the moment at which the first is sent.

    At most `in_flight` are under way, at most `per_host` of them to one host and each a little after the one before,
    unless what the host answered last was a mere 304: it cost next to nothing, and the next goes once it is there.
    Nothing is asked of a host in `held` before its moment, nor of one that asks to be left alone meanwhile. `gaps` are
    shared by all that are not to come to one host at the same moment.
    `requests` is drawn from only as there is room. Nothing is read while the caller keeps a reply to itself, and that
    time counts towards no deadline. Raises StoppedError once `stop` is set: nobody waits for a slow host then.
    """
    source = iter(requests)
    crew = _Crew(settings, now, held or {}, gaps or Gaps())
    try:
        while crew.has_work(source):
            while crew.replies:
                yield crew.replies.popleft()
            if stop and stop.is_set():
                raise StoppedError("Broadsheet was stopped before every host had answered.")
            crew.advance()
    finally:
        crew.close()


class _Crew:
    """The transfers under way and those that wait for their turn at their host."""

    def __init__(self, settings: FetchSettings, now: datetime, held: Mapping[str, datetime], gaps: Gaps) -> None:
        self.replies: deque[Reply] = deque()
        self._settings = settings
        self._at_once = at_once(settings.in_flight, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._allowed = read_allowed(settings.allowed_hosts)
        self._turns: Turns[Transfer] = Turns(at_once=settings.per_host, gap_s=settings.per_host_gap_s, gaps=gaps)
        self._running: dict[pycurl.Curl, Transfer] = {}
        self._idle: list[pycurl.Curl] = []
        self._look_ups = LookUps(_LOOKED_UP_AT_ONCE)
        self._room: Room[Transfer] = Room(_AT_ONCE_BYTES)
        self._multi = pycurl.CurlMulti()
        self._held = dict(held)
        self._began, self._began_s = now, monotonic()
        self._looked_s = self._began_s

    def has_work(self, source: Iterator[Request]) -> bool:
        """Start what there is room for; return whether anything is under way, waiting or done."""
        while self._has_room() and (transfer := self._next(source)):
            self._start(transfer)
        return bool(self._running or self.replies or self._turns)

    def advance(self) -> None:
        """Let the network move on, and take in what it completed."""
        self._catch_up()
        if self.replies:
            return
        pause_s = self._turns.wait_s(monotonic()) if self._has_room() else None
        if not self._running:
            sleep(pause_s or 0.0)
            self._looked_s = monotonic()
            return
        due_ms = self._multi.timeout()
        self._multi.select(min(due_ms / 1000 if due_ms >= 0 else 1.0, 1.0 if pause_s is None else pause_s, 1.0))
        self._take_in()

    def close(self) -> None:
        """Drop every connection, finished or not."""
        for handle in list(self._running):
            self._release(handle)
        for handle in self._idle:
            handle.close()
        self._multi.close()

    def _has_room(self) -> bool:
        return len(self._running) < self._at_once and self._look_ups.has_room

    def _catch_up(self) -> None:
        """Take in what came while the caller was busy, before anything is sent: a host may have asked for a pause.

        curl sends and receives at one go, so what was begun and not sent yet goes back to wait for its turn, where its
        host may have answered something else.
        """
        away_s = monotonic() - self._looked_s
        if away_s > _AWAY_S:
            asked = {transfer.target.host for handle, transfer in self._running.items() if _is_sent(handle)}
            for handle, transfer in list(self._running.items()):
                if transfer.target.host in asked and not _is_sent(handle):
                    transfer.seconds_left -= handle.getinfo(pycurl.TOTAL_TIME)  # as curl last looked
                    self._release(handle)
                    self._turns.add(transfer.target.host, transfer, goes_first=True)
                else:
                    transfer.give_back(handle, away_s)
            self._take_in()

    def _take_in(self) -> None:
        self._multi.perform()
        self._looked_s = monotonic()
        n_queued = 1
        while n_queued:
            n_queued, done, failed = self._multi.info_read()
            for handle in done:
                self._finish(handle, 0, "")
            for handle, errno, message in failed:
                self._finish(handle, errno, message)

    def _next(self, source: Iterator[Request]) -> Transfer | None:
        """Return a transfer whose turn it is; queue those that have to wait, answer those that may not be sent."""
        while True:
            if transfer := self._turns.take(monotonic()):
                if not (hold := self._hold_on(transfer.target.host)):
                    return transfer
                self._turns.leave(transfer.target.host, monotonic())
                self._reply(NotAsked(request=transfer.request, hold=hold))
            elif not self._draw(source):
                return None

    def _draw(self, source: Iterator[Request]) -> bool:
        """Queue the next request; return whether there was one, and room for it."""
        if len(self._turns) + len(self.replies) >= _WAITING_PER_RUNNING * self._at_once:
            return False
        if (request := next(source, None)) is None:
            return False
        match target_of(request.url, self._allowed):
            case Refusal(why=why):
                self._reply(Failed(request=request, why=why))
            case target:
                self._turns.add(target.host, Transfer(request, target, self._settings, self._allowed))
        return True

    def _hold_on(self, host: str) -> Hold | None:
        until = self._held.get(host)
        return Hold(host, until) if until and until > self._now() else None

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=monotonic() - self._began_s)

    def _start(self, transfer: Transfer) -> None:
        handle = self._idle.pop() if self._idle else pycurl.Curl()
        self._look_ups.begin(transfer.target.host)
        self._room.enter(transfer)
        transfer.prepare(handle, self._look_ups, self._room)
        self._running[handle] = transfer
        self._multi.add_handle(handle)

    def _finish(self, handle: pycurl.Curl, errno: int, message: str) -> None:
        transfer = self._running[handle]
        outcome = transfer.outcome(handle, errno, message)
        self._release(handle, was_light=isinstance(outcome, NotModified))
        if isinstance(outcome, Transfer):
            self._turns.add(outcome.target.host, outcome, goes_first=True)
        elif isinstance(outcome, Failed) and outcome.status:
            hold = hold_of(transfer.target.host, outcome.status, outcome.headers, now=self._now())
            if hold:
                self._held[hold.host] = max(hold.until, self._held.get(hold.host, hold.until))
            self._reply(replace(outcome, hold=hold))
        else:
            self._reply(outcome)

    def _reply(self, reply: Reply) -> None:
        self.replies.append(replace(reply, after_s=monotonic() - self._began_s))

    def _release(self, handle: pycurl.Curl, *, was_light: bool | None = None) -> None:
        transfer = self._running.pop(handle)
        self._look_ups.end(transfer.target.host)
        self._turns.leave(transfer.target.host, monotonic(), was_light=was_light)
        self._multi.remove_handle(handle)
        handle.reset()
        self._idle.append(handle)
        self._room.leave(transfer)
        self._go_on()

    def _go_on(self) -> None:
        """Read on of what was waiting for room, as far as there is some."""
        for handle, transfer in self._running.items():
            if transfer.is_waiting and self._room.is_open_to(transfer):
                transfer.is_waiting = False
                handle.pause(pycurl.PAUSE_CONT)


def _is_sent(handle: pycurl.Curl) -> bool:
    return bool(handle.getinfo(pycurl.PRETRANSFER_TIME))
