"""Finding articles in a real database: the same on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from aggregator.models.acts import MarkKind
from aggregator.models.arrivals import Arrivals, Rewrite
from aggregator.models.entries import Entry
from aggregator.models.markup import SafeHtml
from aggregator.models.stories import Regrouping
from aggregator.query.language import parse_query
from aggregator.store import articles, full_texts, marks, reading, saved_searches, search, search_backlog
from aggregator.store import settings as memory
from aggregator.store.db import transaction
from aggregator.store.search_backlog import BACKLOG
from aggregator.store.search_index import index_articles
from aggregator.store.undoing import undo
from tests import one_feed
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, save, subscribe


def said(name: str, title: str, body: str = "", *, language: str = "en", at: str = "gazette") -> Entry:
    return replace(entry(name, at=at), title=title, text=body, language=language)


def found(db: Connection, query: str, *, now: datetime = NOON) -> list[str]:
    """The titles of what is found, newest first."""
    hits = search.find(db, parse_query(query, now=now)).hits
    titles = {each.id: each.title for each in articles.lines_of(db, [hit.article_id for hit in hits])}
    return [titles[hit.article_id] for hit in hits]


@pytest.fixture
def db(engine: Engine) -> Iterator[Connection]:
    """A connection to a database with five articles, an hour between each and the next."""
    with transaction(engine) as db:
        gazette, lantern = subscribe(db, "gazette", folder=("World",)), subscribe(db, "lantern")
        bring(db, gazette, said("1", "Grain ship sinks", "A vessel went down in the Black Sea."), at=NOON - 5 * HOUR)
        bring(db, gazette, said("2", "Harvest of grain", "The ship left the sea, black with oil."), at=NOON - 4 * HOUR)
        bring(
            db,
            lantern,
            said("3", "Getreideernte", "Über das Schwarze Meer.", language="de-AT", at="lantern"),
            at=NOON - 3 * HOUR,
        )
        bring(
            db, lantern, said("4", "東京で大地震", "機械が止まった。", language="ja", at="lantern"), at=NOON - 2 * HOUR
        )
        bring(db, lantern, said("5", "Ships collide", "No grain aboard.", at="lantern"), at=NOON - HOUR)
    with engine.begin() as db:
        yield db


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("grain", ["Ships collide", "Harvest of grain", "Grain ship sinks"]),
        ("GRAIN ship", ["Harvest of grain", "Grain ship sinks"]),
        ('"grain ship"', ["Grain ship sinks"]),
        ('"black sea"', ["Grain ship sinks"]),
        ('"sinks a vessel"', []),
        ("ship*", ["Ships collide", "Harvest of grain", "Grain ship sinks"]),
        ('"grain sh*"', ["Grain ship sinks"]),
        ("grain -black", ["Ships collide"]),
        ("-grain", ["東京で大地震", "Getreideernte"]),
        ("collide OR uber", ["Ships collide", "Getreideernte"]),
        ("title:grain", ["Harvest of grain", "Grain ship sinks"]),
        ("title:black", []),
        ("地震", ["東京で大地震"]),
        ("震", ["東京で大地震"]),
        ("地東", []),
        ("機械 東京", ["東京で大地震"]),
        ("lang:de", ["Getreideernte"]),
        ("-lang:en", ["東京で大地震", "Getreideernte"]),
        ("publisher:gazette", ["Harvest of grain", "Grain ship sinks"]),
        ("grain publisher:lantern.example", ["Ships collide"]),
        ("grain -publisher:gazette", ["Ships collide"]),
        ("feed:gazette", ["Harvest of grain", "Grain ship sinks"]),
        ("ship* -feed:gazette", ["Ships collide"]),
        ("grain folder:world", ["Harvest of grain", "Grain ship sinks"]),
        ("since:2h", ["Ships collide", "東京で大地震"]),
        ("grain until:2h", ["Harvest of grain", "Grain ship sinks"]),
        ("publisher:nobody grain", []),
        ("p1", []),
        ("any", []),
        ("NEAR AND OR NOT", []),
    ],
)
def test_what_is_found(db: Connection, query: str, titles: list[str]) -> None:
    assert found(db, query) == titles


def test_a_name_that_is_nobodys_is_told(db: Connection) -> None:
    (unknown,) = search.find(db, parse_query("grain publisher:nobody", now=NOON)).unknown
    assert unknown.value == "nobody"


def test_the_newest_are_found_first_and_more_is_said_to_be_there(db: Connection) -> None:
    some = search.find(db, parse_query("grain", now=NOON), limit=2)
    assert (len(some.hits), some.is_all) == (2, False)
    assert search.n_found(db, parse_query("grain", now=NOON), limit=2) == 2


def test_headlines_and_words_side_by_side_are_told_apart(db: Connection) -> None:
    both = search.find(db, parse_query("grain ship", now=NOON))
    assert len(both.in_title) == 1
    assert both.as_phrase == both.in_title


def test_marks_are_asked_of_articles_and_of_their_stories(db: Connection) -> None:
    ids = {line.title: line.id for line in articles.river(db, limit=9)}
    reading.mark_articles(db, [ids["Ships collide"]], is_read=True, now=NOON)
    (story_id,) = save(db, Regrouping(stories=(draft([ids["Grain ship sinks"]]),)))
    marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON)
    assert found(db, "grain is:read") == ["Ships collide"]
    assert found(db, "grain is:unread") == ["Harvest of grain", "Grain ship sinks"]
    assert found(db, "grain is:starred") == ["Grain ship sinks"]
    assert found(db, "is:followed") == []
    marks.mark_story(db, story_id, MarkKind.FOLLOW, is_on=True, now=NOON)
    assert found(db, "is:followed grain") == ["Grain ship sinks"]


def test_a_rewritten_article_is_found_by_what_it_says_now(db: Connection) -> None:
    feed_id = subscribe(db, "gazette")
    known = one_feed.known(db, feed_id, [entry("1")]).by_guid["guid of 1"]
    again = said("1", "Barley boat floats", "All is well.")
    rewrite = Rewrite(article_id=known.article_id, entry=again, digest="other", changes_article=True)
    one_feed.keep(db, feed_id, Arrivals(rewrites=(rewrite,)), now=NOON)
    assert found(db, "sinks") == []
    assert found(db, "barley vessel") == []
    assert found(db, "barley boat") == ["Barley boat floats"]


def test_a_whole_text_is_found_once_it_is_fetched(db: Connection) -> None:
    (first,) = [line.id for line in articles.river(db, limit=9) if line.title == "Grain ship sinks"]
    full_texts._note_try(db, first, 0, NOON)
    full_texts.keep_full_text(db, first, SafeHtml("<p>Lifeboats</p><p>came &amp; went</p>"), now=NOON)
    assert found(db, '"came went" lifeboats') == ["Grain ship sinks"]


def test_what_is_deleted_is_not_found_and_its_number_is_not_given_again(db: Connection) -> None:
    feed_id = subscribe(db, "lantern")
    articles.forget(db, [line.id for line in articles.river(db, limit=9) if line.title == "Ships collide"])
    assert found(db, "collide") == []
    bring(db, feed_id, said("6", "Something else", at="lantern"), at=NOON - HOUR)
    assert found(db, "collide") == []
    assert found(db, "something") == ["Something else"]


def test_many_articles_of_one_hour_keep_apart(db: Connection) -> None:
    feed_id = subscribe(db, "gazette")
    bring(db, feed_id, *(said(f"m{n}", f"Minute number{n}") for n in range(40)), at=NOON)
    assert all(found(db, f"number{n}") == [f"Minute number{n}"] for n in range(40))


def test_old_future_and_odd_articles_are_kept_and_found(db: Connection) -> None:
    feed_id = subscribe(db, "gazette")
    for name, at in {"ancient": NOON.replace(year=1), "coming": NOON.replace(year=9999)}.items():
        bring(db, feed_id, said(name, name), at=at)
        assert found(db, name) == [name]
    odd = "é\u0301\u20dd '' \\ : * 💥 " + "long" * 20_000 + " " + "w\u0301 ﷺ " * 40_000
    bring(db, feed_id, said("odd", odd, odd))
    assert found(db, "title:ﷺ") != []


def test_articles_from_before_the_index_are_read_into_it_newest_first(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = bring_from(db, "north", "south", "east")
        for table in ("search_index", "search_docs"):
            if table == "search_docs" or engine.dialect.name == "postgresql":
                db.execute(text(f"DELETE FROM {table}"))
        memory.remember(db, BACKLOG, str(max(ids)))
        assert search_backlog.index_backlog(db, limit=2) == 2
        assert search_backlog.n_backlog(db) == min(ids)
        assert (found(db, "north"), len(found(db, "east"))) == ([], 1)
        assert search_backlog.index_backlog(db, limit=2) == 1
        assert search_backlog.index_backlog(db, limit=2) == 0
        assert search_backlog.n_backlog(db) == 0
        assert len(found(db, "north")) == 1


def test_indexing_again_changes_nothing_that_is_found(db: Connection) -> None:
    before = found(db, "grain")
    index_articles(db, [line.id for line in articles.river(db, limit=9)])
    assert found(db, "grain") == before


def test_only_what_the_query_narrows_to_counts_among_given_articles(db: Connection) -> None:
    ids = [line.id for line in articles.river(db, limit=9)]
    among = search.hits_among(db, parse_query("whatever publisher:gazette -sinks", now=NOON), ids)
    assert len(among) == 1
    assert len(search.hits_among(db, parse_query("whatever", now=NOON), ids)) == 5
    assert search.hits_among(db, parse_query("whatever", now=NOON), []) == []


def test_searches_are_kept_by_name(db: Connection) -> None:
    saved_searches.save(db, "grain", "Grain", now=NOON)
    saved_searches.save(db, "ship", "a ship", now=NOON)
    saved_searches.save(db, "grain", "Cereals", now=NOON)
    ship = next(each.id for each in saved_searches.all_saved(db) if each.query == "ship")
    saved_searches.rename(db, ship, "Boats", now=NOON)
    boats, cereals = saved_searches.all_saved(db)
    assert (boats.name, cereals.name) == ("Boats", "Cereals"), "one with the same words is kept once"
    assert saved_searches.rename(db, boats.id, "Boats", now=NOON).id == 0, "nothing changed, so nothing is to be undone"
    gone = saved_searches.forget(db, cereals.id, now=NOON)
    assert [each.query for each in saved_searches.all_saved(db)] == ["ship"]
    undo(db, gone.id, now=NOON)
    assert saved_searches.all_saved(db) == [boats, cereals]


def test_a_day_of_articles_is_cut_at_the_moment_and_not_at_the_hour(db: Connection) -> None:
    feed_id = subscribe(db, "gazette")
    for minute in (10, 20, 50):
        at = NOON - DAY + timedelta(minutes=minute)
        bring(db, feed_id, said(f"t{minute}", f"Minute {minute}"), at=at)
    query = replace(parse_query("minute", now=NOON), since=NOON - DAY + timedelta(minutes=20))
    assert len(search.find(db, query).hits) == 2
