"""What is asked often stays cheap however large the archive is: no question walks through a whole table."""

from collections.abc import Callable

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, event

from aggregator.models.encoders import EncoderName
from aggregator.models.stories import Regrouping
from aggregator.models.topics import Retopicking, TopicDraft
from aggregator.store import (
    articles,
    changes,
    context,
    corrections,
    encoding,
    feeds,
    marks,
    mutes,
    shelves,
    showing,
    stories,
    topics,
    window,
)
from aggregator.store import reading as reading_state
from aggregator.store import settings as memory
from aggregator.store.articles import Cursor
from aggregator.store.db import reading, transaction
from aggregator.store.facts import facts_of
from aggregator.store.undoing import undo
from tests import one_feed
from tests.integration.desk import DAY, NOON, add_vectors, bring_from, draft, entry, save

MODEL = EncoderName("model", "1", 3)
LARGE = (
    "articles",
    "entries",
    "memberships",
    "stories",
    "vectors",
    "article_status",
    "topics",
    "topic_stories",
    "changes",
    "correction_articles",
    "acts",
    "act_articles",
)
CURSOR = Cursor(NOON, 5)


@pytest.fixture
def archive(engine: Engine) -> Engine:
    """A database with one story in it."""
    with transaction(engine) as db:
        ids = bring_from(db, "a", "b")
        (story_id,) = save(db, Regrouping(stories=(draft(ids),)))
        topic = TopicDraft(id=None, name="War", words={}, story_ids=(story_id,))
        topics.save(db, Retopicking((topic,)), seen={story_id}, now=NOON)
        memory.remember_encoder(db, MODEL)
        add_vectors(db, MODEL, ids, np.eye(3, dtype=np.float32)[:2])
    return engine


# PostgreSQL plans by the size of its tables, so that a small one tells nothing.
@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda db: showing.front_page(db, since=NOON - DAY, limit=31, now=NOON), id="front page"),
        pytest.param(lambda db: showing.n_single(db, since=NOON - DAY), id="single stories"),
        pytest.param(lambda db: showing.single_lines(db, since=NOON - DAY, limit=8), id="best single stories"),
        pytest.param(lambda db: showing.find_story(db, 1), id="story"),
        pytest.param(lambda db: stories.current_id(db, 1), id="where a story lives"),
        pytest.param(lambda db: stories.waiting(db, since=NOON - DAY), id="who waits to move"),
        pytest.param(lambda db: changes.of_story(db, 1, limit=9), id="changes of a story"),
        pytest.param(lambda db: changes.touched_by_owner(db, since=NOON), id="what the owner moved"),
        pytest.param(lambda db: corrections.active(db, since=NOON - DAY), id="corrections of the window"),
        pytest.param(lambda db: stories.known_stories(db, since=NOON - DAY), id="known stories"),
        pytest.param(lambda db: articles.river(db, limit=80, feed_id=1, after=CURSOR), id="river of a feed"),
        pytest.param(lambda db: one_feed.known(db, 1, [entry("a")]), id="known entries"),
        pytest.param(lambda db: stories.known_stories(db, [1, 2], since=NOON - DAY), id="some known stories"),
        pytest.param(lambda db: window.in_window(db, MODEL, since=NOON - DAY), id="window"),
        pytest.param(lambda db: window.window_articles(db, [1, 2]), id="articles of the window"),
        pytest.param(lambda db: window.vectors_of(db, MODEL, [1, 2]), id="vectors"),
        pytest.param(lambda db: encoding.unencoded(db, MODEL, since=NOON - DAY, limit=9), id="without a vector"),
        pytest.param(lambda db: memory.progress(db, since=NOON - DAY), id="progress"),
        pytest.param(lambda db: feeds.feed_line(db, 1), id="line of a feed"),
        pytest.param(lambda db: topics.stories_for_topics(db, since=NOON - DAY, limit=9), id="stories for topics"),
        pytest.param(lambda db: topics.known_topics(db, since=NOON - DAY, story_ids={1}), id="known topics"),
        pytest.param(lambda db: topics.stories_of_topic(db, 1, limit=9), id="stories of a topic"),
        pytest.param(lambda db: topics.topic_lines(db, since=NOON - DAY, limit=9), id="list of topics"),
        pytest.param(lambda db: showing.following(db, now=NOON, limit=9, unread_only=True), id="what is followed"),
        pytest.param(lambda db: shelves.starred(db, limit=9), id="what is starred"),
        pytest.param(lambda db: mutes.n_hidden(db, since=NOON - DAY, now=NOON), id="how much is muted"),
        pytest.param(lambda db: mutes.mute_lines(db, since=NOON - DAY, now=NOON), id="what is muted"),
        pytest.param(lambda db: marks.held(db, [1, 2]), id="marks of stories"),
        pytest.param(lambda db: facts_of(db, [1, 2], since=NOON - DAY, now=NOON), id="facts of feeds"),
    ],
)
def test_no_question_walks_through_a_whole_table(archive: Engine, ask: Callable[[Connection], object]) -> None:
    assert not [step for step in _plan(archive, ask) if step.startswith("SCAN") and step.split()[1] in LARGE]


@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
def test_the_river_is_read_along_its_index(archive: Engine) -> None:
    steps = _plan(archive, lambda db: articles.river(db, limit=80, after=CURSOR))
    assert "ix_articles_published_at_id" in steps[0]
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda db: showing.front_page(db, since=NOON - DAY, limit=31, now=NOON), id="several publishers"),
        pytest.param(lambda db: showing.single_lines(db, since=NOON - DAY, limit=8), id="one publisher"),
    ],
)
def test_the_best_stories_are_read_along_their_index(archive: Engine, ask: Callable[[Connection], object]) -> None:
    steps = _plan(archive, ask)
    best = next(step for step in steps if "stories" in step and "ix_stories" in step)
    assert "ix_stories_is_shared_rank_last_at (is_shared=?)" in best
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps)


@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
def test_who_kept_silent_is_told_from_an_index_alone(archive: Engine) -> None:
    steps = _plan(archive, lambda db: context.silent_publishers(db, {1}, {"en"}, since=NOON - DAY, until=NOON))
    looks = [step for step in steps if step.startswith("SEARCH articles")]
    assert len(looks) == 2
    assert all("COVERING INDEX ix_articles_publisher_id_published_at_language" in step for step in looks)


@pytest.mark.parametrize("blank_url", ["sqlite"], indirect=True)
def test_undoing_walks_through_no_whole_table(archive: Engine) -> None:
    asked = []
    with transaction(archive) as db:
        first = reading_state.mark_articles(db, [1, 2], is_read=True, now=NOON)
        reading_state.mark_articles(db, [1], is_read=False, now=NOON)
        event.listen(db, "before_cursor_execute", lambda _, __, said, given, *___: asked.append((said, given)))
        undo(db, first.id, now=NOON)
    with archive.connect() as db:
        steps = [row[3] for said, given in asked for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given)]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") and step.split()[1] in LARGE]


def _plan(engine: Engine, ask: Callable[[Connection], object]) -> list[str]:
    """Return the steps by which SQLite answers."""
    asked = []
    with reading(engine) as db:
        event.listen(db, "before_cursor_execute", lambda _, __, said, given, *___: asked.append((said, given)))
        ask(db)
        questions = [each for each in asked if each[0].startswith("SELECT")]
        return [row[3] for said, given in questions for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given)]
