import json
from pathlib import Path

import pytest

from aggregator.fetch.guard import Allowed, Refusal, Target, read_allowed, refusal_of, target_of

CASES = Path(__file__).parents[2].parent / "shared/data/cases/url/cases.jsonl"
NOBODY = Allowed()
EVERYTHING = read_allowed(["0.0.0.0/0", "::/0"])
# names of the cases that lie on the public internet but lead to loopback: only the connection can tell
RESOLVED = {"127.0.0.1.nip.io": "127.0.0.1", "0x7f000001.nip.io": "127.0.0.1"}


def judge(url: str, allowed: Allowed) -> Target | Refusal:
    """Judge a URL, and then the address behind the name where we know it."""
    target = target_of(url, allowed)
    if isinstance(target, Refusal) or target.host not in RESOLVED:
        return target
    return refusal_of(RESOLVED[target.host], target.host, allowed) or target


def test_every_case_of_the_shared_table_is_judged_as_it_says() -> None:
    if not CASES.exists():
        pytest.skip("The shared table of URLs is not here.")
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    wrong = [
        (case["id"], case["url"])
        for case in cases
        if case["expect"] != "special"
        and isinstance(judge(case["url"], NOBODY), Target) != (case["expect"] == "accept")
    ]
    assert len(cases) == 96
    assert wrong == []


def test_what_may_never_be_called_stays_refused_although_every_network_is_allowed() -> None:
    if not CASES.exists():
        pytest.skip("The shared table of URLs is not here.")
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    never = [case for case in cases if case["expect"] == "never" or case.get("metadata")]
    assert [case["url"] for case in never if isinstance(judge(case["url"], EVERYTHING), Target)] == []


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.1.1", "172.16.0.1", "192.0.0.8",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.19.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.251",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:0:7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:a00:1::",
        "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
        "4000::1", "not an address",
    ],
)  # fmt: skip
def test_no_special_address_is_connected_to(address: str) -> None:
    assert isinstance(refusal_of(address, "example.org", NOBODY), Refusal)


@pytest.mark.parametrize(
    "address",
    (
        "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 "
        "172.15.255.255 172.32.0.0 192.0.1.0 198.17.255.255 198.20.0.0 223.255.255.255 2606:4700::1111 "
        "2001:4860:4860::8888 2a00::1 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1 "
    ).split(),
)
def test_public_addresses_are_connected_to(address: str) -> None:
    assert refusal_of(address, "example.org", NOBODY) is None


@pytest.mark.parametrize(
    "address",
    (
        "169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: fd00:ec2::254 "
        "100.100.100.200 192.0.0.192 168.63.129.16 fe80::a9fe:a9fe fe80::a9fe:a9fe%eth0 "
        "::169.254.169.254 ::ffff:0:a9fe:a9fe 64:ff9b:1::a9fe:a9fe fd00::5efe:a9fe:a9fe 2001:0:101:101::5601:5601 "
    ).split(),
)
def test_metadata_addresses_are_never_connected_to(address: str) -> None:
    allowed = read_allowed(["example.org", address.partition("%")[0], "0.0.0.0/0", "::/0"])
    assert isinstance(refusal_of(address, "example.org", allowed), Refusal)


@pytest.mark.parametrize(
    ("entry", "host", "address"),
    [
        ("nas", "nas", "192.168.1.9"),
        ("NAS.Home.Arpa.", "nas.home.arpa", "192.168.1.9"),
        ("*.localhost", "demo.localhost", "127.0.0.1"),
        ("*.localhost", "demo.localhost", "::1"),
        ("192.168.1.9", "anything.example", "192.168.1.9"),
        ("192.168.1.9", "anything.example", "::ffff:192.168.1.9"),
        ("10.0.0.0/8", "anything.example", "10.20.30.40"),
        ("[fd00::7]", "anything.example", "fd00::7"),
    ],
)
def test_the_owner_may_name_hosts_and_networks(entry: str, host: str, address: str) -> None:
    assert refusal_of(address, host, read_allowed([entry])) is None


@pytest.mark.parametrize(
    ("entry", "host", "address"),
    [
        ("nas", "nas.example", "192.168.1.9"),
        ("*.localhost", "localhost", "127.0.0.1"),
        ("*.localhost", "evil-localhost", "127.0.0.1"),
        ("10.0.0.0/8", "anything.example", "192.168.0.1"),
    ],
)
def test_what_the_owner_named_allows_nothing_beside_it(entry: str, host: str, address: str) -> None:
    assert isinstance(refusal_of(address, host, read_allowed([entry])), Refusal)


def test_an_internal_name_is_judged_by_its_address_once_networks_are_allowed() -> None:
    url = "http://nas/feed.xml"
    assert isinstance(target_of(url, NOBODY), Refusal)
    assert isinstance(target_of(url, read_allowed(["192.168.0.0/16"])), Target)
    assert isinstance(target_of(url, read_allowed(["nas"])), Target)


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("feed://ok.example/rss", "http://ok.example/rss"),
        ("feed:https://ok.example/rss", "https://ok.example/rss"),
        ("ok.example/rss", "https://ok.example/rss"),
        (" https://OK.example/a b#part ", "https://ok.example/a%20b"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
    ],
)
def test_an_address_is_called_in_its_normal_form(url: str, called: str) -> None:
    assert getattr(target_of(url, NOBODY), "url", None) == called


@pytest.mark.parametrize(
    ("location", "called"),
    [
        ("../x", "https://ok.example/x"),
        ("?page=2", "https://ok.example/a/b?page=2"),
        ("//other.example/y", "https://other.example/y"),
        ("http://other.example", "http://other.example/"),
    ],
)
def test_a_location_is_resolved_against_its_page(location: str, called: str) -> None:
    assert getattr(target_of(location, NOBODY, base="https://ok.example/a/b"), "url", None) == called


@pytest.mark.parametrize(
    "location",
    [
        "//127.0.0.1/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/",
        "http://localhost./",
        "http://[::ffff:127.0.0.1]/",
        "/a\r\nSet-Cookie: x=1",
        "/a\u0000",
        "feed://ok.example/",
        "https://a:b@ok.example/",
    ],
)
def test_a_location_that_leads_astray_is_refused(location: str) -> None:
    assert isinstance(target_of(location, NOBODY, base="https://ok.example/a/b"), Refusal)


def test_a_refusal_says_what_to_do_and_tells_no_secret() -> None:
    refusal = target_of("http://router/feed?token=secret", NOBODY)
    assert refusal == Refusal(
        "router lies on this machine or a private network; name the host in [fetch] allowed_hosts if it is yours."
    )
    assert "secret" not in str(target_of("https://me:secret@ok.example/", NOBODY))
