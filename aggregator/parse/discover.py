"""Which feeds a web page says it has."""

import re
from collections.abc import Iterator

from lxml import etree

from aggregator.models.entries import FeedOffer
from aggregator.parse.html import plain_line
from aggregator.parse.urls import safe_link

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Of a page; what declares a feed stands in its head."""
MAX_OFFERS = 50
MAX_TITLE_CHARS = 300

_FEED_TYPES = re.compile(
    r"\s*(?:application|text)/(?:(?:rss|atom|rdf|feed)\+(?:xml|json)|feed\+json|rss|atom|x-rss)", re.I
)
_FEED_LINK = re.compile(
    r"(?:[/._-](?:rss|atom|feeds?|rdf)(?:\.(?:xml|php|aspx?|rdf|json))?/?(?:[?#]|$)|"
    r"\.(?:rss|atom|rdf)(?:[?#]|$)|[?&](?:feed|format|type|output)=(?:rss|atom)|^https?://feeds?\d?\.)",
    re.I,
)
_COMMENTS = re.compile(r"comments?\b|\bkommentare?\b|commentaires?\b|comentarios?\b", re.I)


def find_offers(body: bytes, *, url: str, content_type: str | None = None) -> tuple[FeedOffer, ...]:
    """Return the feeds of a web page: those it declares, then links that look like feeds; feeds of comments last."""
    page = _page(body[:MAX_PAGE_BYTES], content_type)
    if page is None:
        return ()
    base_url = next((link for base in page.iter("base") if (link := safe_link(base.get("href"), url))), url)
    found = list(_declared(page, base_url)) or list(_linked(page, base_url))
    offers = {offer.feed_url: offer for offer in reversed(found)}  # of the same address twice, the first
    distinct = [offers[feed_url] for feed_url in dict.fromkeys(offer.feed_url for offer in found)]
    return tuple(sorted(distinct, key=_is_about_comments))[:MAX_OFFERS]


def _page(body: bytes, content_type: str | None) -> "etree._Element | None":
    declared = re.search(r"charset=[\"']?([\w.:-]+)", content_type or "", re.I)
    try:
        parser = etree.HTMLParser(recover=True, no_network=True, encoding=declared[1] if declared else None)
    except LookupError:
        parser = etree.HTMLParser(recover=True, no_network=True)
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _declared(page: "etree._Element", base_url: str) -> Iterator[FeedOffer]:
    for link in page.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        is_feed = "alternate" in relations and _FEED_TYPES.match(link.get("type") or "")
        if is_feed or "feed" in relations:
            yield from _offer(link.get("href"), base_url, link.get("title") or "")


def _linked(page: "etree._Element", base_url: str) -> Iterator[FeedOffer]:
    for anchor in page.iter("a"):
        feed_url = safe_link(anchor.get("href"), base_url)
        if feed_url and _FEED_LINK.search(feed_url):
            yield from _offer(feed_url, base_url, anchor.get("title") or "".join(map(str, anchor.itertext())))


def _offer(href: str | None, base_url: str, title: str) -> Iterator[FeedOffer]:
    feed_url = safe_link(href, base_url)
    if feed_url:
        yield FeedOffer(feed_url.partition("#")[0], plain_line(title)[:MAX_TITLE_CHARS])


def _is_about_comments(offer: FeedOffer) -> bool:
    return _COMMENTS.search(f"{offer.feed_url} {offer.title}") is not None
