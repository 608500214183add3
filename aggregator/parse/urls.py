"""Addresses: cleaned to one canonical form, told apart by owner, and checked for what they may lead to."""

import functools
import ipaddress
import re
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import ada_url
from publicsuffixlist import PublicSuffixList
from w3lib.url import canonicalize_url

MAX_URL_CHARS = 4096
"""Longer addresses are refused: no server of a newspaper gives them, and databases index what is kept."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_AND_PORT = re.compile(r"[^/?#:]+:\d{1,5}(?:[/?#].*)?")
_PLAIN_LINK = re.compile(
    r"https?://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(:(?:[1-5]\d{4}|[1-9]\d{0,3}))?"
    r"((?:/(?!\.{1,2}(?:[/?]|$))[A-Za-z0-9_.~-]*)+)(\?[A-Za-z0-9/_.~&=%+-]+)?"
)
"""Nine of ten addresses: absolute, without `.` and `..`, with nothing in them that any rule below would change."""
_ENCODED = re.compile(r"[ \x80-\x9f]")
"""Characters that no address may show: the blank, and controls that terminals obey. A browser sends them so too."""
_BLANKS = "".join(map(chr, range(33)))
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff]+")
_USERINFO = re.compile(r"(?<=//)[^/?#]*@")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")

_TRACKING_PREFIXES = ("utm_", "at_", "mc_", "hsa_", "pk_", "piwik_", "mtm_", "matomo_", "stm_", "itm_", "vero_")
"""What campaign tools put before their parameters: Google, AT Internet, Mailchimp, HubSpot, Matomo and others."""

_TRACKING = frozenset(
    (
        "_ga _gl _hsenc _hsmi _openstat cmpid cmp dclid ef_id epik fbclid ftag gad_source gbraid gclid gclsrc "
        "gs_l guccounter guce_referrer guce_referrer_sig icid igshid ito maca mkt_tok mkevt mkcid mkrid "
        "msclkid ncid ns_campaign ns_mchannel ns_source oly_anon_id oly_enc_id ocid rb_clickid "
        "s_cid sc_campaign sc_channel sfmc_id smid soc_src soc_trk spm srnd taid trk twclid tw_campaign "
        "wbraid wickedid xtor yclid ysclid"
    ).split()
)
"""Parameters that only say where a reader came from."""

_REFERRERS = frozenset("ref source from cid feed partner campaign src".split())
"""Parameters that name a referrer in some places and the piece itself in others: dropped only with these values."""
_REFERRER_VALUES = frozenset("rss rss2 feed feeds atom rssfeed rss_feed newsfeed feedburner twitter facebook".split())


def safe_link(url: str | None, base_url: str | None = None) -> str | None:
    """Return the absolute http(s) address that `url` leads to from `base_url`, or None where it leads elsewhere.

    What a browser would ignore (blanks around it, tabs and line ends inside) is removed before the scheme is read.
    """
    if not url:
        return None
    if _PLAIN_LINK.fullmatch(url) and len(url) <= MAX_URL_CHARS:
        return url
    tidy = re.sub(r"[\t\r\n]", "", url).strip(_BLANKS)
    if not tidy:
        return None
    try:
        absolute = _ENCODED.sub(_in_percent, urljoin(base_url, tidy) if base_url else tidy)
        parts = urlsplit(absolute)
        is_web = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    is_clean = not re.search(r"[\x00-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]", absolute)
    return absolute if is_web and is_clean and len(absolute) <= MAX_URL_CHARS else None


def _in_percent(character: re.Match[str]) -> str:
    return quote(character[0])


def canonical_url(url: str | None) -> str | None:
    """Return the form that is the same for every address of one piece, or None where `url` is no web address.

    Lower-case IDNA host, no default port, no user name, no fragment (but `#!`), no tracking parameters, the others
    in alphabetical order, percent-encoding as by the WHATWG, and always https: this is a key to compare, not an
    address to call. A trailing slash and `www.` are kept, because servers may give other pages without them.
    """
    link = safe_link(url)
    if link is None:
        return None
    plain = _PLAIN_LINK.fullmatch(link)
    if plain and plain[2] not in (":80", ":443") and not plain[4] and (host := _ascii_host(plain[1])):
        return f"https://{host}{plain[2] or ''}{plain[3]}"
    parts = urlsplit(link)
    host = _ascii_host(parts.hostname or "")
    if host is None:
        return None
    default = _DEFAULT_PORTS[parts.scheme]
    netloc = host if parts.port in (None, default) else f"{host}:{parts.port}"
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    bare = urlunsplit(("https", netloc, parts.path, _without_tracking(parts.query), fragment))
    try:
        return canonicalize_url(bare, keep_fragments=bool(fragment))
    except ValueError:
        return None


def registrable_domain(url: str | None) -> str | None:
    """Return whose site an address belongs to (`www.bbc.co.uk` is `bbc.co.uk`); for an IP address, that address."""
    link = safe_link(url)
    if link is None:
        return None
    plain = _PLAIN_LINK.fullmatch(link)
    return _domain_of(plain[1].lower() if plain else urlsplit(link).hostname or "")


def as_feed_url(text: str) -> str:
    """Return the address that an owner means: trimmed, without `feed:`, https where no scheme is given."""
    url = re.sub(r"[\t\r\n]", "", text).strip(" \x00<>\"'")
    for prefix in ("feed://", "feed:", "rss://", "pcast://"):
        if url.lower().startswith(prefix):
            url = url[len(prefix) :]
            break
    if url.startswith("//"):
        return f"https:{url}"
    has_scheme = _SCHEME.match(url) and not _HOST_AND_PORT.fullmatch(url)
    return url if has_scheme or not url else f"https://{url}"


def feed_url_problem(text: str) -> str | None:
    """Return why this cannot be the address of a feed, as a sentence; None where it can."""
    url = as_feed_url(text)
    if not url:
        return "There is no address."
    if len(url) > MAX_URL_CHARS:
        return f"The address is longer than {MAX_URL_CHARS} characters."
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in _DEFAULT_PORTS:
        return f"An address that begins with {scheme[1].lower()}: cannot be a feed's; it has to begin with https:// or http://."
    if _USERINFO.search(url):
        return "The address holds a user name or a password. Broadsheet does not send them; leave them out."
    if safe_link(url) is None or _UNSEEN.search(url):
        return "This is not a web address; one looks like https://example.org/feed.xml."
    host = urlsplit(url).hostname or ""
    return None if _ascii_host(host) else f"{host} is not a name that a site can have."


def masked(url: str) -> str:
    """Return an address as a message may show it: a user name and a password are left out."""
    return _USERINFO.sub("…@", url)


def _without_tracking(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = [(name, value) for name, value in pairs if not _is_tracking(name.lower(), value.lower())]
    return query if len(kept) == len(pairs) else urlencode(kept, errors="surrogateescape")


def _is_tracking(name: str, value: str) -> bool:
    if name in _REFERRERS and value in _REFERRER_VALUES:
        return True
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


@functools.lru_cache(maxsize=4096)
def _domain_of(name: str) -> str | None:
    host = _ascii_host(name)
    if host is None:
        return None
    if _is_ip_address(host.strip("[]")):
        return host.strip("[]")
    return str(_public_suffixes().privatesuffix(host) or host)


@functools.lru_cache(maxsize=4096)
def _ascii_host(host: str) -> str | None:
    """Return the host as the DNS knows it, an IPv6 address in brackets; None where it is no host at all."""
    if _is_ip_address(host):
        return f"[{host}]" if ":" in host else host
    name = (host.lower() if host.isascii() else ada_url.idna_to_ascii(host).decode("ascii")).removesuffix(".")
    return name if len(name) <= 253 and all(map(_LABEL.fullmatch, name.split("."))) else None


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@functools.cache
def _public_suffixes() -> PublicSuffixList:
    """Return the list that is bundled with its library; reading it takes 40 ms, so it is read once."""
    return PublicSuffixList()
