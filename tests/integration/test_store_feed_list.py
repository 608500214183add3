"""Feeds chosen, put in order and acted on by the hundred, and folders that are moved about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from aggregator.errors import FolderError
from aggregator.health import OLD_AFTER, health
from aggregator.models.feeds import Fault, FeedChoice, FeedOrder, FolderCount, Poll
from aggregator.models.stories import Regrouping
from aggregator.models.subscribing import Subscription
from aggregator.store import feed_list, feeds, folders, polling
from aggregator.store.db import transaction
from tests.integration.desk import DAY, NOON, bring, draft, entry, ids_by_title, save

ALL = FeedChoice(old_before=NOON - OLD_AFTER)
NEEDS_OWNER = FeedChoice(old_before=NOON - OLD_AFTER, needs_owner=True)


def subscribe(db: Connection, name: str, *folder: str) -> int:
    wanted = Subscription(feed_url=f"https://{name.lower()}.example/feed", title=name, folder=folder)
    return feeds.subscribe(db, wanted, now=NOON).feed_id or 0


def names(db: Connection, ids: Sequence[int]) -> list[str]:
    return [line.feed.title for line in feeds.lines_of(db, ids)]


def checked(feed_id: int, **said: object) -> Poll:
    return replace(Poll(feed_id=feed_id, checked_at=NOON, next_check_at=NOON + DAY, n_entries=1), **said)  # type: ignore[arg-type]


def ill_feeds(db: Connection) -> None:
    """Feeds in every state that their health tells apart."""
    said = {
        "Good": {},
        "Failing": {"error": "No.", "failing_since": NOON - DAY},
        "Dead": {"error": "No.", "failing_since": NOON - 40 * DAY},
        "Gone": {"error": "Gone.", "fault": Fault.GONE, "failing_since": NOON - 2 * DAY},
        "Empty": {"n_entries": 0},
        "Slow": {"took_s": 12.0},
        "Old": {},
        "New": {"checked_at": None},
    }
    for name, poll in said.items():
        feed_id = subscribe(db, name)
        if name in ("Good", "Old"):
            ago = 100 * DAY if name == "Old" else timedelta(hours=1)
            bring(db, feed_id, entry(name), at=NOON - ago)
        polling.record_poll(db, checked(feed_id, **poll))
        if name == "Gone":
            feeds.set_paused(db, feed_id, is_paused=True, now=NOON)


def test_the_feeds_that_need_their_owner_are_those_whose_health_says_so(engine: Engine) -> None:
    with transaction(engine) as db:
        ill_feeds(db)
        said = {line.feed.title for line in feeds.feed_lines(db) if health(line, now=NOON).needs_you}
        assert set(names(db, feed_list.chosen(db, NEEDS_OWNER))) == said == {"Failing", "Dead", "Gone", "Empty", "Old"}
        assert feed_list.count(db, NEEDS_OWNER) == 5
        in_order = names(db, feed_list.chosen(db, ALL, order=FeedOrder.PROBLEM))
        assert in_order[:3] == ["Dead", "Gone", "Failing"]
        assert names(db, feed_list.chosen(db, ALL, order=FeedOrder.SLOWEST, limit=1)) == ["Slow"]
        assert names(db, feed_list.chosen(db, ALL, order=FeedOrder.NEWEST))[:2] == ["Good", "Old"]
        assert names(db, feed_list.chosen(db, ALL, limit=2, offset=2)) == ["Failing", "Gone"]


def test_feeds_are_found_by_words_of_name_and_address_and_by_folder(engine: Engine) -> None:
    with transaction(engine) as db:
        for name, *path in (("Alpha", "World"), ("Beta", "World", "Asia"), ("100% Alpha_x",)):
            subscribe(db, name.replace(" ", "-").replace("%", ""), *path)
        world = folders.find_folder(db, ("World",)).id

        def found(**narrowed: object) -> list[str]:
            choice = FeedChoice(old_before=NOON, **narrowed)  # type: ignore[arg-type]
            return names(db, feed_list.chosen(db, choice))

        assert found(words="ALPHA") == ["100-Alpha_x", "Alpha"]
        assert found(words="beta.example") == ["Beta"]
        assert found(words="a_x") == ["100-Alpha_x"]
        assert found(words="%") == []
        assert found(folder_ids=folders.inside(db, world)) == ["Alpha", "Beta"]
        assert found(folder_ids=frozenset()) == ["100-Alpha_x"]
        counts = feed_list.folder_counts(db, ALL)
        assert counts[world] == FolderCount(1, 0)
        assert sum(each.n_feeds for each in counts.values()) == 3


def test_many_feeds_are_paused_moved_checked_and_deleted_at_once(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = [subscribe(db, f"F{n}", "Old") for n in range(5)]
        for feed_id in ids:
            polling.record_poll(db, checked(feed_id))
        assert feed_list.pause(db, ids[:3], is_paused=True, now=NOON) == 3
        assert feed_list.pause(db, ids, is_paused=True, now=NOON) == 2
        assert feed_list.check_now(db, ids, now=NOON) == 0
        assert feed_list.pause(db, ids[:4], is_paused=False, now=NOON) == 4
        assert feed_list.check_now(db, ids, now=NOON) == 4
        assert feed_list.move(db, ids, ("New", "Place")) == 5
        assert {line.folder for line in feeds.feed_lines(db)} == {"New / Place"}
        assert [each.name for each in folders.all_folders(db)] == ["New", "Place"]
        feed_list.delete(db, ids[1:])
        assert [line.feed.id for line in feeds.feed_lines(db)] == ids[:1]


def test_a_folder_is_made_renamed_moved_and_merged_with_another(engine: Engine) -> None:
    with transaction(engine) as db:
        for name, *path in (("A", "World", "Asia"), ("B", "News", "Asia"), ("C", "World")):
            subscribe(db, name, *path)
        made = folders.create(db, ("Empty", "Inner"))
        folders.remove_empty_folders(db)
        assert ("Empty", "Inner") in folders.folder_paths(db).values()
        world = folders.find_folder(db, ("World",)).id
        with pytest.raises(FolderError):
            folders.move(db, world, ("World", "Asia", "Deeper"))
        folders.move(db, world, ("Globe",))
        assert {line.folder for line in feeds.feed_lines(db)} == {"Globe / Asia", "News / Asia", "Globe"}
        folders.move(db, folders.find_folder(db, ("News",)).id, ("Globe",))
        assert {line.feed.title: line.folder for line in feeds.feed_lines(db)} == {
            "A": "Globe / Asia",
            "B": "Globe / Asia",
            "C": "Globe",
        }
        folders.move(db, made or 0, ("Globe", "Asia"))
        assert [each.name for each in folders.all_folders(db)] == ["Globe", "Asia"]


def test_a_folder_that_is_deleted_leaves_its_feeds_in_the_one_around_it(engine: Engine) -> None:
    with transaction(engine) as db:
        for name, *path in (("A", "World", "World", "World"), ("B", "World", "World")):
            subscribe(db, name, *path)
        folders.dissolve(db, folders.find_folder(db, ("World", "World")).id)
        assert {line.feed.title: line.folder for line in feeds.feed_lines(db)} == {"A": "World / World", "B": "World"}
        for _ in range(2):
            folders.dissolve(db, folders.find_folder(db, ("World",)).id)
            left = {line.feed.title: line.folder for line in feeds.feed_lines(db)}
        assert left == {"A": None, "B": None}


def test_each_feed_says_how_far_it_has_come_on_first_run(engine: Engine) -> None:
    with transaction(engine) as db:
        for name in ("Late", "Good", "Bad"):
            subscribe(db, name)
        bring(db, 2, entry("a"), entry("b"))
        polling.record_poll(db, checked(2))
        polling.record_poll(db, checked(3, error="No."))
        save(db, Regrouping(stories=(draft([min(ids_by_title(db).values())]),)))
        told = feed_list.first_steps(db, limit=2)
        assert [(each.title, each.is_checked, each.n_articles, each.n_grouped) for each in told] == [
            ("Late", False, 0, 0),
            ("Good", True, 2, 1),
        ]
        assert feed_list.first_steps(db, limit=9)[2].error == "No."
