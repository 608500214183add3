"""The walls around the pages: headers, trusted names, tokens, ways back."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request, url_for
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.utils import host_is_trusted

from aggregator.config import WebSettings

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_LOOPBACK_NAMES = ("localhost", ".localhost", "127.0.0.1")
_ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  these are compared with, not bound to

UNKNOWN_NAME = (
    "Broadsheet does not answer to the name in this address. If it is yours, add it to trusted_hosts in the [web] "
    "section of config.toml and start Broadsheet again."
)

_MAX_UPLOAD_BYTES = 8 * 1024 * 1024
"""Of a subscription list: ten thousand outlines take about 3 MB."""

_YEAR_S = 365 * 24 * 3600


def guard(app: Flask, settings: WebSettings, *, secret_key: str) -> None:
    """Put every wall up around the application."""
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_NAME="broadsheet",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=_MAX_UPLOAD_BYTES,
        # A page may stay open for days and its buttons have to work then.
        WTF_CSRF_TIME_LIMIT=None,
        # This would ask for a Referer behind TLS, which our own Referrer-Policy forbids; the token is the wall.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.before_request(lambda: _refuse_foreign_name(settings))
    CSRFProtect(app)
    app.after_request(_add_headers)


def is_our_name(host: str, settings: WebSettings) -> bool:
    """Whether the pages may be asked for by this Host header: no foreign name that was made to point here."""
    # Werkzeug's own list cannot hold IPv6 addresses: it cuts each name at its first colon.
    if host.startswith("["):
        return host[1:].partition("]")[0] in {"::1", settings.host, *settings.trusted_hosts}
    bound = () if settings.host in _ANY_ADDRESS or ":" in settings.host else (settings.host,)
    return host_is_trusted(host, [*_LOOPBACK_NAMES, *bound, *settings.trusted_hosts])


def way_back(wanted: str | None) -> str:
    """Return the page to go to after an act: the one asked for where it is a page of ours, else the front page."""
    front = url_for("pages.front_page")
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return front
    adapter = request_ctx.url_adapter
    try:
        return wanted if adapter and adapter.match(urlsplit(wanted).path, method="GET") else front
    except (HTTPException, ValueError):
        return front


def _refuse_foreign_name(settings: WebSettings) -> None:
    if not is_our_name(request.host, settings):
        abort(400, UNKNOWN_NAME)


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "private, no-cache"
    elif "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return response
