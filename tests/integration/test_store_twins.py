"""Subscriptions that get another address, and two that become one."""

from sqlalchemy import Connection, Engine, select

from aggregator.models.stories import Regrouping
from aggregator.models.subscribing import Subscription
from aggregator.store import articles, feeds, folders, reading, showing
from aggregator.store.db import transaction
from aggregator.store.schema import entries
from aggregator.store.twins import change_feed_url, follow_move
from aggregator.store.undoing import undo
from tests.integration.desk import NOON, bring, bring_from, draft, entry, ids_by_title, save, subscribe


def n_entries(db: Connection) -> int:
    return len(db.execute(select(entries.c.id)).all())


def test_a_feed_at_another_address_is_the_same_feed(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        assert follow_move(db, feed_id, "https://gazette.example/new.xml", now=NOON) == feed_id
        feed = feeds.find_feed(db, feed_id)
    assert feed.feed_url == "https://gazette.example/new.xml"
    assert (feed.moved_from_url, feed.moved_at) == ("https://gazette.example/feed.xml", NOON)


def test_two_feeds_at_one_address_become_one_without_a_loss(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        bring(db, one, entry("a", guid="same"), entry("b"))
        bring(db, other, entry("c", guid="same"))
        assert change_feed_url(db, one, "https://other.example/feed.xml") == other
        (line,) = feeds.feed_lines(db)
        assert (line.feed.id, line.n_articles) == (other, 3)
        assert {each.feed_id for each in articles.river(db, limit=9)} == {other}
        feeds.delete_feed(db, other)
        assert articles.river(db, limit=9) == []


def test_an_entry_that_both_had_is_there_once(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        for feed_id in (one, other):
            bring(db, feed_id, entry("a"), entry("b"))
        change_feed_url(db, one, "https://other.example/feed.xml")
        assert n_entries(db) == len(articles.river(db, limit=9)) == 2


def test_articles_without_an_address_that_only_share_a_guid_are_both_there(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        bring(db, one, entry("a", url=None, guid="1"))
        bring(db, other, entry("b", url=None, guid="1"))
        change_feed_url(db, one, "https://other.example/feed.xml")
        assert ids_by_title(db).keys() == {"a", "b"}


def test_an_article_without_an_address_that_both_had_is_there_once_with_its_marks_and_stories(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        bring(db, one, entry("a", url=None))
        [old] = ids_by_title(db).values()
        reading.mark_articles(db, [old], is_read=True, now=NOON)
        [third] = bring_from(db, "third")
        [story_id] = save(db, Regrouping(stories=(draft([old, third]),)))
        bring(db, other, entry("a", url=None))
        change_feed_url(db, one, "https://other.example/feed.xml")
        lines = {line.title: line for line in articles.river(db, limit=9)}
        assert len(lines) == len(articles.river(db, limit=9)) == 2
        assert lines["Title of a"].is_read
        assert showing.find_story(db, story_id).card.lead.id == third


def test_what_was_marked_can_be_undone_though_its_feed_became_one_with_another(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        bring(db, one, entry("a", url=None))
        [old] = ids_by_title(db).values()
        act = reading.mark_articles(db, [old], is_read=True, now=NOON)
        bring(db, other, entry("a", url=None))
        change_feed_url(db, one, "https://other.example/feed.xml")
        assert [line.is_read for line in articles.river(db, limit=9)] == [True]
        undo(db, act.id, now=NOON)
        assert [line.is_read for line in articles.river(db, limit=9)] == [False]


def test_what_the_owner_chose_for_either_holds_and_the_one_that_stays_goes_first(engine: Engine) -> None:
    with transaction(engine) as db:
        there = Subscription(feed_url="https://one.example/feed.xml", title="One", folder=("World",), country="AT")
        one = feeds.subscribe(db, there, now=NOON).feed_id
        other = subscribe(db, "other", folder=("Europe",))
        assert one
        feeds.set_interval(db, one, 3600, now=NOON)
        change_feed_url(db, one, "https://other.example/feed.xml")
        (line,) = feeds.feed_lines(db)
        assert [folder.name for folder in folders.all_folders(db)] == ["Europe"]
    assert (line.feed.id, line.feed.title, line.folder, line.feed.country, line.feed.interval_s) == (
        other,
        "One",
        "Europe",
        "AT",
        3600,
    )
