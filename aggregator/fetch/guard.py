"""Which addresses may be called. Judged twice: the URL before, the IP address while connecting to it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import ada_url

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MACHINE = "this machine"
_PRIVATE = "a private network"
_OTHER = "a network that is no part of the public internet"

# IANA special-purpose address registries (RFC 6890 and its successors), and the multicast and reserved
# blocks beside them. Python's own `is_global` follows the registries of its release and trusts tunnels.
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", _MACHINE),
        ("10.0.0.0/8", _PRIVATE),
        ("100.64.0.0/10", _PRIVATE),  # shared by the customers of a carrier, RFC 6598
        ("127.0.0.0/8", _MACHINE),
        ("169.254.0.0/16", _PRIVATE),  # link-local
        ("172.16.0.0/12", _PRIVATE),
        ("192.0.0.0/24", _OTHER),  # protocol assignments
        ("192.0.2.0/24", _OTHER),  # documentation
        ("192.88.99.0/24", _OTHER),  # 6to4 relays, deprecated by RFC 7526
        ("192.168.0.0/16", _PRIVATE),
        ("198.18.0.0/15", _OTHER),  # benchmarks
        ("198.51.100.0/24", _OTHER),  # documentation
        ("203.0.113.0/24", _OTHER),  # documentation
        ("224.0.0.0/4", _OTHER),  # multicast
        ("240.0.0.0/4", _OTHER),  # reserved, and broadcast
        ("::/127", _MACHINE),
        ("fc00::/7", _PRIVATE),
        ("fe80::/10", _PRIVATE),  # link-local
        ("fec0::/10", _PRIVATE),  # site-local, deprecated by RFC 3879
        ("2001::/23", _OTHER),  # protocol assignments: Teredo, ORCHID, benchmarks
        ("2001:db8::/32", _OTHER),  # documentation
        ("3fff::/20", _OTHER),  # documentation, RFC 9637
    )
)
_GLOBAL_IPV6 = ip_network("2000::/3")  # all that has been handed out for the public internet
_NAT64 = ip_network("64:ff9b::/96")

# What cloud machines ask for their own credentials: never called, whatever the owner allows.
_METADATA = frozenset(
    ip_address(address)
    for address in (
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::a9fe:a9fe",
    )
)
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog"})

# Top-level names that never lie on the public internet (RFC 6761, RFC 8375, ICANN), and Kubernetes' own.
_INTERNAL_NAMES = re.compile(
    r"[^.]+|.*\.(corp|home|home\.arpa|internal|intranet|lan|local|localdomain|localhost|mail|onion|private|svc)"
)
_HOST_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be asked for, as far as its URL can tell."""

    url: str
    """Normalised as browsers do (WHATWG), without a fragment: what is judged is what is called."""
    host: str
    """In lower case, without brackets or a last dot."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an address is not called, as a sentence for the owner."""

    why: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """What `[fetch] allowed_hosts` names."""

    names: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    def has_name(self, host: str) -> bool:
        """Return whether the owner named this host."""
        return host in self.names or host.endswith(self.suffixes)


def read_allowed(hosts: Iterable[str]) -> Allowed:
    """Return what a list of names, `*.name`, addresses and networks allows."""
    names, suffixes, networks = set(), [], []
    for host in (host.strip().lower().rstrip(".") for host in hosts):
        try:
            networks.append(ip_network(host.strip("[]"), strict=False))
        except ValueError:
            if host.startswith("*."):
                suffixes.append(host[1:])
            else:
                names.add(host)
    return Allowed(frozenset(names), tuple(suffixes), tuple(networks))


def target_of(url: str, allowed: Allowed, *, base: str | None = None) -> Target | Refusal:
    """Return where a URL leads, or why it is not followed; with `base`, the URL is a Location of that page."""
    url = url.strip(" \t\r\n")
    if _UNPRINTABLE.search(url) or "\\" in re.split(r"[?#]", url, maxsplit=1)[0]:
        return Refusal("The address holds characters that no web address has.")
    try:
        parsed = ada_url.URL(url, base=base) if base else ada_url.URL(_with_scheme(url))
    except ValueError:
        return Refusal("The address is not a web address.")
    if parsed.protocol not in ("http:", "https:"):
        return Refusal(f"The address begins with {parsed.protocol[:20]}; only http: and https: are read.")
    if parsed.username or parsed.password:
        return Refusal("The address holds a user name or a password; Broadsheet does not send them.")
    parsed.hash = ""
    return _judged(Target(parsed.href, parsed.hostname.strip("[]").removesuffix(".")), allowed)


def refusal_of(address: str, host: str, allowed: Allowed) -> Refusal | None:
    """Return why a connection to this IP address is not made on behalf of `host`; None where it may be."""
    try:
        outer = ip_address(address.partition("%")[0])
    except ValueError:
        return Refusal(f"{host} lies at an address that is not understood.")
    inner = _embedded(outer) or outer
    if inner in _METADATA or not _METADATA.isdisjoint(_last_four_bytes(outer)):
        return _metadata(host)
    if allowed.has_name(host) or any(inner in network or outer in network for network in allowed.networks):
        return None
    kind = _kind(inner)
    return _lies_on(kind, host) if kind else None


def _with_scheme(url: str) -> str:
    """Add the https: that people leave out; feed: is http: by another name."""
    if url.lower().startswith("feed:"):
        rest = url[len("feed:") :]
        return rest if _SCHEME.match(rest) else f"http:{rest}"
    return url if not url or _SCHEME.match(url) else f"https://{url}"


def _judged(target: Target, allowed: Allowed) -> Target | Refusal:
    host = target.host
    if _is_address(host):
        return refusal_of(host, host, allowed) or target
    if not _HOST_NAME.fullmatch(host):
        return Refusal("The address names a host that cannot exist.")
    if host in _METADATA_NAMES:
        return _metadata(host)
    # where the owner allows networks, the address behind an internal name decides, when it is known
    if _INTERNAL_NAMES.fullmatch(host) and not (allowed.has_name(host) or allowed.networks):
        return _lies_on(f"{_MACHINE} or {_PRIVATE}", host)
    return target


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for: mapped, 6to4 (RFC 3056), NAT64 (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _last_four_bytes(address: Address) -> tuple[IPv4Address, ...]:
    """Return what an IPv6 address may stand for in tunnels that only their own networks know.

    As they are: ISATAP (RFC 5214), NAT64 of a network's own (RFC 8215), compatible; turned over: Teredo (RFC 4380).
    """
    last = int(address) & 0xFFFF_FFFF
    return (IPv4Address(last), IPv4Address(last ^ 0xFFFF_FFFF)) if isinstance(address, IPv6Address) else ()


def _kind(address: Address) -> str | None:
    for network, kind in _SPECIAL:
        if address in network:
            return kind
    return _OTHER if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6 else None


def _lies_on(kind: str, host: str) -> Refusal:
    return Refusal(f"{host} lies on {kind}; name the host in [fetch] allowed_hosts if it is yours.")


def _metadata(host: str) -> Refusal:
    return Refusal(f"{host} lies where cloud machines keep their own secrets; Broadsheet never calls it.")
