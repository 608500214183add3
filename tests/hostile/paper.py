"""A paper whose every word is an attack: each collected HTML case in every field of a feed of its own."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from aggregator import refreshing
from aggregator.config import PollSettings
from aggregator.models.articles import Article
from aggregator.models.feeds import DueFeed
from aggregator.models.fetching import Fetched, Reply, Request
from aggregator.models.stories import Regrouping
from aggregator.models.subscribing import Subscription
from aggregator.parse.sandbox import Parsed, parse_reply
from aggregator.refreshing import Tools
from aggregator.store import articles, feeds, polling, stories
from aggregator.store.db import transaction
from tests.integration.desk import draft

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "cases" / "html"
SHOWN_WHOLE_BYTES = 45_000
"""Of text on one story page; the page shows up to 48,000."""

Case = Mapping[str, Any]


def collected_cases() -> list[Case]:
    """Return the cases that were collected from other readers and sanitisers."""
    return [json.loads(line) for line in (CASES / "cases.jsonl").read_text(encoding="utf-8").split("\n") if line]


def words(case: Case) -> str:
    """Return what a publisher would send."""
    unit, times = case.get("repeat", ("", 0))
    return str(case.get("input", unit * times))


def print_paper(engine: Engine, texts: Sequence[str], *, page_bytes: int, now: datetime) -> list[int]:
    """Take feeds that say each of these texts in every field through the whole ingest; return the stories' ids.

    A story has as many articles as make `page_bytes` of text.
    """
    bodies = {f"https://case-{n}.example/feed": _feed(n, text) for n, text in enumerate(texts)}
    with transaction(engine) as db:
        for url, text in zip(bodies, texts, strict=True):
            feeds.subscribe(db, Subscription(feed_url=url, folder=(text[:200],)), now=now)
        due = polling.claim_due(db, now=now, limit=len(bodies), lease_s=60)
    done = list(refreshing.refresh(engine, due, Tools(fetch=_Press(bodies), parse=parse_here), PollSettings(), now=now))
    assert [each.why for each in done if each.why] == []
    assert sum(each.kept.n_new for each in done) >= len(texts)
    with transaction(engine) as db:
        drafts = tuple(draft(ids) for ids in _pages(_kept(db, due), page_bytes))
        return stories.save(db, Regrouping(stories=drafts), n_articles=0, encoder=None, now=now)


def _feed(n: int, text: str) -> bytes:
    picture = f'<img src="https://pictures.example/{n}.png" alt="{html.escape(text[:2000])}">'
    attached = [{"url": text, "mime_type": "image/png"}, {"url": "https://a.example/x", "mime_type": text}]
    said = {"title": text, "authors": [{"name": text}], "tags": [text], "attachments": attached, "language": text}
    items = [
        {**said, "id": text, "url": f"https://case-{n}.example/piece", "content_html": picture + text},
        {**said, "id": "link", "url": text, "image": text, "content_text": text[:1000]},
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": text, "home_page_url": text, "items": items}
    return json.dumps({**document, "description": text, "icon": text, "favicon": text}).encode()


class _Press:
    """Answers each request with the document that was written for it."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self._bodies = bodies

    def __call__(self, requests: Iterator[Request], **_: object) -> Iterator[Reply]:
        for request in requests:
            yield Fetched(
                request=request,
                url=request.url,
                body=self._bodies[request.url],
                content_type="application/feed+json",
            )


def parse_here(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> "Future[Parsed]":
    future: Future[Parsed] = Future()
    future.set_result(parse_reply(reply, discover=discover, known_items=known_items))
    return future


def _kept(db: Connection, due: Sequence[DueFeed]) -> list[Article]:
    lines = chain.from_iterable(articles.river(db, limit=10, feed_id=each.feed.id) for each in due)
    return articles.find_articles(db, list({line.id: None for line in lines}))


def _pages(kept: Sequence[Article], page_bytes: int) -> Iterator[list[int]]:
    """Yield as many articles at a time as make a page."""
    ids: list[int] = []
    n_bytes = 0
    for article in sorted(kept, key=lambda article: len(article.content_html)):
        n_bytes += len(article.content_html)
        if ids and n_bytes > page_bytes:
            yield ids
            ids, n_bytes = [], len(article.content_html)
        ids.append(article.id)
    yield ids
