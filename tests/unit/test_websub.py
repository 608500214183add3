import hashlib
import hmac

import pytest

from aggregator.models.entries import ParsedFeed
from aggregator.models.hubs import HubOffer
from aggregator.websub import LEASE_S, MAX_LEASE_S, MIN_LEASE_S, is_signed, lease_s, offered_hub

URL = "https://a.example/feed"
SILENT = ParsedFeed()


def signature(body: bytes, method: str = "sha256", secret: str = "secret") -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_body_is_believed_by_its_signature(method: str) -> None:
    assert is_signed(b"news", signature(b"news", method), "secret")
    assert is_signed(b"news", signature(b"news", method).upper().replace(method.upper(), method), "secret")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "sha256",
        "sha256=",
        signature(b"other"),
        signature(b"news", secret="guess"),
        signature(b"news").replace("sha256", "md5"),
        signature(b"news").removeprefix("sha256="),
        signature(b"news")[:-1],
        "sha256=é",
    ],
)
def test_nothing_else_is_believed(given: str) -> None:
    assert not is_signed(b"news", given, "secret")


@pytest.mark.parametrize(
    ("header", "parsed", "wanted"),
    [
        ("", SILENT, None),
        ("", ParsedFeed(hub_url="https://hub.example/"), HubOffer("https://hub.example/", URL)),
        (
            "",
            ParsedFeed(hub_url="https://hub.example/", self_url="https://a.example/rss"),
            HubOffer("https://hub.example/", "https://a.example/rss"),
        ),
        (
            '<https://hub.example/>; rel="hub", <https://a.example/rss>; rel="self"',
            ParsedFeed(hub_url="https://other.example/", self_url="https://a.example/other"),
            HubOffer("https://hub.example/", "https://a.example/rss"),
        ),
        ("<https://hub.example/?a=1,2>;rel=hub", SILENT, HubOffer("https://hub.example/?a=1,2", URL)),
        ('</hub>; title="x"; rel="next hub"', SILENT, HubOffer("https://a.example/hub", URL)),
        ('<https://b.example/>; rel="next"', SILENT, None),
        ('<javascript:alert(1)>; rel="hub"', SILENT, None),
        ('<http://[>; rel="hub"', SILENT, None),
        ("<" * 9000, SILENT, None),
    ],
)
def test_a_hub_is_named_by_the_header_or_else_by_the_document(
    header: str, parsed: ParsedFeed, wanted: HubOffer | None
) -> None:
    assert offered_hub(header, parsed, url=URL) == wanted


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("3600", 3600), ("", LEASE_S), ("-1", LEASE_S), ("0", MIN_LEASE_S), ("9" * 400, MAX_LEASE_S), ("²", LEASE_S)],
)
def test_a_lease_is_neither_a_moment_nor_for_ever(given: str, seconds: int) -> None:
    assert lease_s(given) == seconds
