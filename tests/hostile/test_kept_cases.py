"""Every collected document and 500 mutants, each a feed of its own, through the whole ingest to a page."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest
from sqlalchemy import Engine, Text, func, select

from aggregator import arrivals, refreshing
from aggregator.config import ImageSettings, PollSettings, Settings
from aggregator.errors import ParseError
from aggregator.models.feeds import DueFeed
from aggregator.models.fetching import Fetched, Reply, Request
from aggregator.models.subscribing import Subscription
from aggregator.parse.feed import parse_feed
from aggregator.parse.sandbox import Parsed, parse_reply
from aggregator.refreshing import Refreshed, Tools
from aggregator.store import feeds, polling
from aggregator.store.db import reading, transaction
from aggregator.store.schema import Words, articles, entries, metadata
from tests.blank import open_blank
from tests.fuzz.mutants import mutants
from tests.fuzz.targets import DATA, corpus, is_valid
from tests.integration.desk import NOON
from web import create_app

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the collected feeds lie in ../shared, which is not here")
TABLES = ("articles", "entries", "feeds", "publishers")


def parse_here(reply: Fetched, *, discover: bool, known_items: bytes = b"") -> Future[Parsed]:
    future: Future[Parsed] = Future()
    try:
        future.set_result(parse_reply(reply, discover=False, known_items=known_items))
    except ParseError as error:
        future.set_exception(error)
    return future


def take_in(engine: Engine, documents: Sequence[bytes]) -> tuple[list[DueFeed], list[Refreshed]]:
    """Subscribe to these documents and refresh them all, in their order."""

    def fetch(requests: Iterator[Request], **_: object) -> Iterator[Reply]:
        yield from (Fetched(request=each, url=each.url, body=bodies[each.url]) for each in requests)

    bodies = {f"https://case-{n}.example/feed": body for n, body in enumerate(documents)}
    with transaction(engine) as db:
        for url in bodies:
            feeds.subscribe(db, Subscription(feed_url=url), now=NOON)
        due = sorted(polling.claim_due(db, now=NOON, limit=len(bodies), lease_s=60), key=lambda each: each.feed.id)
    return due, list(refreshing.refresh(engine, due, Tools(fetch, parse_here), PollSettings(), now=NOON))


def n_distinct(document: bytes, due: DueFeed) -> int:
    """How many entries there are to keep."""
    try:
        parsed = parse_feed(document, url=due.feed.feed_url)
    except ParseError:
        return 0
    return len(arrivals.distinct(parsed.entries, due.feed))


@pytest.mark.slow
def test_every_case_and_mutant_is_kept_whole_as_clean_text_and_shown(tmp_path: Path) -> None:
    cases = [path.read_bytes() for path in sorted((DATA / "cases/feedparser/tests").rglob("*")) if path.is_file()]
    documents = [*cases, *mutants(corpus("feed"), 500, seed=2)]
    engine = open_blank(tmp_path / "news.db")
    due, done = take_in(engine, documents)
    assert [each.why for each in done if each.why and "fault of Broadsheet" in each.why] == []
    with reading(engine) as db:
        kept = dict(db.execute(select(entries.c.feed_id, func.count()).group_by(entries.c.feed_id)).all())
        wanted = {each.feed.id: n_distinct(document, each) for document, each in zip(documents, due, strict=True)}
        assert {n: n_kept for n, n_kept in wanted.items() if kept.get(n, 0) != n_kept} == {}
        assert len(cases) == 2107
        assert sum(kept.values()) > 1300
        unclean = [f"{table}.{column}" for table in TABLES for column in unclean_columns(db, table)]
        assert unclean == []
        some = db.execute(select(articles.c.id).order_by(articles.c.id).where(articles.c.id % 20 == 0)).scalars().all()
    client = create_app(engine, Settings(images=ImageSettings(show="none")), clock=lambda: NOON).test_client()
    for place in ("/river", "/feeds", *(f"/article/{article_id}" for article_id in some)):
        assert client.get(place).status_code == 200, place
    engine.dispose()


def unclean_columns(db: object, table: str) -> Iterator[str]:
    for column in metadata.tables[table].columns:
        if isinstance(column.type, Text | Words):
            said = db.execute(select(column).where(column.is_not(None))).scalars()  # type: ignore[attr-defined]
            if not all(map(is_valid, said)):
                yield column.name
