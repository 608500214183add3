from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis.strategies import from_regex, sampled_from
from w3lib.url import canonicalize_url

from aggregator.parse.urls import as_feed_url, canonical_url, feed_url_problem, registrable_domain, safe_link


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.ORG:80/Story", "https://example.org/Story"),
        ("https://example.org:443", "https://example.org/"),
        ("http://example.org:8080/a", "https://example.org:8080/a"),
        ("https://example.org/a?utm_source=rss&id=7&fbclid=x", "https://example.org/a?id=7"),
        ("https://example.org/a?at_medium=RSS&at_campaign=KARANGA", "https://example.org/a"),
        ("https://example.org/a?ref=rss", "https://example.org/a"),
        ("https://example.org/a?ref=12", "https://example.org/a?ref=12"),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2"),
        ("https://example.org/a#comments", "https://example.org/a"),
        ("https://example.org/#!/story/1", "https://example.org/#!/story/1"),
        ("https://example.org/a/", "https://example.org/a/"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://📰.example/", "https://xn--mu8h.example/"),
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("http://[2001:db8::1]:80/a", "https://[2001:db8::1]/a"),
        ("javascript:alert(1)", None),
        ("mailto:a@example.org", None),
        ("/story/1", None),
        ("", None),
        (None, None),
    ],
)
def test_one_piece_has_one_canonical_address(url: str | None, canonical: str | None) -> None:
    assert canonical_url(url) == canonical


def test_a_canonical_address_is_its_own() -> None:
    once = canonical_url("http://Example.org/a b?q=%2F&r=a+b&s#x")
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("https://feeds.example.com/x", "example.com"),
        ("http://127.0.1.7:8000/feed", "127.0.1.7"),
        ("http://[::1]/feed", "::1"),
        ("http://herald.localhost:8000/feed", "herald.localhost"),
        ("http://localhost/feed", "localhost"),
        ("https://co.uk/", "co.uk"),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
def test_a_site_belongs_to_its_registrable_domain(url: str | None, domain: str | None) -> None:
    assert registrable_domain(url) == domain


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" example.org/feed ", "https://example.org/feed"),
        ("http://example.org/feed", "http://example.org/feed"),
        ("feed://example.org/feed", "https://example.org/feed"),
        ("feed:https://example.org/feed", "https://example.org/feed"),
        ("//example.org/feed", "https://example.org/feed"),
        ("localhost:8000/feed", "https://localhost:8000/feed"),
        ("<https://example.org/feed>", "https://example.org/feed"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("", ""),
    ],
)
def test_an_address_is_taken_as_it_is_meant(typed: str, meant: str) -> None:
    assert as_feed_url(typed) == meant


@pytest.mark.parametrize("text", ["example.org", "https://example.org/ü", "http://127.0.0.1:8000/a", "http://[::1]/a"])
def test_a_web_address_may_be_a_feed(text: str) -> None:
    assert feed_url_problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "There is no address."),
        ("javascript:alert(1)", "begins with javascript:"),
        ("file:///etc/passwd", "begins with file:"),
        ("two words", "not a web address"),
        ("https://", "not a web address"),
        ("https://example.org:99999/", "not a web address"),
        ("https://exa$mple.org/", "not a name that a site can have"),
        ("https://example.org/" + "a" * 5000, "longer than 4096"),
    ],
)
def test_what_cannot_be_a_feed_is_refused_in_words(text: str, why: str) -> None:
    problem = feed_url_problem(text)
    assert problem is not None
    assert why in problem


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("/story/1", "https://example.org/story/1"),
        ("?page=2", "https://example.org/news/?page=2"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("/a \x80\x9b", "https://example.org/a%20%C2%80%C2%9B"),
        ("java\nscript:alert(1)", None),
        (" \x01javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://a.example/\uffff", None),
        ("http://[broken", None),
        ("http://[::1%2 ]/", None),
        ("http://example.org:port/", None),
    ],
)
def test_only_web_addresses_are_links(url: str, link: str | None) -> None:
    assert safe_link(url, "https://example.org/news/") == link


PLAIN = from_regex(
    r"https?://[a-z0-9-]{1,9}\.[A-Za-z0-9-]{1,9}(:[1-9][0-9]{0,3})?/[A-Za-z0-9/_.~-]{0,20}(\?[a-z0-9=&%+/.-]{1,9})?",
    fullmatch=True,
)


@given(PLAIN, sampled_from([None, "https://b.example/a/b", "http://b.example/?x"]))
def test_plain_links_are_what_the_library_makes_of_them(url: str, base_url: str | None) -> None:
    assert safe_link(url, base_url) == (urljoin(base_url, url) if base_url else url)


@given(PLAIN)
@example("https://example.org/a/./b")
@example("https://example.org/a/..")
def test_plain_links_get_the_address_that_the_library_gives_them(url: str) -> None:
    parts = urlsplit(url)
    port = "" if parts.port in (None, 80 if parts.scheme == "http" else 443) else f":{parts.port}"
    host = str(parts.hostname).removesuffix(".")
    canonical = canonical_url(url)
    if canonical is not None and not parts.query:
        assert canonical == canonicalize_url(f"https://{host}{port}{parts.path}")
