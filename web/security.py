"""The walls around the pages: headers, trusted names, proxies, tokens, cookies, ways back."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Blueprint, Flask, Response, abort, request, url_for
from flask.globals import request_ctx
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from aggregator.config import WebSettings
from aggregator.errors import ConfigError
from aggregator.store.sessions import SESSION_LIFE
from web.words import gettext

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
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

MAX_UPLOAD_BYTES = 8 * 1024 * 1024
"""Of a subscription list: ten thousand outlines take about 3 MB."""

_STAYS_HERE = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f]*\Z")
"""A path of this host. Browsers drop tabs and line ends from addresses (WHATWG URL §4.4), so that a host would follow
upon `/<tab>/`, and read a backslash as a slash."""

_YEAR_S = 365 * 24 * 3600
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def guard(app: Flask, settings: WebSettings, *, secret_key: str) -> None:
    """Put up the walls that stand before the door: names, origins, cookies, headers."""
    app.config.update(
        SECRET_KEY=secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_UPLOAD_BYTES,  # a list that is shown before it is imported comes back as a field
        # A page may stay open for days and its buttons have to work then.
        WTF_CSRF_TIME_LIMIT=None,
        # This would ask for a Referer behind TLS, which our own Referrer-Policy forbids; the token is the wall.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = _Cookies()
    app.wsgi_app = _believing_proxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[assignment]
    app.before_request(lambda: _refuse_foreign_name(settings))
    app.before_request(_refuse_foreign_origin)
    app.after_request(_add_headers)


def ask_for_tokens(app: Flask, *, but_of: Blueprint) -> None:
    """Refuse every act that does not show the token of its page; to be called after the door was put in.

    The room that is left out is for machines that see no page and prove in another way who they are.
    """
    CSRFProtect(app).exempt(but_of)


def is_our_name(host: str, settings: WebSettings) -> bool:
    """Whether the pages may be asked for by this Host header: no foreign name that was made to point here."""
    if settings.host in _ANY_ADDRESS and _is_address(host):
        return True  # an address means itself: only a name can be made to point elsewhere
    # Werkzeug's own list cannot hold IPv6 addresses: it cuts each name at its first colon.
    if host.startswith("["):
        return host[1:].partition("]")[0] in {"::1", settings.host, *settings.trusted_hosts}
    bound = () if settings.host in _ANY_ADDRESS or ":" in settings.host else (settings.host,)
    public = urlsplit(settings.public_url).hostname
    return host_is_trusted(host, [*_LOOPBACK_NAMES, *bound, *settings.trusted_hosts, *([public] if public else [])])


def _is_address(host: str) -> bool:
    """Whether this Host header is an IP address with or without a port, and one that means somebody."""
    bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return not ip_address(bare).is_unspecified
    except ValueError:
        return False


def way_back(wanted: str | None) -> str:
    """Return the page to go to after an act: the one asked for where it is a page of ours, else the front page."""
    front = url_for("pages.front_page")
    if not wanted or not _STAYS_HERE.match(wanted):
        return front
    adapter = request_ctx.url_adapter
    try:
        return wanted if adapter and adapter.match(urlsplit(wanted).path, method="GET") else front
    except (HTTPException, ValueError):
        return front


class _Cookies(SecureCookieSessionInterface):
    """The session's cookie; over https it is sent over https only, and no other host can plant one."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name; browsers keep `__Host-` for cookies that the host itself set, over https (RFC 6265bis)."""
        return "__Host-broadsheet" if request.is_secure else "broadsheet"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie may travel over https only."""
        return request.is_secure


def _believing_proxies(app: WSGIApplication, proxies: Iterable[str]) -> WSGIApplication:
    """Return the application as it sees who asks when one of these proxies passes a request on.

    The Host header is taken as it is and X-Forwarded-Host never: a page that was made to point here could send it.
    """
    networks = [_network(proxy) for proxy in proxies]
    if not networks:
        return app
    behind = ProxyFix(app, x_for=1, x_proto=1)

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        peer = ip_address(environ["REMOTE_ADDR"].removeprefix("::ffff:"))  # an IPv4 peer, as an IPv6 socket tells it
        believed = any(peer in network for network in networks)
        return (behind if believed else app)(environ, start_response)

    return choose


def _network(proxy: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(proxy, strict=False)
    except ValueError as error:
        raise ConfigError(
            f"web.trusted_proxies: {proxy!r} is neither an address nor a network; write 127.0.0.1 or 10.0.0.0/8."
        ) from error


def _refuse_foreign_origin() -> None:
    """Refuse what another site's page wants changed, even with a token; where the browser says less, that decides.

    Sec-Fetch-Site tells most reliably, then Origin, as in Go's net/http; "null" is what our own Referrer-Policy
    makes of the Origin of our forms.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "null")
    of_our_host = (f"http://{request.host}", f"https://{request.host}")  # a proxy may speak https for us
    is_ours = site in ("same-origin", "none") if site else origin in ("null", *of_our_host)
    if not is_ours:
        abort(403, gettext("Nothing was changed: the request came from another site’s page."))


def _refuse_foreign_name(settings: WebSettings) -> None:
    if not is_our_name(request.host, settings):
        abort(
            400,
            gettext(
                "Broadsheet does not answer to the name in this address. If it is yours, add it to trusted_hosts in "
                "the [web] section of config.toml and start Broadsheet again."
            ),
        )


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    elif "v" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return response
