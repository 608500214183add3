"""The ledger of changes, on SQLite and PostgreSQL."""

import pytest
from sqlalchemy import Connection, Engine

from aggregator.errors import NotFoundError
from aggregator.models.corrections import Actor, Change, ChangeKind
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import articles, changes, feeds, stories
from aggregator.store.db import transaction
from tests.integration.desk import HOUR, NOON, bring_from, draft, save


def said(change: Change) -> tuple[ChangeKind, int, int, tuple[int, ...]]:
    return change.kind, change.from_id, change.to_id, change.moved_ids


def latest(db: Connection) -> list[Change]:
    return changes.latest(db, limit=99)


def test_first_assignments_are_no_change(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (one,) = save(db, Regrouping(stories=(draft([a]),)))
        save(db, Regrouping(stories=(draft([a, b], one),)))
        assert latest(db) == []


def test_a_merge_is_kept_with_both_headlines(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = save(db, Regrouping(stories=(draft([a]), draft([b, c]))))
        save(db, Regrouping(stories=(draft([a, b, c], one),), merges=(Merge(two, one),)), now=NOON + HOUR)
        (change,) = latest(db)
    assert said(change) == (ChangeKind.MERGE, two, one, (b, c))
    assert (change.at, change.by, change.undone_at) == (NOON + HOUR, Actor.ENGINE, None)
    assert (change.from_title, change.to_title) == ("Title of b-news", "Title of a-news")
    assert (change.stayed_ids, change.joined_ids) == ((), (a,))


def test_a_split_names_who_left_and_who_stayed(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (one,) = save(db, Regrouping(stories=(draft([a, b, c]),)))
        _, two = save(db, Regrouping(stories=(draft([a], one), draft([b, c]))))
        (change,) = latest(db)
    assert said(change) == (ChangeKind.SPLIT, one, two, (b, c))
    assert (change.stayed_ids, change.joined_ids, change.to_title) == ((a,), (), "Title of b-news")


def test_a_move_names_all_three_sides(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = save(db, Regrouping(stories=(draft([a, b]), draft([c]))))
        save(db, Regrouping(stories=(draft([a], one), draft([b, c], two))))
        (change,) = latest(db)
    assert said(change) == (ChangeKind.MOVE, one, two, (b,))
    assert (change.stayed_ids, change.joined_ids) == ((a,), (c,))


def test_a_story_torn_to_pieces_is_a_merge_and_a_move(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d, e = bring_from(db, "a", "b", "c", "d", "e")
        one, two, three = save(db, Regrouping(stories=(draft([a]), draft([b]), draft([c, d, e]))))
        save(db, Regrouping(stories=(draft([a, c, d], one), draft([b, e], two))))
        found = sorted(said(change) for change in latest(db))
        assert stories.current_id(db, three) == one
    assert found == [(ChangeKind.MERGE, three, one, (c, d)), (ChangeKind.MOVE, three, two, (e,))]


def test_changes_of_one_article_can_be_left_out(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        _one, two = save(db, Regrouping(stories=(draft([a]), draft([b, c, d]))))
        save(db, Regrouping(stories=(draft([a, b, c, d], two),)))
        save(db, Regrouping(stories=(draft([a, b], two), draft([c, d]))))
        assert [change.kind for change in latest(db)] == [ChangeKind.SPLIT, ChangeKind.MERGE]
        assert [change.kind for change in changes.latest(db, limit=9, with_small=False)] == [ChangeKind.SPLIT]


def test_the_ledger_is_read_page_by_page_newest_first(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (story_id,) = save(db, Regrouping(stories=(draft([a, b]),)))
        for _ in range(2):
            save(db, Regrouping(stories=(draft([a], story_id), draft([b]))))
            save(db, Regrouping(stories=(draft([a, b], story_id),)))
        kept = latest(db)
        assert [change.id for change in kept] == sorted((change.id for change in kept), reverse=True)
        assert changes.latest(db, limit=2) == kept[:2]
        assert changes.latest(db, limit=2, before_id=kept[1].id) == kept[2:4]


def test_a_story_knows_the_changes_of_those_that_went_into_it(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, two, three = save(db, Regrouping(stories=(draft([a]), draft([b, c]), draft([d]))))
        save(db, Regrouping(stories=(draft([b], two), draft([c, d], three))))
        save(db, Regrouping(stories=(draft([a, b], one),)))
        assert [change.from_id for change in changes.of_story(db, one, limit=9)] == [two, two]
        assert len(changes.of_story(db, one, limit=1)) == 1
        assert len(changes.of_story(db, three, limit=9)) == 1


def test_the_ledger_outlives_stories_and_articles(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = save(db, Regrouping(stories=(draft([a]), draft([b]))))
        save(db, Regrouping(stories=(draft([a, b], one),), merges=(Merge(two, one),)))
        for line in feeds.feed_lines(db):
            feeds.delete_feed(db, line.feed.id)
        assert articles.river(db, limit=9) == []
        (change,) = latest(db)
        assert said(change) == (ChangeKind.MERGE, two, one, (b,))
        assert changes.find_change(db, change.id) == change


def test_a_change_that_there_is_not_is_said_in_words(engine: Engine) -> None:
    with transaction(engine) as db, pytest.raises(NotFoundError, match="no change with the number 7"):
        changes.find_change(db, 7)
