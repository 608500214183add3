"""What the store knows of feeds when it is decided how soon to ask them again."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, Engine

from aggregator.models.feeds import FeedFacts
from aggregator.models.moments import microseconds
from aggregator.models.stories import Member, Regrouping
from aggregator.store import polling
from aggregator.store.db import transaction
from aggregator.store.facts import RHYTHM_ARTICLES, facts_of
from tests.integration.desk import DAY, HOUR, NOON, bring, draft, entry, ids_by_title, save, subscribe


def record(db: Connection, feed_id: int) -> tuple[int, int, int]:
    facts = facts_of(db, [feed_id], since=NOON - 7 * DAY, now=NOON)[feed_id]
    return facts.n_stories, facts.n_first, facts.n_copied


def test_a_feed_that_brought_nothing_has_no_facts(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        assert facts_of(db, [feed_id], since=NOON, now=NOON) == {feed_id: FeedFacts()}


def test_the_latest_dates_of_each_feed_are_its_own(engine: Engine) -> None:
    with transaction(engine) as db:
        busy, quiet = subscribe(db, "busy"), subscribe(db, "quiet")
        for hour in range(RHYTHM_ARTICLES + 10):
            bring(db, busy, entry(f"b{hour}", at="busy"), at=NOON - hour * HOUR)
        bring(db, quiet, entry("q", at="quiet"), at=NOON - 300 * DAY)
        facts = facts_of(db, [busy, quiet], since=NOON - DAY, now=NOON)
        [due, _] = polling.claim_due(db, now=NOON, limit=9, lease_s=60)
    assert sorted(facts[busy].published_us, reverse=True) == [
        microseconds(NOON - hour * HOUR) for hour in range(RHYTHM_ARTICLES)
    ]
    assert facts[quiet].published_us == (microseconds(NOON - 300 * DAY),)
    assert due.facts.published_us


def test_who_was_first_on_a_story_and_who_copied_is_counted(engine: Engine) -> None:
    with transaction(engine) as db:
        first, copyist = subscribe(db, "first"), subscribe(db, "copyist")
        bring(db, first, entry("scoop", at="first"), at=NOON - HOUR)
        bring(db, copyist, entry("copy", at="copyist"), at=NOON)
        ids = ids_by_title(db)
        story = draft([ids["scoop"], ids["copy"]])
        copied = Member(article_id=ids["copy"], score=1.0, nearest_id=ids["scoop"], copy_of_id=ids["scoop"])
        members = (story.members[0], copied)
        save(db, Regrouping(stories=(replace(story, members=members, first_at=NOON - HOUR),)))
        assert record(db, first) == (1, 1, 0)
        assert record(db, copyist) == (1, 0, 1)


def test_stories_of_one_publisher_and_old_ones_tell_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, entry("alone"), at=NOON)
        bring(db, feed_id, entry("old"), at=NOON - timedelta(days=30))
        ids = ids_by_title(db)
        save(db, Regrouping(stories=(draft([ids["alone"]], n_publishers=1), draft([ids["old"]]))))
        assert record(db, feed_id) == (0, 0, 0)
