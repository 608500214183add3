from aggregator.models.entries import FeedOffer
from aggregator.parse.discover import find_offers

URL = "https://site.example/news/"


def page(head: str, body: str = "") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


def test_declared_feeds_are_offered_with_their_titles() -> None:
    head = (
        '<link rel="alternate" type="application/rss+xml" title="All &amp; more" href="/feed">'
        '<link rel="alternate" type="application/atom+xml" href="atom.xml">'
        '<link rel="alternate" type="application/feed+json" href="https://cdn.example/feed.json">'
    )
    assert find_offers(page(head), url=URL) == (
        FeedOffer("https://site.example/feed", "All & more"),
        FeedOffer("https://site.example/news/atom.xml"),
        FeedOffer("https://cdn.example/feed.json"),
    )


def test_other_alternates_are_no_feeds() -> None:
    head = '<link rel="alternate" hreflang="de" href="/de"><link rel="stylesheet" type="text/css" href="/a.css">'
    assert find_offers(page(head), url=URL) == ()


def test_feeds_of_comments_come_last_and_doubles_go() -> None:
    link = '<link rel="alternate" type="application/rss+xml" title="{}" href="{}">'
    head = link.format("Comments", "/comments/feed") + link.format("News", "/feed") + link.format("Again", "/feed#x")
    offers = find_offers(page(head), url=URL)
    assert [(offer.feed_url, offer.title) for offer in offers] == [
        ("https://site.example/feed", "News"),
        ("https://site.example/comments/feed", "Comments"),
    ]


def test_links_that_look_like_feeds_are_offered_where_none_is_declared() -> None:
    body = '<a href="/about">About</a><a href="/rss.xml">RSS</a><a href="/blog/feed/"><b>The</b> feed</a>'
    offers = find_offers(page("", body), url=URL)
    assert [offer.feed_url for offer in offers] == ["https://site.example/rss.xml", "https://site.example/blog/feed/"]


def test_the_base_of_the_page_is_respected() -> None:
    head = '<base href="https://other.example/x/"><link rel="alternate" type="application/rss+xml" href="feed">'
    assert find_offers(page(head), url=URL) == (FeedOffer("https://other.example/x/feed"),)


def test_addresses_that_are_not_web_addresses_are_not_offered() -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">'
    assert find_offers(page(head), url=URL) == ()


def test_anything_at_all_may_be_asked() -> None:
    for body in (b"", b"\x00\xff\xfe", b"<", b"{}", b"<a href='http://[x'>"):
        assert find_offers(body, url=URL, content_type="text/html; charset=nonsense") == ()
