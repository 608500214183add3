"""What articles said before their publishers rewrote them."""

from dataclasses import replace

from sqlalchemy import Connection, Engine

from aggregator.models.arrivals import Arrivals, Rewrite
from aggregator.models.entries import Entry
from aggregator.store import articles, feeds, reading
from aggregator.store.db import transaction
from aggregator.store.revisions import MAX_CHARS, MAX_REVISIONS, revisions_of
from tests import one_feed
from tests.integration.desk import HOUR, NOON, bring, entry, ids_by_title, subscribe


def rewrite(db: Connection, feed_id: int, article_id: int, says: Entry, *, hour: int) -> None:
    """Let the feed that brought an article say something else."""
    change = Rewrite(article_id=article_id, entry=says, digest=f"digest of {says.title}", changes_article=True)
    one_feed.keep(db, feed_id, Arrivals(rewrites=(change,)), now=NOON + hour * HOUR)


def test_what_an_article_said_before_is_kept_and_its_reading_status_stays(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id, says = subscribe(db), entry("a")
        bring(db, feed_id, says)
        [article_id] = ids_by_title(db).values()
        reading.mark_articles(db, [article_id], is_read=True, now=NOON)
        rewrite(db, feed_id, article_id, replace(says, title="Second"), hour=1)
        rewrite(db, feed_id, article_id, replace(says, title="Third", text="More."), hour=2)
        before = revisions_of(db, article_id)
        present = articles.find_article(db, article_id)
    assert [(each.title, each.text, each.changed_at) for each in before] == [
        ("Title of a", "Text of a.", NOON + HOUR),
        ("Second", "Text of a.", NOON + 2 * HOUR),
    ]
    assert (present.title, present.text, present.is_read) == ("Third", "More.", True)


def test_a_headline_that_swings_to_and_fro_is_kept_once(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id, says = subscribe(db), entry("a")
        bring(db, feed_id, says)
        [article_id] = ids_by_title(db).values()
        for hour in range(1, 9):
            rewrite(db, feed_id, article_id, replace(says, title=f"Version {hour % 2}"), hour=hour)
        assert [each.title for each in revisions_of(db, article_id)] == ["Title of a", "Version 1", "Version 0"]


def test_a_page_that_is_written_on_all_day_keeps_its_first_and_its_latest_words(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id, says = subscribe(db), entry("a")
        bring(db, feed_id, replace(says, text="x" * 3 * MAX_CHARS))
        [article_id] = ids_by_title(db).values()
        for hour in range(1, 41):
            rewrite(db, feed_id, article_id, replace(says, title=f"Version {hour}"), hour=hour)
        kept = revisions_of(db, article_id)
    assert len(kept) == MAX_REVISIONS
    assert len(kept[0].text) == MAX_CHARS
    assert [each.title for each in kept[-2:]] == ["Version 38", "Version 39"]


def test_revisions_go_with_their_article(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id, says = subscribe(db), entry("a")
        bring(db, feed_id, says)
        [article_id] = ids_by_title(db).values()
        rewrite(db, feed_id, article_id, replace(says, title="Second"), hour=1)
        feeds.delete_feed(db, feed_id)
        assert revisions_of(db, article_id) == []
