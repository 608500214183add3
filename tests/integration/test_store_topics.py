"""Topics and their ids, on SQLite and PostgreSQL."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, event

from aggregator import pipeline
from aggregator.config import StorySettings
from aggregator.errors import NotFoundError
from aggregator.models.encoders import EncoderName
from aggregator.models.stories import Merge, Regrouping
from aggregator.models.topics import Retopicking, TopicDraft
from aggregator.store import encoding, showing, topics, window
from aggregator.store.db import reading, transaction
from aggregator.store.showing import Place
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, ids_by_title, save, subscribe

MODEL = EncoderName("model", "1", 3)
YEAR = timedelta(days=365)


def tell(db: Connection, *happenings: str, hours: float = 0) -> list[int]:
    """Make a story of two publishers for each happening; return the stories' ids."""
    drafts = []
    for n, happening in enumerate(happenings):
        at = NOON - hours * HOUR - n * HOUR
        for name in ("gazette", "herald"):
            bring(db, subscribe(db, name), entry(f"{happening} {name}", at=name), at=at)
        ids = ids_by_title(db)
        drafts.append(draft([ids[f"{happening} gazette"], ids[f"{happening} herald"]], first_at=at, last_at=at))
    return save(db, Regrouping(stories=tuple(drafts)))


def make(db: Connection, *drafts: TopicDraft, seen: list[int], merges: tuple[Merge, ...] = ()) -> list[int]:
    return topics.save(db, Retopicking(drafts, merges), seen=seen, now=NOON)


def topic(story_ids: list[int], topic_id: int | None = None, name: str = "War") -> TopicDraft:
    return TopicDraft(id=topic_id, name=name, words={"war": 2.0}, story_ids=tuple(story_ids))


def ids_of(db: Connection, topic_id: int) -> list[int]:
    return [card.id for card in topics.stories_of_topic(db, topic_id, limit=99)]


def test_a_topic_lists_its_stories_those_with_the_latest_news_first(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = tell(db, "a", "b", "c")
        (made,) = make(db, topic([c, a]), seen=[a, b, c])
        assert ids_of(db, made) == [a, c]
        assert topics.find_topic(db, made).n_stories == 2


def test_a_story_says_which_topic_it_is_in(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = tell(db, "a", "b")
        (made,) = make(db, topic([a]), seen=[a, b])
        first, second = showing.story_cards(db, [a, b])
    assert first.topic is not None
    assert (first.topic.id, first.topic.name) == (made, "War")
    assert second.topic is None


def test_a_story_that_was_looked_at_and_is_in_no_topic_now_leaves_it(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = tell(db, "a", "b", "c")
        (made,) = make(db, topic([a, b, c]), seen=[a, b, c])
        make(db, topic([a, b], made), seen=[a, b, c])
        assert ids_of(db, made) == [a, b]


def test_a_story_that_was_not_looked_at_stays_where_it_was(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, old = tell(db, "a", "b", "old")
        (made,) = make(db, topic([a, b, old]), seen=[a, b, old])
        make(db, topic([a, b], made), seen=[a, b])
        assert ids_of(db, made) == [a, b, old]


def test_a_topic_without_stories_keeps_its_page_and_leaves_the_list(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = tell(db, "a", "b")
        (made,) = make(db, topic([a, b]), seen=[a, b])
        make(db, seen=[a, b])
        assert topics.find_topic(db, made).first_at is None
        assert topics.topic_lines(db, since=NOON - DAY, limit=9) == []


def test_a_topic_that_went_into_another_leads_there_with_its_older_stories(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, old = tell(db, "a", "b", "old")
        one, two, three = make(db, topic([a]), topic([b]), topic([old]), seen=[a, b, old])
        make(db, topic([a, b], two), seen=[a, b], merges=(Merge(one, two),))
        make(db, topic([a, b], three), seen=[a, b], merges=(Merge(two, three),))
        assert [topics.current_id(db, each) for each in (one, two, three)] == [three, three, three]
        assert ids_of(db, three) == [a, b, old]
        with pytest.raises(NotFoundError, match=f"There is no topic with the number {one}"):
            topics.find_topic(db, one)


def test_what_never_was_leads_nowhere(engine: Engine) -> None:
    with reading(engine) as db:
        assert topics.current_id(db, 7) is None


def test_the_same_outcome_again_moves_no_story(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = tell(db, "a", "b")
        (made,) = make(db, topic([a, b]), seen=[a, b])
        said: list[str] = []
        event.listen(db, "before_cursor_execute", lambda _, __, statement, *___: said.append(statement))
        make(db, topic([a, b], made), seen=[a, b])
    assert not [each for each in said if "topic_stories" in each and not each.startswith("SELECT")]


def test_a_story_deleted_meanwhile_is_left_out(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = tell(db, "a", "b")
        (made, *more) = make(db, topic([a, 999]), topic([998, 997]), seen=[a, b, 999, 998, 997])
        assert ids_of(db, made) == [a]
        assert more == []


def test_the_list_gives_the_largest_topic_first_with_its_newest_headline(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d, e = tell(db, "a", "b", "c", "d", "e")
        make(db, topic([a, b], name="Small"), topic([e, d, c], name="Large"), seen=[a, b, c, d, e])
        large, small = topics.topic_lines(db, since=NOON - DAY, limit=9)
    assert (large.name, large.n_stories, large.last_at, large.first_at) == (
        "Large",
        3,
        NOON - 2 * HOUR,
        NOON - 4 * HOUR,
    )
    assert large.newest.title == "Title of c gazette"
    assert (small.name, small.newest.story_id) == ("Small", a)


def test_only_stories_with_late_news_count_in_the_list(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = tell(db, "a", "b")
        (old,) = tell(db, "old", hours=100)
        make(db, topic([a, b, old]), topic([], name="Nothing"), seen=[a, b, old])
        (line,) = topics.topic_lines(db, since=NOON - DAY, limit=9)
        assert line.n_stories == 2
        assert line.first_at == NOON - 100 * HOUR


def test_a_topics_stories_come_page_by_page(engine: Engine) -> None:
    with transaction(engine) as db:
        told = tell(db, *"abcde")
        (made,) = make(db, topic(told), seen=told)
        first = topics.stories_of_topic(db, made, limit=2)
        rest = topics.stories_of_topic(db, made, limit=9, after=Place(first[-1].last_at, first[-1].id))
    assert [card.id for card in [*first, *rest]] == told


def test_what_is_known_of_topics_is_what_was_saved(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = tell(db, "a", "b", "c")
        (old,) = tell(db, "old", hours=24 * 400)
        war, _ = make(db, topic([a, b, c]), topic([old], name="Peace"), seen=[a, b, c, old])
        (known,) = topics.known_topics(db, since=NOON - YEAR, story_ids={a, b, old})
    assert (known.id, known.name, known.words, known.story_ids) == (war, "War", {"war": 2.0}, frozenset({a, b}))


def test_topics_are_made_of_stories_that_two_publishers_or_three_articles_tell(engine: Engine) -> None:
    with transaction(engine) as db:
        (two,) = tell(db, "two")
        feed = subscribe(db, "alone")
        bring(db, feed, *(entry(name, at="alone") for name in ("x", "y", "z", "single")))
        ids = ids_by_title(db)
        three, _ = save(
            db,
            Regrouping(
                stories=(draft([ids[n] for n in "xyz"], n_publishers=1), draft([ids["single"]], n_publishers=1))
            ),
        )
        found = topics.stories_for_topics(db, since=NOON - DAY, limit=9)
        assert [(each.id, each.n_articles, len(each.sample)) for each in found] == [(two, 2, 2), (three, 3, 3)]
        assert [each.id for each in topics.stories_for_topics(db, since=NOON - DAY, limit=1)] == [two]
        assert topics.stories_for_topics(db, since=NOON + HOUR, limit=9) == []


def test_the_earliest_articles_that_are_no_copies_stand_for_a_story(engine: Engine) -> None:
    with transaction(engine) as db:
        ids = bring_from(db, *(f"paper{n}" for n in range(topics.N_SAMPLE + 3)))
        save(db, Regrouping(stories=(draft(ids, copies={ids[0]: ids[1]}),)))
        (found,) = topics.stories_for_topics(db, since=NOON - DAY, limit=9)
    assert [article.id for article in found.sample] == ids[1 : topics.N_SAMPLE + 1]


def test_vectors_are_found_by_their_articles(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        said = [each for each in encoding.unencoded(db, MODEL, since=NOON - DAY, limit=9) if each.article_id != c]
        said.sort(key=lambda each: each.article_id)
        encoding.add_vectors(db, MODEL, said, np.eye(3, dtype=np.float32)[:2], now=NOON)
        ids, vectors = window.vectors_of(db, MODEL, [b, c])
        assert (ids, vectors.tolist()) == ([b], [[0.0, 1.0, 0.0]])
        ids, vectors = window.vectors_of(db, EncoderName("other", "1", 3), [a, b])
        assert (ids, vectors.shape) == ([], (0, 3))


def test_topics_are_due_when_stories_were_grouped_since_and_not_too_often(engine: Engine) -> None:
    every = timedelta(minutes=10)

    def due(minutes: float) -> bool:
        return topics.are_due(db, every=every, now=NOON + timedelta(minutes=minutes))

    with transaction(engine) as db:
        assert not due(0)
        save(db, Regrouping(stories=()), now=NOON)
        assert due(0)
        make(db, seen=[])
        assert not due(60)
        save(db, Regrouping(stories=()), now=NOON + timedelta(minutes=5))
        assert not due(5)
        assert due(10)
        assert due(-60), "the clock was put back"


def test_from_stories_to_topics_and_back_to_the_same_ones(engine: Engine) -> None:
    with transaction(engine) as db:
        tell(db, "quake in Oster", "helpers reach Oster", "rain on Oster ruins", "cup final", "bread prices")
    settings = StorySettings()
    assert pipeline.retopic(engine, None, settings, now=NOON) == 1
    with reading(engine) as db:
        (before,) = topics.topic_lines(db, since=NOON - DAY, limit=9)
    assert pipeline.retopic(engine, None, settings, now=NOON + HOUR) == 1
    with reading(engine) as db:
        (after,) = topics.topic_lines(db, since=NOON - DAY, limit=9)
    assert before == after
    assert "Oster" in after.name
