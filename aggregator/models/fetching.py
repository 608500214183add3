"""What is asked of servers, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models.feeds import Fault, Validators

Form = tuple[tuple[str, str], ...]
"""The fields of a form and what they say, in order."""


@dataclass(frozen=True, slots=True)
class Request:
    """One document to ask for."""

    url: str
    validators: Validators = Validators()
    form: Form | None = None
    """Sent by POST where there is one; then any 2xx is a good answer, and no redirect is followed."""
    accept: str | None = None
    """The kinds of document that are wanted (RFC 9110 §12.5.1); None means feeds and sites that name one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A host that asked to be left alone (Retry-After)."""

    host: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A good answer, whole as far as HTTP can tell."""

    request: Request
    url: str
    """Where the body came from, after redirects."""
    moved_to: str | None = None
    """The final address where every redirect on the way was permanent (301, 308)."""
    body: bytes
    content_type: str | None = None
    validators: Validators = Validators()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Header names in lower case."""
    is_cut: bool = False
    """Whether it was seen to end too early when it was read: not every server says how long a body is."""
    after_s: float = field(default=0.0, compare=False)
    """How long after the first request of all this reply came."""
    took_s: float = field(default=0.0, compare=False)
    """From the first byte sent to the last byte read, redirects included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says that nothing changed (304)."""

    request: Request
    moved_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = field(default=0.0, compare=False)
    took_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No good answer, with the reason as a sentence for the owner."""

    request: Request
    why: str
    status: int | None = None
    """The HTTP status where there was one."""
    fault: Fault = Fault.OTHER
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: Hold | None = None
    """The host that said so, where it asked to be left alone."""
    after_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Nothing was sent, or sent on, because a host on the way asked to be left alone."""

    request: Request
    hold: Hold
    after_s: float = field(default=0.0, compare=False)


Reply = Fetched | NotModified | Failed | NotAsked
