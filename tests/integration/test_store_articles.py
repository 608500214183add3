"""Entries, articles and vectors, on SQLite and PostgreSQL."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.exc import OperationalError

from aggregator.arrivals import decide
from aggregator.errors import NotFoundError
from aggregator.models.arrivals import Arrivals, NewEntry, Rewrite
from aggregator.models.articles import Kept
from aggregator.models.encoders import EncoderName
from aggregator.models.entries import Entry, ParsedFeed
from aggregator.models.feeds import Publisher
from aggregator.models.subscribing import Subscription
from aggregator.store import articles, encoding, feeds, reading, window
from aggregator.store.articles import Cursor
from aggregator.store.db import open_database, transaction
from aggregator.store.db import reading as reading_only
from aggregator.store.reach import GROUPED_TO, OLD_AT_ONCE, reach
from aggregator.store.schema import entries as entry_table
from aggregator.store.settings import remember
from tests import one_feed
from tests.integration.desk import DAY, HOUR, NOON, add_vectors, bring, entry, ids_by_title, new, subscribe

MODEL = EncoderName("model", "1", 3)


def refresh(db: Connection, feed_id: int, *entries: Entry, now: datetime = NOON) -> Kept:
    """Decide and keep, as the pipeline does."""
    arrived = decide(entries, one_feed.known(db, feed_id, entries), feeds.find_feed(db, feed_id), now=now)
    return one_feed.keep(db, feed_id, arrived, now=now)


def test_an_article_comes_back_as_it_was_kept(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        whole = replace(entry("a"), author="A. Writer", image_url="https://gazette.example/a.jpg")
        assert bring(db, feed_id, whole, at=NOON - HOUR) == Kept(n_new=1)
        article = articles.find_article(db, ids_by_title(db)["a"])
    assert (article.title, article.text, article.content_html) == (whole.title, whole.text, whole.content_html)
    assert (article.author, article.image_url, article.url) == (whole.author, whole.image_url, whole.url)
    assert (article.published_at, article.first_seen_at) == (NOON - HOUR, NOON)
    assert article.publisher.domain == "gazette.example"
    assert article.feed_id == feed_id
    assert not article.is_read


def test_an_article_that_is_not_there_is_said_in_words(engine: Engine) -> None:
    with transaction(engine) as db:
        for article_id in (0, 7, 2**64):
            with pytest.raises(NotFoundError, match=f"There is no article with the number {article_id}"):
                articles.find_article(db, article_id)


def test_the_same_entries_again_write_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        brought = [entry(name) for name in "abc"] + [entry("d", url=None)]
        assert refresh(db, feed_id, *brought).n_new == 4
        said: list[str] = []
        event.listen(db, "before_cursor_execute", lambda _, __, statement, *___: said.append(statement.split()[0]))
        assert refresh(db, feed_id, *brought) == Kept(n_unchanged=4)
    assert set(said) == {"SELECT"}


def test_two_feeds_that_lead_to_one_address_share_the_article(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        shared = entry("shared", at="wire")
        assert refresh(db, one, shared).n_new == 1
        assert refresh(db, other, replace(shared, guid="another")) == Kept(n_unchanged=1)
        (line,) = articles.river(db, limit=10)
        assert line.feed_id == one
        assert [each.id for each in articles.river(db, limit=10, feed_id=other)] == [line.id]


def test_what_is_known_tells_who_was_first(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        shared = entry("shared", at="wire")
        bring(db, one, shared)
        here = one_feed.known(db, one, [shared, entry("unseen")])
        there = one_feed.known(db, other, [shared])
    assert here.by_guid[shared.guid].is_first
    assert here.by_guid[shared.guid].digest == new(shared).digest
    assert here.by_guid.keys() == {shared.guid}
    assert there.by_guid == {}
    assert not there.by_url[shared.url or ""].is_first
    assert not there.by_url[shared.url or ""].is_in_feed


def test_a_rewritten_article_keeps_its_place_and_loses_its_vector(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        refresh(db, feed_id, entry("a"))
        article_id = ids_by_title(db)["a"]
        add_vectors(db, MODEL, [article_id], np.eye(3, dtype=np.float32)[:1])
        reading.mark_articles(db, [article_id], is_read=True, now=NOON)
        rewritten = replace(entry("a"), title="A better title", text="More is known.")
        assert refresh(db, feed_id, rewritten, now=NOON + HOUR) == Kept(n_changed=1)
        assert refresh(db, feed_id, rewritten, now=NOON + HOUR) == Kept(n_unchanged=1)
        article = articles.find_article(db, article_id)
        assert [each.article_id for each in encoding.unencoded(db, MODEL, since=NOON - DAY, limit=9)] == [article_id]
    assert (article.title, article.text, article.first_seen_at) == ("A better title", "More is known.", NOON)
    assert article.is_read


def test_another_feeds_words_do_not_change_the_article(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        shared = entry("shared", at="wire")
        refresh(db, one, shared)
        refresh(db, other, shared)
        rewrite = Rewrite(
            article_id=ids_by_title(db)["shared"],
            entry=replace(shared, title="Clickbait"),
            digest="other",
            changes_article=False,
        )
        assert one_feed.keep(db, other, Arrivals(rewrites=(rewrite,)), now=NOON) == Kept(n_unchanged=1)
        assert articles.river(db, limit=1)[0].title == shared.title
        assert one_feed.known(db, other, [shared]).by_guid[shared.guid].digest == "other"


def test_undated_entries_stand_in_the_order_of_their_feed(engine: Engine) -> None:
    with transaction(engine) as db:
        bring(db, subscribe(db), *(entry(name) for name in "qwertz"))
        assert [line.title[-1] for line in articles.river(db, limit=10)] == list("qwertz")


def test_hostile_text_is_kept_without_what_a_database_refuses(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        hostile = replace(entry("a"), guid="a\0\ud800", title="\0Null", text="half \udfff a pair", author="\0")
        bring(db, feed_id, hostile)
        (line,) = articles.river(db, limit=1)
        assert (line.title, line.excerpt) == ("Null", "half ? a pair")
        assert one_feed.known(db, feed_id, [hostile]).by_guid.keys() == {hostile.guid}


def test_the_river_runs_page_by_page_through_equal_times(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, *(entry(str(number)) for number in range(7)))
        bring(db, feed_id, *(entry(f"old {number}") for number in range(4)), at=NOON - HOUR)
        for only in (None, feed_id):
            seen, after = [], None
            while page := articles.river(db, limit=3, after=after, feed_id=only):
                seen += [line.id for line in page]
                after = Cursor(page[-1].published_at, page[-1].id)
            assert len(seen) == len(set(seen)) == 11
            assert seen == [line.id for line in articles.river(db, limit=100)]


def test_the_river_can_leave_out_what_was_read(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, *(entry(name) for name in "abc"))
        reading.mark_articles(db, [ids_by_title(db)["b"]], is_read=True, now=NOON)
        assert [line.title[-1] for line in articles.river(db, limit=9, unread_only=True)] == ["a", "c"]
        assert [line.title[-1] for line in articles.river(db, limit=9, feed_id=feed_id, unread_only=True)] == ["a", "c"]
        assert [line.is_read for line in articles.river(db, limit=9)] == [False, True, False]


def test_an_excerpt_ends_with_a_whole_word(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, replace(entry("long"), text="Seven letters. " * 100), replace(entry("short"), text="a\n\nb"))
        excerpts = {line.title.split()[-1]: line.excerpt for line in articles.river(db, limit=9)}
    assert excerpts["short"] == "a b"
    assert excerpts["long"].endswith((" letters …", " Seven …"))
    assert len(excerpts["long"]) <= 282


def test_a_publisher_is_completed_as_feeds_tell_more(engine: Engine) -> None:
    with transaction(engine) as db:
        elsewhere = feeds.subscribe(db, Subscription(feed_url="https://planet.example/f", country="AT"), now=NOON)
        own = feeds.subscribe(db, Subscription(feed_url="https://rss.gazette.example/f", country="GB"), now=NOON)
        bring(db, elsewhere.feed_id or 0, entry("a"))
        first = articles.river(db, limit=1)[0].publisher
        one_feed.keep(
            db, own.feed_id or 0, Arrivals(new=(replace(new(entry("b")), publisher_name="The Gazette"),)), now=NOON
        )
        second = articles.river(db, limit=1)[0].publisher
    assert first == Publisher(first.id, "gazette.example", "gazette.example", None)
    assert second == Publisher(first.id, "gazette.example", "The Gazette", "GB")


def test_a_vector_comes_back_at_length_one(engine: Engine) -> None:
    made = np.array([[0.6, 0.8, 0.0], [0.577, 0.577, 0.578]], dtype=np.float32)
    with transaction(engine) as db:
        bring(db, subscribe(db), entry("a"), entry("b"))
        ids = sorted(ids_by_title(db).values())
        add_vectors(db, MODEL, [*ids, 999], np.vstack([made, made[:1]]))
        found, vectors = window.vectors_of(db, MODEL, [*ids, 999])
    assert found == ids
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, made, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_vectors_of_another_encoder_are_never_given(engine: Engine) -> None:
    newer = replace(MODEL, version="2", dim=2)
    with transaction(engine) as db:
        bring(db, subscribe(db), entry("a"), entry("b"))
        a, b = (ids_by_title(db)[name] for name in "ab")
        add_vectors(db, MODEL, [a, b], np.eye(3, dtype=np.float32)[:2])
        assert {each.article_id for each in encoding.unencoded(db, newer, since=NOON - DAY, limit=9)} == {a, b}
        add_vectors(db, newer, [a], np.eye(2, dtype=np.float32)[:1])
        assert window.vectors_of(db, MODEL, [a, b])[0] == [b]
        assert window.vectors_of(db, newer, [a, b])[0] == [a]
        ids, nothing = window.vectors_of(db, replace(MODEL, model="unknown"), [a, b])
        assert (ids, nothing.shape) == ([], (0, 3))


def test_vectors_of_another_shape_are_refused(engine: Engine) -> None:
    with transaction(engine) as db, pytest.raises(ValueError, match="cannot be"):
        add_vectors(db, MODEL, [1], np.eye(4, dtype=np.float32)[:1])


def test_vectors_that_are_no_numbers_are_refused(engine: Engine) -> None:
    for wrong in (np.nan, np.inf):
        with transaction(engine) as db, pytest.raises(ValueError, match="finite"):
            add_vectors(db, MODEL, [1], np.full((1, 3), wrong, dtype=np.float32))


def test_an_article_that_is_rewritten_while_it_is_encoded_does_not_get_the_vector_of_its_old_words(
    engine: Engine,
) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        refresh(db, feed_id, entry("a"), entry("b"))
        before = encoding.unencoded(db, MODEL, since=NOON - DAY, limit=9)
        refresh(db, feed_id, replace(entry("a"), text="More is known."))
        encoding.add_vectors(db, MODEL, before, np.eye(3, dtype=np.float32)[:2], now=NOON)
        assert [each.text for each in encoding.unencoded(db, MODEL, since=NOON - DAY, limit=9)] == ["More is known."]


def test_nobody_rewrites_an_article_between_the_look_at_its_words_and_its_vector(
    blank_postgresql_url: Callable[[], str],
) -> None:
    engine = open_database(blank_postgresql_url())
    with transaction(engine) as db:
        feed_id = subscribe(db)
        refresh(db, feed_id, entry("a"))
    with transaction(engine) as db:
        add_vectors(db, MODEL, list(ids_by_title(db).values()), np.eye(3, dtype=np.float32)[:1])
        with engine.begin() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                refresh(other, feed_id, replace(entry("a"), text="More is known."))
    engine.dispose()


def test_the_window_holds_what_was_published_in_it(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        feeds.describe_feed(db, feed_id, ParsedFeed(title="Gazette"))
        named = replace(entry("b"), origin_name="The Wire")
        bring(db, feed_id, named, entry("a"), at=NOON - HOUR)
        bring(db, feed_id, entry("old"), at=NOON - 2 * DAY)
        remember(db, GROUPED_TO, "3")
        there = [each.article_id for each in window.in_window(db, MODEL, since=NOON - DAY)]
        found = {each.title: each for each in window.window_articles(db, there)}
        assert [each.title for each in encoding.unencoded(db, MODEL, since=NOON - DAY, limit=9)] == [
            "Title of b",
            "Title of a",
        ]
    assert {title: (each.url, each.origin, each.publisher) for title, each in found.items()} == {
        "Title of a": ("https://gazette.example/a", None, "gazette.example"),
        "Title of b": ("https://gazette.example/b", "The Wire", "gazette.example"),
    }


def test_an_article_older_than_the_window_is_reached_until_a_regroup_was_kept(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, entry("a"), at=NOON - HOUR)
        bring(db, feed_id, entry("old"), at=NOON - 2 * DAY)
        reached = reach(db, since=NOON - DAY)
        there = [each.article_id for each in window.in_window(db, MODEL, since=NOON - DAY)]
        remember(db, GROUPED_TO, str(reached.to))
        left = [each.article_id for each in window.in_window(db, MODEL, since=NOON - DAY)]
        bring(db, feed_id, entry("older"), at=NOON - 3 * DAY)
        later = [each.article_id for each in window.in_window(db, MODEL, since=NOON - DAY)]
    assert (sorted(there), left, sorted(later)) == ([1, 2], [1], [1, 3])


def test_a_flood_of_old_articles_is_reached_in_turns(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
        bring(db, feed_id, *(entry(f"old {i}") for i in range(OLD_AT_ONCE + 10)), at=NOON - 2 * DAY)
        first = window.in_window(db, MODEL, since=NOON - DAY)
        remember(db, GROUPED_TO, str(reach(db, since=NOON - DAY).to))
        second = window.in_window(db, MODEL, since=NOON - DAY)
    assert (len(first), len(second)) == (OLD_AT_ONCE, 10)


def at_once(*acts: Callable[[], Kept]) -> list[Kept]:
    """Run these acts at the same moment, each in a thread."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Kept]) -> Kept:
        start.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_feeds_that_bring_one_address_at_once_share_the_article(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = [subscribe(db, name) for name in "abcd"]
    shared = [entry(f"shared {number}", at="wire") for number in range(40)]

    def keep(feed_id: int) -> Kept:
        ordered = shared if feed_id % 2 else shared[::-1]
        with transaction(engine) as db:
            return bring(db, feed_id, *ordered, entry(f"own {feed_id}"))

    kept = at_once(*(lambda feed_id=feed_id: keep(feed_id) for feed_id in ids))  # type: ignore[misc]
    with reading_only(engine) as db:
        assert len(articles.river(db, limit=999)) == sum(each.n_new for each in kept) == 44
        for feed_id in ids:
            assert len(articles.river(db, limit=999, feed_id=feed_id)) == 41


def test_one_feed_kept_twice_at_once_is_kept_once(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
    brought = [entry("a"), entry("b", url=None), entry("c")]
    moved = [entry("a", url="https://gazette.example/moved"), *brought[1:]]

    def keep(entries: list[Entry]) -> Kept:
        with transaction(engine) as db:
            return bring(db, feed_id, *entries)

    kept = at_once(lambda: keep(brought), lambda: keep(moved), lambda: keep(brought))
    with reading_only(engine) as db:
        assert len(articles.river(db, limit=9)) == 3
        assert db.execute(select(func.count()).select_from(entry_table)).scalar() == 3
    assert sorted(each.n_new for each in kept) == [0, 0, 3]


def test_a_refresh_that_fails_leaves_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
    with pytest.raises(KeyboardInterrupt):
        _bring_and_fail(engine, feed_id)
    with reading_only(engine) as db:
        assert articles.river(db, limit=9) == []


def _bring_and_fail(engine: Engine, feed_id: int) -> None:
    with transaction(engine) as db:
        bring(db, feed_id, entry("a"))
        raise KeyboardInterrupt


def test_a_worker_that_is_killed_half_way_leaves_nothing(engine: Engine, blank_url: str) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db)
    worker = get_context("spawn").Process(target=_bring_and_die, args=(blank_url, feed_id))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    with transaction(engine) as db:
        assert articles.river(db, limit=9) == []
        assert bring(db, feed_id, entry("a")).n_new == 1


def _bring_and_die(url: str, feed_id: int) -> None:
    with transaction(open_database(url)) as db:
        bring(db, feed_id, entry("a"), entry("b"))
        os.kill(os.getpid(), signal.SIGKILL)


def test_an_entry_may_lead_to_an_article_that_is_there(engine: Engine) -> None:
    with transaction(engine) as db:
        one, other = subscribe(db, "one"), subscribe(db, "other")
        bring(db, one, entry("a"))
        more = NewEntry(guid="g", article_id=ids_by_title(db)["a"], digest="d")
        assert one_feed.keep(db, other, Arrivals(more_entries=(more,)), now=NOON) == Kept(n_unchanged=1)
        assert one_feed.keep(db, other, Arrivals(more_entries=(more,)), now=NOON) == Kept(n_unchanged=1)
        assert len(articles.river(db, limit=9, feed_id=other)) == 1
