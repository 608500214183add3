"""Where articles are after their publishers moved them."""

from collections.abc import Iterable

from sqlalchemy import Connection, Engine

from aggregator.models.arrivals import Arrivals, Move
from aggregator.store import articles, keeping
from aggregator.store.db import transaction
from aggregator.store.known import known
from tests.integration.desk import NOON, bring, entry, ids_by_title, subscribe

THERE = "https://elsewhere.example/there"


def places(db: Connection, names: Iterable[str]) -> list[str | None]:
    """Where these articles are."""
    ids = ids_by_title(db)
    return [articles.find_article(db, ids[name]).url for name in names]


def move_of(article_id: int, url: str = THERE) -> Arrivals:
    return Arrivals(moves=(Move(article_id=article_id, url=url, canonical_url=url),))


def test_of_two_articles_that_two_feeds_put_at_one_address_one_goes_there(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_ids = {name: subscribe(db, name) for name in ("gazette", "herald")}
        for name, feed_id in feed_ids.items():
            bring(db, feed_id, entry(name, at=name))
        before, ids = places(db, feed_ids), ids_by_title(db)
        keeping.keep(db, {feed_id: move_of(ids[name]) for name, feed_id in feed_ids.items()}, now=NOON)
        after = places(db, feed_ids)
    assert after in ([THERE, before[1]], [before[0], THERE])


def test_an_article_stays_where_it_is_if_another_came_to_its_new_address_meanwhile(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, entry("one"), entry("there", url=THERE))
        before = places(db, ["one", "there"])
        keeping.keep(db, {feed_id: move_of(ids_by_title(db)["one"])}, now=NOON)
        assert places(db, ["one", "there"]) == before


def test_an_article_that_went_and_came_back_is_known_at_both_addresses(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        home = entry("one")
        bring(db, feed_id, home)
        article_id = ids_by_title(db)["one"]
        assert home.url
        for url in (THERE, home.url):
            keeping.keep(db, {feed_id: move_of(article_id, url)}, now=NOON)
        assert places(db, ["one"]) == [home.url]
        found = known(db, {feed_id: [home, entry("there", url=THERE)]})[feed_id].by_url
    assert {url: each.article_id for url, each in found.items()} == {home.url: article_id, THERE: article_id}
