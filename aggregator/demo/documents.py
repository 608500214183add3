"""The sample day as feed documents and web pages: articles -> bytes. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as ET

from aggregator.demo.day import SampleArticle, SamplePublisher

ATOM = "http://www.w3.org/2005/Atom"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS1 = "http://purl.org/rss/1.0/"
DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"

for prefix, uri in {"atom": ATOM, "rdf": RDF, "dc": DC, "content": CONTENT}.items():
    ET.register_namespace(prefix, uri)


@dataclass(frozen=True, slots=True)
class Site:
    """A publisher as it stands on the web for the length of a demonstration."""

    publisher: SamplePublisher
    url: str
    """Ends with a slash."""
    day_end: datetime

    @property
    def feed_url(self) -> str:
        """Where its feed lies."""
        return f"{self.url}{FEED_PATHS[self.publisher.format]}"

    def article_url(self, article: SampleArticle) -> str:
        """Return where an article of this publisher lies."""
        return f"{self.url}{article.slug}.html"


FEED_PATHS = {"rss2": "rss.xml", "rss1": "index.rdf", "atom": "atom.xml", "json": "feed.json"}
CONTENT_TYPES = {
    "rss2": "application/rss+xml; charset=utf-8",
    "rss1": "application/rdf+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


def feed_document(site: Site, articles: Sequence[SampleArticle]) -> bytes:
    """Return the publisher's feed in its own format."""
    write = {"rss2": _rss2, "rss1": _rss1, "atom": _atom, "json": _json_feed}[site.publisher.format]
    return write(site, articles)


def article_page(site: Site, article: SampleArticle) -> bytes:
    """Return the web page of an article."""
    heading = f"<h1>{escape(article.title)}</h1><p>{escape(article.author or site.publisher.name)}</p>"
    return _page(site, article.title, heading + _paragraphs(article))


def front_page(site: Site, articles: Sequence[SampleArticle]) -> bytes:
    """Return the publisher's own front page, which names its feed."""
    links = "".join(
        f'<li><a href="{site.article_url(article)}">{escape(article.title)}</a></li>' for article in articles
    )
    return _page(site, site.publisher.name, f"<h1>{escape(site.publisher.name)}</h1><ul>{links}</ul>")


def _page(site: Site, title: str, body: str) -> bytes:
    content_type = CONTENT_TYPES[site.publisher.format].partition(";")[0]
    return (
        f'<!doctype html><html lang="{site.publisher.language}"><head><meta charset="utf-8">'
        f'<title>{escape(title)}</title><link rel="alternate" type="{content_type}" href="{site.feed_url}"></head>'
        f"<body>{body}<p>Invented news, for Broadsheet’s sample day.</p></body></html>"
    ).encode()


def _paragraphs(article: SampleArticle) -> str:
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in article.text.split("\n\n"))


def _summary(article: SampleArticle) -> str:
    return " ".join(article.text.split("\n\n")[0].split())


def _rss2(site: Site, articles: Sequence[SampleArticle]) -> bytes:
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    _texts(channel, title=site.publisher.name, link=site.url, language=site.publisher.language)
    _texts(channel, description=f"The sample day of {site.publisher.name}", ttl="15")
    for article in articles:
        url = site.article_url(article)
        item = ET.SubElement(channel, "item")
        _texts(item, title=article.title, link=url, guid=url, category=article.section)
        _texts(item, pubDate=format_datetime(article.published_at(site.day_end)), description=_summary(article))
        ET.SubElement(item, f"{{{DC}}}creator").text = article.author or site.publisher.name
        ET.SubElement(item, f"{{{CONTENT}}}encoded").text = _paragraphs(article)
    return _xml(rss)


def _rss1(site: Site, articles: Sequence[SampleArticle]) -> bytes:
    rdf = ET.Element(f"{{{RDF}}}RDF")
    channel = ET.SubElement(rdf, f"{{{RSS1}}}channel", {f"{{{RDF}}}about": site.feed_url})
    named = {"title": site.publisher.name, "link": site.url, "description": f"The sample day of {site.publisher.name}"}
    _texts(channel, **{f"{{{RSS1}}}{tag}": text for tag, text in named.items()})
    _texts(channel, **{f"{{{DC}}}language": site.publisher.language})
    order = ET.SubElement(ET.SubElement(channel, f"{{{RSS1}}}items"), f"{{{RDF}}}Seq")
    for article in articles:
        url = site.article_url(article)
        ET.SubElement(order, f"{{{RDF}}}li", {f"{{{RDF}}}resource": url})
        item = ET.SubElement(rdf, f"{{{RSS1}}}item", {f"{{{RDF}}}about": url})
        _texts(item, **{f"{{{RSS1}}}title": article.title, f"{{{RSS1}}}link": url})
        _texts(item, **{f"{{{RSS1}}}description": _summary(article), f"{{{CONTENT}}}encoded": _paragraphs(article)})
        _texts(item, **{f"{{{DC}}}date": article.published_at(site.day_end).isoformat()})
    return _xml(rdf)


def _atom(site: Site, articles: Sequence[SampleArticle]) -> bytes:
    feed = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": site.publisher.language})
    _texts(feed, **{f"{{{ATOM}}}title": site.publisher.name, f"{{{ATOM}}}id": site.url})
    newest = articles[0].published_at(site.day_end) if articles else site.day_end
    _texts(feed, **{f"{{{ATOM}}}updated": newest.isoformat()})
    ET.SubElement(feed, f"{{{ATOM}}}link", rel="self", href=site.feed_url)
    ET.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", href=site.url)
    for article in articles:
        at, url = article.published_at(site.day_end).isoformat(), site.article_url(article)
        entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
        stated = {"title": article.title, "id": url, "published": at, "updated": at}
        _texts(entry, **{f"{{{ATOM}}}{tag}": text for tag, text in stated.items()})
        ET.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=url)
        author = ET.SubElement(entry, f"{{{ATOM}}}author")
        _texts(author, **{f"{{{ATOM}}}name": article.author or site.publisher.name})
        ET.SubElement(entry, f"{{{ATOM}}}content", type="html").text = _paragraphs(article)
    return _xml(feed)


def _json_feed(site: Site, articles: Sequence[SampleArticle]) -> bytes:
    items = [
        {
            "id": site.article_url(article),
            "url": site.article_url(article),
            "title": article.title,
            "content_html": _paragraphs(article),
            "date_published": article.published_at(site.day_end).isoformat(),
            "authors": [{"name": article.author or site.publisher.name}],
            "tags": [article.section],
        }
        for article in articles
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": site.publisher.name}
    place = {"home_page_url": site.url, "feed_url": site.feed_url, "language": site.publisher.language}
    return json.dumps({**head, **place, "items": items}, ensure_ascii=False, indent=1).encode()


def _texts(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text


def _xml(root: ET.Element) -> bytes:
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
