"""Reading the whole text of articles from their own pages, for feeds whose owner wants that: politely and bounded."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from aggregator.errors import BroadsheetError
from aggregator.fetch.http import Fetch
from aggregator.models.fetching import Failed, Fetched, NotAsked, Reply, Request
from aggregator.models.markup import SafeHtml
from aggregator.store import full_texts, holds
from aggregator.store.db import transaction

PAGES_AT_ONCE = 20
"""In one run; the rest waits for the next."""
NEWEST = timedelta(days=7)
"""How old an article may be whose page is read: nobody wants a whole archive fetched."""


class ReadPage(Protocol):
    """Finds the article in a page elsewhere: `Parsers.read_page`, or a fake."""

    def __call__(self, reply: Fetched) -> Future[SafeHtml]:
        """Give the article's text, sanitised."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """How reading one article's page went."""

    article_id: int
    why: str | None = None
    """The error in words; None where its text was kept."""


def fetch_pages(engine: Engine, fetch: Fetch, read_page: ReadPage, *, now: datetime) -> Iterator[PageRead]:
    """Read the pages that are wanted and not read yet, newest first; one that fails stops no other."""
    with transaction(engine) as db:
        wanted = full_texts.claim_wanted(db, since=now - NEWEST, now=now, limit=PAGES_AT_ONCE)
        held = holds.held_hosts(db, now=now)
    article_ids: dict[Request, list[int]] = {}
    for article_id, url in wanted:
        article_ids.setdefault(Request(url), []).append(article_id)
    for reply in fetch(article_ids, now=now, held=held):
        content, why = _read(reply, read_page)
        with transaction(engine) as db:
            for article_id in article_ids[reply.request]:
                if content is not None:
                    full_texts.keep_full_text(db, article_id, content, now=now)
                else:
                    full_texts.note_failed(db, article_id, why)
        yield from (PageRead(article_id, why or None) for article_id in article_ids[reply.request])


def _read(reply: Reply, read_page: ReadPage) -> tuple[SafeHtml | None, str]:
    """Return the text or, without one, why there is none."""
    match reply:
        case Fetched():
            try:
                return read_page(reply).result(), ""
            except BroadsheetError as error:
                return None, str(error)
        case Failed(why=why):
            return None, why
        case NotAsked(hold=hold):
            return None, f"{hold.host} asked to be left alone."
        case _:
            return None, "The page was not sent."
