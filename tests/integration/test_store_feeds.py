"""Feeds and folders, on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timezone

import pytest
from sqlalchemy import Connection, Engine, event

from aggregator.arrivals import decide
from aggregator.errors import NotFoundError
from aggregator.models.arrivals import Arrivals
from aggregator.models.entries import Entry, FeedOffer, ParsedFeed
from aggregator.models.feeds import Poll
from aggregator.models.stories import Regrouping
from aggregator.models.subscribing import ImportResult, Subscription
from aggregator.parse.opml import parse_opml, write_opml
from aggregator.store import articles, discovered, feeds, folders, polling, reading, showing, stories
from aggregator.store.db import transaction
from aggregator.subscribing import foresee, subscribe_all
from tests import one_feed
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, ids_by_title, save, subscribe


def test_a_new_feed_is_due_at_once(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        (due,) = polling.claim_due(db, now=NOON, limit=10, lease_s=60)
    assert due.feed.id == feed_id
    assert due.is_new
    assert due.poll == Poll(feed_id=feed_id, next_check_at=NOON)


def test_the_same_feed_twice_adds_nothing(engine: Engine) -> None:
    wanted = Subscription(feed_url="https://gazette.example/feed.xml")
    with transaction(engine) as db:
        first = feeds.subscribe(db, wanted, now=NOON)
        second = feeds.subscribe(db, wanted, now=NOON)
    assert (first.result, second.result) == (ImportResult.ADDED, ImportResult.ALREADY_THERE)
    assert first.feed_id == second.feed_id


def test_the_owners_title_stands_before_the_feeds_own(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        assert feeds.find_feed(db, feed_id).title == "https://gazette.example/feed.xml"
        feeds.describe_feed(db, feed_id, ParsedFeed(title="The Gazette", site_url="https://gazette.example/"))
        assert feeds.find_feed(db, feed_id).title == "The Gazette"
        feeds.rename_feed(db, feed_id, " My Gazette ")
        feeds.describe_feed(db, feed_id, ParsedFeed(title="The New Gazette"))
        assert feeds.find_feed(db, feed_id).title == "My Gazette"
        feeds.rename_feed(db, feed_id, "")
        feed = feeds.find_feed(db, feed_id)
    assert (feed.title, feed.site_url) == ("The New Gazette", "https://gazette.example/")


def test_the_language_that_the_owner_gave_stays(engine: Engine) -> None:
    with transaction(engine) as db:
        wanted = Subscription(feed_url="https://gazette.example/feed.xml", language="fr", country="FR")
        feed_id = feeds.subscribe(db, wanted, now=NOON).feed_id or 0
        feeds.describe_feed(db, feed_id, ParsedFeed(language="en"))
        feed = feeds.find_feed(db, feed_id)
    assert (feed.language, feed.country) == ("fr", "FR")


def test_a_feed_that_says_the_same_again_writes_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        feeds.describe_feed(db, feed_id, ParsedFeed(title="The Gazette"))
        said: list[str] = []
        event.listen(db, "before_cursor_execute", lambda _, __, statement, *___: said.append(statement))
        feeds.describe_feed(db, feed_id, ParsedFeed(title="The Gazette"))
    assert not [statement for statement in said if statement.startswith("UPDATE")]


def test_what_postgresql_refuses_in_text_is_left_out(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        feeds.describe_feed(db, feed_id, ParsedFeed(title="The \0Gazette \ud800"))
        assert feeds.find_feed(db, feed_id).title == "The Gazette ?"


def test_folders_lie_in_folders_and_are_made_once(engine: Engine) -> None:
    with transaction(engine) as db:
        subscribe(db, "a", folder=("World", "Africa"))
        subscribe(db, "b", folder=("World", "africa"))
        subscribe(db, "c", folder=("World", "Africa"))
        subscribe(db, "d", folder=("Africa",))
        found = folders.all_folders(db)
        assert [folder.name for folder in found] == ["Africa", "World", "Africa", "africa"]
        assert [line.folder for line in feeds.feed_lines(db)] == [
            "Africa",
            "World / Africa",
            "World / Africa",
            "World / africa",
        ]


def test_a_folder_left_empty_goes_away_with_those_around_it(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db, folder=("World", "Africa", "North"))
        feeds.move_to_folder(db, feed_id, ("World",))
        assert [folder.name for folder in folders.all_folders(db)] == ["World"]
        feeds.move_to_folder(db, feed_id, ())
        assert folders.all_folders(db) == []


def test_a_folder_name_without_end_is_cut(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db, folder=("x" * 100_000, "  "))
        feeds.move_to_folder(db, feed_id, ("x" * 100_000,))
        assert [len(folder.name) for folder in folders.all_folders(db)] == [200]


def test_an_export_can_be_subscribed_to_again(engine: Engine) -> None:
    wanted = Subscription(
        feed_url="https://gazette.example/feed.xml",
        title="Gazette",
        site_url="https://gazette.example/",
        folder=("World", "Europe"),
        language="en",
        country="GB",
    )
    with transaction(engine) as db:
        feeds.subscribe(db, wanted, now=NOON)
        assert feeds.subscriptions(db) == [wanted]


def test_an_address_too_long_for_an_index_is_kept(engine: Engine) -> None:
    path = "".join(chr(97 + number * 7919 % 26) for number in range(4000))
    with transaction(engine) as db:
        wanted = Subscription(feed_url=f"https://gazette.example/{path}")
        feed_id = feeds.subscribe(db, wanted, now=NOON).feed_id or 0
        bring(db, feed_id, entry(path, guid=path * 3))
        assert feeds.find_feed(db, feed_id).feed_url == wanted.feed_url
        assert one_feed.known(db, feed_id, [entry(path, guid=path * 3)]).by_guid.keys() == {path * 3}


# On SQLite one claims after the other.


def test_deleting_a_feed_takes_what_only_it_brought(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one", folder=("World",)), subscribe(db, "other")
        shared = entry("shared", at="wire")
        bring(db, one, entry("own", at="one"), shared)
        ids = ids_by_title(db)
        one_feed.keep(db, other, _leads_to(db, other, shared), now=NOON)
        reading.mark_articles(db, list(ids.values()), is_read=True, now=NOON)
        feeds.delete_feed(db, one)
        (left,) = articles.river(db, limit=10)
        assert (left.id, left.feed_id, left.is_read) == (ids["shared"], other, True)
        assert folders.all_folders(db) == []
        with pytest.raises(NotFoundError, match=f"There is no feed with the number {one}"):
            feeds.find_feed(db, one)


def test_stories_close_over_what_a_deleted_feed_takes(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        whole, gone = save(db, Regrouping(stories=(draft([a, b, c], n_publishers=3), draft([*bring_from(db, "d")]))))
        by_name = {line.feed.feed_url: line.feed.id for line in feeds.feed_lines(db)}
        feeds.delete_feed(db, by_name["https://a.example/feed.xml"])
        feeds.delete_feed(db, by_name["https://d.example/feed.xml"])
        page = showing.find_story(db, whole)
        assert [each.article.id for each in page.members] == [b, c]
        assert (page.card.n_articles, page.card.n_publishers, page.card.lead.id) == (2, 2, b)
        assert stories.current_id(db, gone) is None
        assert [each.founder_id for each in stories.known_stories(db, since=NOON - DAY)] == [b]


def test_a_sites_other_feeds_are_offered_until_they_are_subscribed_to(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        offered = [FeedOffer("https://sport.example/feed.xml", "Sport"), FeedOffer("https://arts.example/feed.xml")]
        discovered.replace_offers(db, feed_id, offered)
        assert discovered.offers_of(db, feed_id) == offered
        subscribe(db, "sport")
        assert discovered.offers_of(db, feed_id) == offered[1:]
        discovered.replace_offers(db, feed_id, [])
        assert discovered.offers_of(db, feed_id) == []


def test_a_feeds_line_counts_its_articles(engine: Engine) -> None:
    with transaction(engine) as db:
        one, empty = subscribe(db, "one"), subscribe(db, "empty")
        bring(db, one, entry("a"), at=NOON - DAY)
        bring(db, one, entry("b"), entry("c"), at=NOON - HOUR)
        reading.mark_articles(db, [ids_by_title(db)["b"]], is_read=True, now=NOON)
        line, nothing = feeds.feed_line(db, one), feeds.feed_line(db, empty)
    assert (line.n_articles, line.n_unread, line.newest_at) == (3, 2, NOON - HOUR)
    assert (nothing.n_articles, nothing.n_unread, nothing.newest_at) == (0, 0, None)


def test_a_feed_that_is_not_there_is_said_in_words(engine: Engine) -> None:
    with transaction(engine) as db:
        for feed_id in (1, 2**63, 10**30, -1):
            with pytest.raises(NotFoundError, match=f"There is no feed with the number {feed_id}"):
                feeds.feed_line(db, feed_id)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 20, 14, 30, 0, 1, tzinfo=timezone(2 * HOUR)),
        datetime(9999, 12, 30, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_in_utc_to_the_microsecond(engine: Engine, moment: datetime) -> None:
    with transaction(engine) as db:
        feed = feeds.find_feed(db, subscribe(db, now=moment))
    assert feed.added_at == moment
    assert feed.added_at.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_refused(engine: Engine) -> None:
    with transaction(engine) as db, pytest.raises(Exception, match="has no time zone"):
        subscribe(db, now=NOON.replace(tzinfo=None))


def _leads_to(db: Connection, feed_id: int, shared: Entry) -> Arrivals:
    return decide([shared], one_feed.known(db, feed_id, [shared]), feeds.find_feed(db, feed_id), now=NOON)


def test_many_feeds_are_subscribed_to_at_once_and_each_says_what_became_of_it(engine: Engine) -> None:
    urls = [f"https://many.example/{n}" for n in range(feeds.SUBSCRIBED_AT_ONCE + 3)]
    with transaction(engine) as db:
        feeds.subscribe(db, Subscription(feed_url=urls[5]), now=NOON)
        wanted = [Subscription(feed_url=url, folder=("Many", url[-1])) for url in [*urls, urls[0]]]
        outcomes = feeds.subscribe_many(db, wanted, now=NOON)
    there = [n for n, each in enumerate(outcomes) if each.result is ImportResult.ALREADY_THERE]
    assert there == [5, len(urls)]
    assert len({each.feed_id for each in outcomes}) == len(urls)
    with transaction(engine) as db:
        assert feeds.places_of(db, [outcomes[7].feed_id or 0]) == {outcomes[7].feed_id: ("Many", "7")}
        assert len(polling.claim_due(db, now=NOON, limit=9_999, lease_s=1)) == len(urls)


def test_a_list_of_many_kinds_comes_back_the_same_after_it_was_imported(engine: Engine) -> None:
    every = [
        Subscription(feed_url="https://a.example/", title="Mine", own_title="Theirs", folder=("A", "<b>B</b>")),
        Subscription(feed_url="https://b.example/", own_title="B & C", language="de", country="AT", is_paused=True),
        Subscription(feed_url="https://c.example/", interval_s=7200, wants_full_text=True, outline={"version": "RSS"}),
        Subscription(feed_url="https://d.example/", title="D", outline={"description": "D.", "category": "/x/y"}),
    ]
    written = write_opml(every, title="")
    with transaction(engine) as db:
        list(subscribe_all(db, parse_opml(written), now=NOON))
        assert write_opml(feeds.subscriptions(db), title="") == written
        again = [outcome.result for outcome in subscribe_all(db, parse_opml(written), now=NOON)]
        assert set(again) == {ImportResult.ALREADY_THERE}
        assert write_opml(feeds.subscriptions(db), title="") == written


def test_a_feed_in_two_folders_of_a_list_is_put_into_the_first_and_that_is_said(engine: Engine) -> None:
    wanted = [Subscription(feed_url="https://a.example/", folder=(name,)) for name in ("World", "Africa")]
    with transaction(engine) as db:
        foreseen = [(each.result, each.why) for each in foresee(db, wanted)]
        done = [(each.result, each.why) for each in subscribe_all(db, wanted, now=NOON)]
        again = foresee(db, wanted)
    twice = "The list has it twice; it is put in “World”, where it stands first."
    assert foreseen == done == [(ImportResult.ADDED, ""), (ImportResult.ALREADY_THERE, twice)]
    assert [each.why for each in again] == ["You have it already.", "You have it already. It stays in “World”."]
