"""What is known of publishers, on both databases."""

import pytest
from sqlalchemy import Engine

from aggregator.errors import NotFoundError
from aggregator.models.stories import Regrouping
from aggregator.store import articles, feeds, publishers
from aggregator.store.articles import Cursor
from aggregator.store.db import transaction
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, save, subscribe


def test_a_publisher_is_first_copies_and_is_alone_as_its_stories_say(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "alpha", "beta", at=NOON - HOUR)
        feed_id = subscribe(db, "planet")
        bring(db, feed_id, entry("alone", at="alpha"), at=NOON - 2 * HOUR)
        bring(db, feed_id, entry("old", at="alpha"), at=NOON - 60 * DAY)
        lines = {line.title: line for line in articles.river(db, limit=9)}
        alone = lines["Title of alone"]
        save(db, Regrouping(stories=(draft([a, b], first_at=NOON - HOUR), draft([alone.id], n_publishers=1))))
        alpha = alone.publisher.id
        found = publishers.record(db, alpha, since=NOON - 30 * DAY)
        assert (found.n_articles, found.n_stories, found.n_first, found.n_copied, found.n_alone) == (2, 1, 1, 0, 1)
        assert found.languages == (("en", 2),)
        assert len(publishers.feeds_of(db, alpha, since=NOON - 30 * DAY)) == 2
        titles = [line.title for line in publishers.latest(db, alpha, limit=2)]
        assert titles == ["Title of alpha-news", "Title of alone"]
        onward = publishers.latest(db, alpha, limit=9, after=Cursor(alone.published_at, alone.id))
        assert [line.title for line in onward] == ["Title of old"]
        assert [each.domain for each in publishers.publishers_of(db, feed_id, since=NOON - DAY)] == ["alpha.example"]
        assert feeds.brought_at(db, feed_id, since=NOON - DAY) == [NOON - 2 * HOUR]


def test_what_the_owner_calls_a_publisher_stays_when_its_feeds_say_otherwise(engine: Engine) -> None:
    with transaction(engine) as db:
        bring_from(db, "alpha")
        alpha = articles.river(db, limit=1)[0].publisher.id
        publishers.describe(db, alpha, name="Mine", country="AT")
        bring(db, 1, entry("another", at="alpha"))
        found = publishers.find_publisher(db, alpha)
        assert (found.name, found.country) == ("Mine", "AT")
        publishers.describe(db, alpha, name=" ", country=None)
        assert publishers.find_publisher(db, alpha).name == "alpha.example"
        with pytest.raises(NotFoundError):
            publishers.find_publisher(db, 99)
