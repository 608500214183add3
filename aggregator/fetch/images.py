"""Pictures, fetched like everything else and judged by their own bytes: raster formats of bounded size only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

import imagesize

from aggregator.config import FetchSettings, ImageSettings
from aggregator.fetch.http import fetch_all
from aggregator.models.fetching import Fetched, NotAsked, Request

MAX_PIXELS = 50_000_000
"""Width times height: a few kilobytes can claim gigapixels, and the browser would make room for them."""
MAX_SIDE = 16_384
"""What browsers draw at most, one way."""
MAX_REDIRECTS = 5

_ACCEPT = "image/avif, image/webp, image/png, image/jpeg, image/gif, image/x-icon;q=0.5"
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBPVP8", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
)
"""How files begin, as in the WHATWG's MIME Sniffing Standard §6.1. Nothing that can hold a script is among them."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no picture, as a sentence."""

    why: str
    is_for_now: bool = False
    """Whether nothing was asked, because the host wants to be left alone for a while."""


def fetch_image(
    url: str, settings: FetchSettings, limits: ImageSettings, *, now: datetime, held: Mapping[str, datetime]
) -> bytes | Refused:
    """Return the picture at this address, or why it cannot be shown.

    It is asked for through the same guard as feeds, each hop again, without cookies or a word on who reads what.
    """
    bounded = replace(
        settings, max_bytes=limits.max_bytes, timeout_s=limits.timeout_s, max_redirects=MAX_REDIRECTS, per_host_gap_s=0
    )
    match next(fetch_all([Request(url=url, accept=_ACCEPT)], bounded, now=now, held=held)):
        case Fetched(body=body):
            return body if media_type(body) and _is_drawable(body) else Refused("This is no picture that can be shown.")
        case NotAsked(hold=hold):
            return Refused(f"{hold.host} asked to be left alone for a while; nothing was sent.", is_for_now=True)
        case reply:
            return Refused(getattr(reply, "why", "There is no picture."))


def media_type(body: bytes) -> str | None:
    """Return what kind of picture begins like this, whatever its server says; None for what is none."""
    return next((kind for at, start, kind in _SIGNATURES if body.startswith(start, at)), None)


def _is_drawable(body: bytes) -> bool:
    width, height = _icon_size(body) if media_type(body) == "image/x-icon" else imagesize.get(BytesIO(body))
    return 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS


def _icon_size(body: bytes) -> tuple[int, int]:
    """Return the size that an icon states first, where 0 stands for 256."""
    return (body[6] or 256, body[7] or 256) if len(body) > 22 else (-1, -1)
