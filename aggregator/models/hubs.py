"""Hubs that announce what feeds bring (WebSub)."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HubOffer:
    """A hub that announces what a feed brings (WebSub), and the name of the feed there."""

    hub_url: str
    topic_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that a feed offers, and how far we came with it."""

    feed_id: int
    offer: HubOffer
    token: str = field(repr=False)
    """The last part of the address of ours that the hub was given; nobody else knows it."""
    secret: str = field(repr=False)
    """What the hub signs with."""
    n_tries: int = 0
    """How often it was asked since it last confirmed."""
    lease_until: datetime | None = None
    """Until when it announces the feed to us; None where it does not."""
    pushed_at: datetime | None = None
    error: str | None = None
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """What a hub sent of a feed."""

    id: int
    feed_id: int
    body: bytes
    content_type: str | None
