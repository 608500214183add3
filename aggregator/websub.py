"""What is said to a hub and what is believed of it, as W3C WebSub has it (https://www.w3.org/TR/websub/). Pure."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from aggregator.models.entries import ParsedFeed
from aggregator.models.fetching import Form
from aggregator.models.hubs import HubOffer

LEASE_S = 10 * 86_400
"""How long we ask a hub to go on; it decides."""
MIN_LEASE_S = 300
MAX_LEASE_S = 90 * 86_400
"""Between these a lease is taken as the hub gives it."""
RENEW_AFTER = 0.75
"""The share of a lease after which it is renewed."""
MAX_CHALLENGE_CHARS = 2048

_MAX_HEADER_CHARS = 8192
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]*))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))", re.I)
_DIGESTS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
"""The methods of §7.1; a signature by any other is none."""


def offered_hub(link_header: str, parsed: ParsedFeed, *, url: str) -> HubOffer | None:
    """Return the hub of a feed that came from `url`, and the topic's name there; None where it offers none.

    The header goes before the document (§4). A feed that does not name itself is known by where it came from.
    """
    links = list(_links(link_header, url))
    hub_url = next((target for rel, target in links if rel == "hub"), parsed.hub_url)
    topic_url = next((target for rel, target in links if rel == "self"), parsed.self_url) or url
    return HubOffer(hub_url=hub_url, topic_url=topic_url) if hub_url and _is_web(hub_url) else None


def subscription_form(offer: HubOffer, *, callback_url: str, secret: str) -> Form:
    """Return what is sent to the hub to subscribe, or to renew a lease (§5.1)."""
    return (
        ("hub.mode", "subscribe"),
        ("hub.topic", offer.topic_url),
        ("hub.callback", callback_url),
        ("hub.secret", secret),
        ("hub.lease_seconds", str(LEASE_S)),
    )


def lease_s(given: str) -> int:
    """Return the seconds for which a hub goes on; what it says of it may be missing or mad."""
    said = int(given[:9]) if given.isascii() and given.isdigit() else LEASE_S
    return min(max(said, MIN_LEASE_S), MAX_LEASE_S)


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether this is the body's signature by this secret (X-Hub-Signature, §7.1), compared in constant time."""
    method, _, given = signature.strip().partition("=")
    digest = _DIGESTS.get(method.lower())
    if digest is None:
        return False
    wanted = hmac.new(secret.encode(), body, digest).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.strip().lower().encode())


def _links(header: str, base_url: str) -> Iterator[tuple[str, str]]:
    """Yield (relation, address) for each relation of each link of a Link header (RFC 8288)."""
    for target, parameters in _LINK.findall(header[:_MAX_HEADER_CHARS]):
        rel = _REL.search(parameters)
        for relation in (rel[1] or rel[2] or "").lower().split() if rel else ():
            try:
                yield relation, urljoin(base_url, target)
            except ValueError:
                continue


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
