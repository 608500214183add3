"""One hop of one request: what curl is told, what it tells back, what that comes to."""

import socket
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

import certifi
import pycurl

from aggregator.config import FetchSettings
from aggregator.fetch.guard import Allowed, Refusal, Target, refusal_of, target_of
from aggregator.fetch.inflate import ACCEPT_ENCODING, Body, DamagedError, TooLargeError
from aggregator.fetch.room import Room
from aggregator.fetch.turns import LookUps
from aggregator.fetch.words import DAMAGED, why_connection, why_large, why_late, why_status
from aggregator.models.feeds import Fault, Validators
from aggregator.models.fetching import Failed, Fetched, NotModified, Reply, Request

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GOOD = frozenset({200, 203})
_FAULTS = {404: Fault.MISSING, 410: Fault.GONE}
_MAX_VALIDATOR_CHARS = 1024


@dataclass(eq=False)
class Transfer:
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
    is_waiting: bool = field(default=False, init=False)
    """Whether no more is read until there is room."""

    def __post_init__(self) -> None:
        if not self.n_hops:
            self.seconds_left = self.settings.timeout_s

    # --- before ---

    def prepare(self, handle: pycurl.Curl, look_ups: LookUps, room: "Room[Transfer]") -> None:
        """Set a fresh handle up for this hop, which tells when an address is known, and asks before it holds more."""
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
            pycurl.OPENSOCKETFUNCTION: partial(self._open_socket, look_ups),
            pycurl.HEADERFUNCTION: self._take_header,
            pycurl.WRITEFUNCTION: partial(self._take_body, room),
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

    def _open_socket(self, look_ups: LookUps, _purpose: int, address: Any) -> int:
        """Open the socket that is about to be connected to `address`, unless the guard refuses that address."""
        look_ups.find(self.target.host)
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

    def _take_body(self, room: "Room[Transfer]", piece: bytes) -> int:
        """Keep a piece of the body, or have it given again later; any other number but its length ends the transfer."""
        if not room.is_open_to(self):
            self.is_waiting = True
            return int(pycurl.WRITEFUNC_PAUSE)
        self.n_bytes += len(piece)
        host = self.target.host
        try:
            if self.body is None:
                self.body = self._new_body()
            self.body.add(piece)
            room.hold(self, len(self.body))
        except TooLargeError:
            self.stopped = why_large(host, self.settings.max_bytes)
        except DamagedError:
            self.stopped = f"{host} {DAMAGED}"
        return -1 if self.stopped else len(piece)

    def _new_body(self) -> Body:
        return Body(self.headers.get("content-encoding", ""), self.settings.max_bytes)

    # --- afterwards ---

    def outcome(self, handle: pycurl.Curl, errno: int, message: str) -> "Reply | Transfer":
        """Return the reply that this hop came to, or the next hop."""
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        self.seconds_left -= handle.getinfo(pycurl.TOTAL_TIME)
        answered = self._sent if self.request.form is not None else self._answered
        return answered(status, errno, message)

    def _answered(self, status: int, errno: int, message: str) -> "Reply | Transfer":
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

    def _next_hop(self, status: int) -> "Reply | Transfer":
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
                return Transfer(
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
