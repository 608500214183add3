"""Past front pages and visits, on SQLite and PostgreSQL."""

from datetime import timedelta

from sqlalchemy import Engine

from aggregator import pipeline
from aggregator.config import StorySettings
from aggregator.models.front import Arrived
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import editions, showing, stories
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, save, subscribe

SETTINGS = StorySettings()


def print_two(engine: Engine) -> list[int]:
    """Two stories of two publishers each, and the front page of noon kept."""
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d", at=NOON - HOUR)
        ids = save(db, Regrouping(stories=(draft([a, b], rank=2.0), draft([c, d], rank=1.0))))
    assert pipeline.keep_edition(engine, SETTINGS, now=NOON)
    return ids


def test_a_front_page_of_the_past_is_what_it_was(engine: Engine) -> None:
    ids = print_two(engine)
    with transaction(engine) as db:
        edition = editions.edition_at(db, NOON + DAY)
        cards = showing.front_page(db, since=NOON - DAY, limit=9, now=NOON)
    assert edition
    assert edition.at == NOON
    assert [story.story_id for story in edition.stories] == ids
    first, card = edition.stories[0], cards[0]
    assert (first.headline, first.publishers) == (card.headline, ("a.example", "b.example"))
    assert (first.n_publishers, first.n_articles, first.first_at) == (2, 2, card.first.published_at)


def test_what_happens_to_stories_later_changes_no_front_page_of_the_past(engine: Engine) -> None:
    old, new = print_two(engine)
    with transaction(engine) as db:
        before = editions.edition_at(db, NOON)
        save(db, Regrouping(stories=(), merges=(Merge(old, new),)))
        stories.take_out(db, [report.article_id for report in showing.story_cards(db, [new])[0].reports])
        assert stories.current_id(db, new) is None
        assert editions.edition_at(db, NOON) == before


def test_a_front_page_is_kept_once_an_hour_and_only_where_it_changed(engine: Engine) -> None:
    _, second = print_two(engine)
    assert not pipeline.keep_edition(engine, SETTINGS, now=NOON + 2 * HOUR)
    with transaction(engine) as db:
        e, f = bring_from(db, "e", "f")
        save(db, Regrouping(stories=(draft([e, f], rank=3.0),)))
    assert not pipeline.keep_edition(engine, SETTINGS, now=NOON + HOUR / 2)
    assert pipeline.keep_edition(engine, SETTINGS, now=NOON + HOUR)
    with reading(engine) as db:
        assert editions.all_moments(db) == [NOON, NOON + HOUR]
        after, before = editions.edition_after(db, NOON), editions.edition_at(db, NOON)
        assert after
        assert before
        assert (after.at, before.at) == (NOON + HOUR, NOON)
        assert editions.edition_after(db, NOON + HOUR) is None
        assert editions.edition_at(db, NOON - HOUR) is None
        lines = editions.edition_lines(db, since=NOON, until=NOON + HOUR)
        assert [(line.at, line.headline, line.n_stories) for line in lines] == [(NOON, before.stories[0].headline, 2)]
    assert second


def test_front_pages_are_thinned_as_they_age(engine: Engine) -> None:
    print_two(engine)
    with transaction(engine) as db:
        kept = editions.edition_at(db, NOON)
        assert kept
        for n in range(1, 5):
            editions.keep_edition(db, type(kept)(NOON - 40 * DAY + n * HOUR, kept.stories[::-1]))
        e, f = bring_from(db, "e", "f")
        save(db, Regrouping(stories=(draft([e, f], rank=3.0),)))
    assert pipeline.keep_edition(engine, SETTINGS, now=NOON + HOUR)
    with reading(engine) as db:
        assert editions.all_moments(db) == [NOON - 40 * DAY + 4 * HOUR, NOON, NOON + HOUR]


def test_without_stories_there_is_no_front_page_to_keep(engine: Engine) -> None:
    assert not pipeline.keep_edition(engine, SETTINGS, now=NOON)


def test_a_visit_is_remembered_for_the_household(engine: Engine) -> None:
    with transaction(engine) as db:
        assert memory.last_visit(db) is None
        memory.note_visit(db, now=NOON)
        memory.note_visit(db, now=NOON + timedelta(minutes=10))
        visit = memory.note_visit(db, now=NOON + 9 * HOUR)
    assert (visit.since, visit.seen_at) == (NOON + timedelta(minutes=10), NOON + 9 * HOUR)
    with reading(engine) as db:
        assert memory.last_visit(db) == visit


def test_what_came_since_a_moment_is_counted_by_articles_and_feeds(engine: Engine) -> None:
    with transaction(engine) as db:
        for name in ("a", "b"):
            feed_id = subscribe(db, name)
            for n in range(3):
                bring(db, feed_id, entry(f"{name}{n}", at=name), now=NOON + n * HOUR)
        assert memory.arrived(db, since=NOON + HOUR) == Arrived(n_articles=4, n_feeds=2)
        assert memory.arrived(db, since=NOON + DAY) == Arrived(n_articles=0, n_feeds=0)


def test_a_full_front_page_learns_how_far_the_work_is_without_counting_the_window(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        stories.save(db, Regrouping(stories=(draft([a, b]),)), n_articles=2, encoder=None, now=NOON + HOUR)
        bring(db, subscribe(db, "c"), entry("c", at="c"), now=NOON + 2 * HOUR)
        counted, quick = memory.progress(db, since=NOON - DAY), memory.progress_since_regroup(db)
    assert (quick.n_articles, quick.n_ungrouped, quick.n_feeds) == (3, 1, 3)
    assert (counted.n_articles, counted.n_ungrouped, counted.n_feeds) == (3, 1, 3)


def test_a_card_knows_when_each_of_its_articles_came(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        (c,) = bring_from(db, "c", at=NOON - HOUR)
        (story_id,) = save(db, Regrouping(stories=(draft([a, b, c], n_publishers=3),)))
        (card,) = showing.story_cards(db, [story_id])
    assert [report.article_id for report in card.reports] == [c, a, b]
    assert card.first.id == c
    assert card.n_unread == 3
