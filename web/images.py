"""Foreign pictures, which browsers ask us for and never their publishers: at addresses that only we can make."""

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import Signer
from markupsafe import Markup, escape
from platformdirs import user_cache_path

from aggregator.config import Settings
from aggregator.fetch.images import Refused, fetch_image, media_type
from aggregator.models.feeds import Publisher
from aggregator.models.markup import SafeHtml
from aggregator.parse.html import with_images
from aggregator.parse.urls import safe_link
from aggregator.store import holds
from aggregator.store.db import reading
from aggregator.store.images import ImageCache
from web.newsroom import engine, newsroom, now
from web.preferences import preferences

blueprint = Blueprint("images", __name__)

POLICY = "default-src 'none'; sandbox"
"""Opened by itself, a picture may do nothing at all."""

_KEY = "broadsheet-images"
_ICON = "/favicon.ico"
_KEPT_S = 7 * 24 * 3600
_MISSING_S = 300
_FOR_PAGES = 2
"""Threads of the web that pictures never take: however slow they come, pages are served."""

MOST_ICONS = 2_000
"""Addresses of icons that are remembered, 500 bytes each: to sign one takes as long as the rest of its row."""


@dataclass(frozen=True, slots=True)
class Darkroom:
    """What serving pictures takes."""

    is_open: bool
    """Whether the settings let pages show any."""
    cache: ImageCache
    signer: Signer
    room: threading.Semaphore
    icons: dict[tuple[str, str], str] = field(default_factory=dict)
    """Their addresses, by what stands before our own paths and by the publisher's domain."""


def add_images(app: Flask, settings: Settings) -> None:
    """Serve pictures, and let templates name them."""
    folder = Path(settings.images.cache_folder or user_cache_path("broadsheet") / "images")
    key = app.config["SECRET_KEY"]
    app.extensions[_KEY] = Darkroom(
        settings.images.show == "proxied",
        ImageCache(folder, settings.images.cache_bytes),
        Signer(key, salt="broadsheet.image", key_derivation="hmac", digest_method=sha256),
        threading.Semaphore(max(1, settings.web.threads - _FOR_PAGES)),
    )
    app.register_blueprint(blueprint)
    app.add_template_filter(illustrated)
    app.add_template_filter(favicon)
    app.add_template_global(image_url)


@blueprint.get("/image/<signature>/<name>")
def image(signature: str, name: str) -> ResponseReturnValue:
    """Give the picture whose address is in the name, where we ourselves wrote that name."""
    if not _are_shown() or not _darkroom().signer.verify_signature(name.encode(), signature):
        abort(404)
    url = _address_in(name)
    body = _developed(url)
    kind = media_type(body) if body else None
    if body is None or kind is None:
        missing = current_app.send_static_file("no-icon.svg" if url.endswith(_ICON) else "no-image.svg")
        missing.headers["Cache-Control"] = f"private, max-age={_MISSING_S}" if body == b"" else "no-store"
        return _sandboxed(missing)
    reply = Response(body, content_type=kind)
    reply.headers["Cache-Control"] = f"private, max-age={_KEPT_S}, immutable"
    return _sandboxed(reply)


def image_url(url: str) -> str | None:
    """Return where a page finds this picture; None where the owner wants none, or the address is no web address."""
    link = safe_link(url)
    if not link or not _are_shown():
        return None
    name = urlsafe_b64encode(link.encode()).decode().rstrip("=")
    return url_for("images.image", signature=_darkroom().signer.get_signature(name).decode(), name=name)


def icon_url(domain: str) -> str | None:
    """Return where a page finds the icon of this publisher; None where the owner wants no pictures."""
    room = _darkroom()
    if not room.is_open or not preferences().has_pictures:
        return None
    known, place = room.icons, (request.root_path, domain)
    address = known.get(place) or image_url(f"https://{domain}{_ICON}")
    if address and place not in known:
        if len(known) >= MOST_ICONS:
            known.clear()
        known[place] = address
    return address


def favicon(of: Publisher) -> Markup:
    """Return the icon of a publisher; nothing where the owner wants no pictures."""
    address = icon_url(of.domain)
    if not address:
        return Markup("")
    return Markup(  # noqa: S704  escaped
        f'<img class="favicon" src="{escape(address)}" alt="" width="16" height="16" loading="lazy" decoding="async">'
    )


def illustrated(content: SafeHtml) -> SafeHtml:
    """Return an article's text as it stands on a page: with its pictures from us, or without any."""
    return with_images(content, image_url)


def _developed(url: str) -> bytes | None:
    """Return the picture, from the disk or its server; empty for one that cannot be had, None for one not now."""
    room, cache = _darkroom().room, _darkroom().cache
    found = cache.find(url, now=now())
    if found is not None or not room.acquire(blocking=False):
        return found
    try:
        settings = newsroom().settings
        with reading(engine()) as db:
            held = holds.held_hosts(db, now=now())
        fetched = fetch_image(url, settings.fetch, settings.images, now=now(), held=held)
    finally:
        room.release()
    if isinstance(fetched, Refused) and fetched.is_for_now:
        return None
    body = b"" if isinstance(fetched, Refused) else fetched
    cache.keep(url, body, now=now())
    return body


def _sandboxed(reply: Response) -> Response:
    reply.headers["Content-Security-Policy"] = POLICY
    return reply


def _address_in(name: str) -> str:
    try:
        return urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (NotBase64, ValueError):
        abort(404)


def _are_shown() -> bool:
    return _darkroom().is_open and preferences().has_pictures


def _darkroom() -> Darkroom:
    darkroom: Darkroom = current_app.extensions[_KEY]
    return darkroom
