"""The one way out: bounded conditional GETs, many at once, to addresses that the guard lets through."""

import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any, Protocol
from urllib.parse import urlencode

import certifi
import pycurl

from aggregator.config import FetchSettings
from aggregator.fetch.guard import Allowed, Refusal, Target, read_allowed, refusal_of, target_of
from aggregator.fetch.inflate import ACCEPT_ENCODING, Body, DamagedError, TooLargeError
from aggregator.fetch.politeness import hold_of
from aggregator.fetch.turns import Gaps, LookUps, Turns
from aggregator.fetch.words import DAMAGED, why_connection, why_large, why_late, why_status
from aggregator.models.feeds import Fault, Validators
from aggregator.models.fetching import Failed, Fetched, Hold, NotAsked, NotModified, Reply, Request

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GOOD = frozenset({200, 203})
_FAULTS = {404: Fault.MISSING, 410: Fault.GONE}
_MAX_VALIDATOR_CHARS = 1024


_AWAY_S = 0.1
"""A caller that is busy for longer does so at nobody's expense."""
_WAITING_PER_RUNNING = 4
"""So many requests may wait for each that is under way, so that many for one host do not hold up those for others."""
_LOOKED_UP_AT_ONCE = 64
"""Hosts whose addresses are asked for at one time, each with two questions (A and AAAA): dnsmasq, which home routers
run, refuses more than 150 at once (its manual, dns-forward-max), and a feed would seem to be without an address."""


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
) -> Iterator[Reply]:
    """Yield one reply for each request, as they complete; `now` is the moment at which the first is sent.

    At most `in_flight` are under way, at most `per_host` of them to one host and each a little after the one before,
    unless that was answered with a mere 304: it cost the host next to nothing, and the next goes once it is there.
    Nothing is asked of a host in `held` before its moment, nor of one that asks to be left alone meanwhile. `gaps` are
    shared by all that are not to come to one host at the same moment.
    `requests` is drawn from only as there is room. Nothing is read while the caller keeps a reply to itself, and that
    time counts towards no deadline.
    """
    source = iter(requests)
    crew = _Crew(settings, now, held or {}, gaps or Gaps())
    try:
        while crew.has_work(source):
            while crew.replies:
                yield crew.replies.popleft()
            crew.advance()
    finally:
        crew.close()


class _Crew:
    """The transfers under way and those that wait for their turn at their host."""

    def __init__(self, settings: FetchSettings, now: datetime, held: Mapping[str, datetime], gaps: Gaps) -> None:
        self.replies: deque[Reply] = deque()
        self._settings = settings
        self._allowed = read_allowed(settings.allowed_hosts)
        self._turns: Turns[_Transfer] = Turns(at_once=settings.per_host, gap_s=settings.per_host_gap_s, gaps=gaps)
        self._running: dict[pycurl.Curl, _Transfer] = {}
        self._idle: list[pycurl.Curl] = []
        self._look_ups = LookUps(_LOOKED_UP_AT_ONCE)
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
        return len(self._running) < self._settings.in_flight and self._look_ups.has_room

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

    def _next(self, source: Iterator[Request]) -> "_Transfer | None":
        """Return a transfer whose turn it is; queue those that have to wait, answer those that may not be sent."""
        while True:
            if transfer := self._turns.take(monotonic()):
                if not (hold := self._hold_on(transfer.target.host)):
                    return transfer
                self._turns.leave(transfer.target.host)
                self._reply(NotAsked(request=transfer.request, hold=hold))
            elif not self._draw(source):
                return None

    def _draw(self, source: Iterator[Request]) -> bool:
        """Queue the next request; return whether there was one, and room for it."""
        if len(self._turns) + len(self.replies) >= _WAITING_PER_RUNNING * self._settings.in_flight:
            return False
        if (request := next(source, None)) is None:
            return False
        match target_of(request.url, self._allowed):
            case Refusal(why=why):
                self._reply(Failed(request=request, why=why))
            case target:
                self._turns.add(target.host, _Transfer(request, target, self._settings, self._allowed))
        return True

    def _hold_on(self, host: str) -> Hold | None:
        until = self._held.get(host)
        return Hold(host, until) if until and until > self._now() else None

    def _now(self) -> datetime:
        return self._began + timedelta(seconds=monotonic() - self._began_s)

    def _start(self, transfer: "_Transfer") -> None:
        handle = self._idle.pop() if self._idle else pycurl.Curl()
        self._look_ups.begin(transfer.target.host)
        transfer.prepare(handle, self._look_ups.find)
        self._running[handle] = transfer
        self._multi.add_handle(handle)

    def _finish(self, handle: pycurl.Curl, errno: int, message: str) -> None:
        transfer = self._running[handle]
        outcome = transfer.outcome(handle, errno, message)
        self._release(handle, was_light=isinstance(outcome, NotModified))
        if isinstance(outcome, _Transfer):
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

    def _release(self, handle: pycurl.Curl, *, was_light: bool = False) -> None:
        host = self._running.pop(handle).target.host
        self._look_ups.end(host)
        self._turns.leave(host, was_light=was_light)
        self._multi.remove_handle(handle)
        handle.reset()
        self._idle.append(handle)


def _is_sent(handle: pycurl.Curl) -> bool:
    return bool(handle.getinfo(pycurl.PRETRANSFER_TIME))


@dataclass(eq=False)
class _Transfer:
    """One hop of one request: what curl is told, what it tells back, what that comes to."""

    request: Request
    target: Target
    settings: FetchSettings
    allowed: Allowed
    n_hops: int = 0
    is_permanent: bool = True
    """Whether every hop so far was for good."""
    seconds_left: float = field(default=0.0)
    headers: dict[str, str] = field(default_factory=dict, init=False)
    body: Body | None = field(default=None, init=False)
    n_bytes: int = field(default=0, init=False)
    refusal: Refusal | None = field(default=None, init=False)
    """What the guard said to an address that the host has."""
    stopped: str | None = field(default=None, init=False)
    """Why we ended the transfer ourselves."""

    def __post_init__(self) -> None:
        if not self.n_hops:
            self.seconds_left = self.settings.timeout_s

    # --- before ---

    def prepare(self, handle: pycurl.Curl, note_address: Callable[[str], None]) -> None:
        """Set a fresh handle up for this hop; `note_address` is told the host once an address of it is known."""
        options: dict[int, Any] = {
            pycurl.URL: self.target.url,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: False,  # each hop comes back here to be judged
            pycurl.PROXY: "",  # not even one that the environment names: it would hide who is called
            pycurl.NETRC: pycurl.NETRC_IGNORED,
            pycurl.NOSIGNAL: True,
            pycurl.CAINFO: certifi.where(),
            pycurl.TIMEOUT_MS: max(1, int(self.seconds_left * 1000)),
            pycurl.USERAGENT: self.settings.user_agent,
            pycurl.HTTPHEADER: self._request_headers(),
            pycurl.OPENSOCKETFUNCTION: partial(self._open_socket, note_address),
            pycurl.HEADERFUNCTION: self._take_header,
            pycurl.WRITEFUNCTION: self._take_body,
        }
        if self.request.form is not None:
            options[pycurl.POSTFIELDS] = urlencode(self.request.form)
        for option, value in options.items():
            handle.setopt(option, value)

    def _request_headers(self) -> list[bytes]:
        given = self.request.validators
        lines = [f"Accept: {self.request.accept or _ACCEPT}", f"Accept-Encoding: {ACCEPT_ENCODING}"]
        if _is_usable(given.etag):
            lines.append(f"If-None-Match: {given.etag}")
        if _is_usable(given.last_modified):
            lines.append(f"If-Modified-Since: {given.last_modified}")
        return [line.encode("latin-1") for line in lines]

    # --- meanwhile ---

    def give_back(self, handle: pycurl.Curl, seconds: float) -> None:
        """Put the deadline off by so long."""
        self.seconds_left += seconds
        handle.setopt(pycurl.TIMEOUT_MS, max(1, int(self.seconds_left * 1000)))

    # called by libcurl

    def _open_socket(self, note_address: Callable[[str], None], _purpose: int, address: Any) -> int:
        """Open the socket that is about to be connected to `address`, unless the guard refuses that address."""
        note_address(self.target.host)
        if address.family not in (socket.AF_INET, socket.AF_INET6):
            return int(pycurl.SOCKET_BAD)
        if refusal := refusal_of(address.addr[0], self.target.host, self.allowed):
            self.refusal = refusal
            return int(pycurl.SOCKET_BAD)
        return socket.socket(address.family, address.socktype, address.protocol).detach()

    def _take_header(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):
            self.headers = {}  # an interim answer (1xx) came before
            return
        name, colon, value = line.decode("latin-1").partition(":")
        if colon and not self.n_bytes:  # trailers are not for us
            name, value = name.strip().lower(), value.strip(" \t\r\n")
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    def _take_body(self, piece: bytes) -> int:
        """Keep a piece of the body; anything but its length ends the transfer."""
        self.n_bytes += len(piece)
        host = self.target.host
        try:
            if self.body is None:
                self.body = self._new_body()
            self.body.add(piece)
        except TooLargeError:
            self.stopped = why_large(host, self.settings.max_bytes)
        except DamagedError:
            self.stopped = f"{host} {DAMAGED}"
        return -1 if self.stopped else len(piece)

    def _new_body(self) -> Body:
        return Body(self.headers.get("content-encoding", ""), self.settings.max_bytes)

    # --- afterwards ---

    def outcome(self, handle: pycurl.Curl, errno: int, message: str) -> "Reply | _Transfer":
        """Return the reply that this hop came to, or the next hop."""
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        self.seconds_left -= handle.getinfo(pycurl.TOTAL_TIME)
        answered = self._sent if self.request.form is not None else self._answered
        return answered(status, errno, message)

    def _answered(self, status: int, errno: int, message: str) -> "Reply | _Transfer":
        if status in _REDIRECTS:  # whatever became of a body that nobody reads
            return self._next_hop(status)
        if status >= 400:
            return self._failed(why_status(self.target.host, status), status)
        if errno:
            return self._failed(self._why(errno, message), status or None)
        if status == 304 and self._was_conditional():
            moved_to, took_s = self._moved_to(), self._took_s()
            return NotModified(request=self.request, moved_to=moved_to, headers=self.headers, took_s=took_s)
        if status not in _GOOD:
            return self._failed(why_status(self.target.host, status), status)
        return self._fetched(status)

    def _sent(self, status: int, errno: int, message: str) -> Reply:
        """Return what sending a form came to."""
        if errno or not 200 <= status < 300:
            return self._failed(self._why(errno, message) if errno else why_status(self.target.host, status), status)
        return self._fetched(status)

    def _next_hop(self, status: int) -> "Reply | _Transfer":
        host = self.target.host
        if self.n_hops >= self.settings.max_redirects:
            return self._failed(f"{host} goes on redirecting after {self.n_hops} redirects.", status)
        if self.seconds_left <= 0:
            return self._failed(why_late(host, self.settings.timeout_s, has_begun=True), status)
        if not self.headers.get("location"):
            return self._failed(f"{host} answered {status} (moved) without saying where to.", status)
        match target_of(_as_utf8(self.headers["location"]), self.allowed, base=self.target.url):
            case Refusal(why=why):
                return self._failed(f"{host} redirects to where Broadsheet does not follow: {why}", status)
            case target:
                permanent = self.is_permanent and status in _PERMANENT
                return _Transfer(
                    self.request, target, self.settings, self.allowed, self.n_hops + 1, permanent, self.seconds_left
                )

    def _fetched(self, status: int) -> Reply:
        try:
            body = (self.body or self._new_body()).whole()
        except DamagedError:
            return self._failed(f"{self.target.host} {DAMAGED}", status)
        return Fetched(
            request=self.request,
            url=self.target.url if self.n_hops else self.request.url,
            moved_to=self._moved_to(),
            body=body,
            content_type=self.headers.get("content-type"),
            validators=_validators(self.headers),
            headers=self.headers,
            took_s=self._took_s(),
        )

    def _took_s(self) -> float:
        return self.settings.timeout_s - self.seconds_left

    def _moved_to(self) -> str | None:
        return self.target.url if self.n_hops and self.is_permanent else None

    def _failed(self, why: str, status: int | None) -> Failed:
        fault = _FAULTS.get(status or 0, Fault.OTHER)
        return Failed(request=self.request, why=why, status=status, fault=fault, headers=self.headers)

    def _why(self, errno: int, message: str) -> str:
        if errno == pycurl.E_OPERATION_TIMEDOUT:
            return why_late(self.target.host, self.settings.timeout_s, has_begun=bool(self.headers))
        if errno == pycurl.E_COULDNT_CONNECT and self.refusal:
            return self.refusal.why
        return self.stopped or why_connection(self.target.host, errno, message)

    def _was_conditional(self) -> bool:
        given = self.request.validators
        return _is_usable(given.etag) or _is_usable(given.last_modified)


def _validators(headers: dict[str, str]) -> Validators:
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    return Validators(etag if _is_usable(etag) else None, last_modified if _is_usable(last_modified) else None)


def _is_usable(validator: str | None) -> bool:
    """Return whether a validator may be kept and sent back: it can break neither a request nor the store."""
    if not validator or len(validator) > _MAX_VALIDATOR_CHARS:
        return False
    return all(" " <= char <= "~" or "\x80" <= char <= "\xff" for char in validator)


def _as_utf8(header: str) -> str:
    """Return a header's text as the UTF-8 that most servers mean, where it is that."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return header
