"""What the owner did: kept, undone in any order, and never twice. On SQLite and PostgreSQL."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine, select

from aggregator.errors import NotFoundError
from aggregator.models.acts import Act, ActKind, MarkKind, Subject
from aggregator.models.pages import StoryCard
from aggregator.models.stories import Merge, Regrouping
from aggregator.models.topics import Retopicking, TopicDraft
from aggregator.store import acts, articles, changes, correcting, marks, reading, shelves, showing, stories, topics
from aggregator.store.db import transaction
from aggregator.store.schema import act_articles, article_status
from aggregator.store.shelves import Shelf
from aggregator.store.undoing import undo
from tests.integration.desk import DAY, HOUR, NOON, bring, bring_from, draft, entry, ids_by_title, save, subscribe

LATER = NOON + HOUR


def read(db: Connection) -> set[int]:
    """The articles that are read."""
    return {line.id for line in articles.river(db, limit=99) if line.is_read}


def starred(db: Connection) -> list[int]:
    """The ids of what is starred, in the order of the page."""
    return [each.story.id if each.story else each.article.id for each in shelves.starred(db, limit=99) if each]  # type: ignore[union-attr]


def card(db: Connection, story_id: int) -> StoryCard:
    [found] = showing.story_cards(db, [story_id])
    return found


def story_of(db: Connection, *names: str, **options: int) -> tuple[int, list[int]]:
    ids = bring_from(db, *names)
    [story_id] = save(db, Regrouping(stories=(draft(ids, **options),)))
    return story_id, ids


def mark(db: Connection, ids: Sequence[int], *, is_read: bool = True) -> Act:
    return reading.mark_articles(db, ids, is_read=is_read, now=NOON)


# --- reading -----------------------------------------------------------------------------------------


def test_marking_a_story_marks_its_members_and_undoing_it_only_those_it_marked(engine: Engine) -> None:
    with transaction(engine) as db:
        story_id, ids = story_of(db, "a", "b", "c")
        mark(db, ids[:1])
        act = reading.mark_story(db, story_id, is_read=True, now=LATER)
        assert (act.kind, act.subject, act.subject_id, act.n_articles) == (
            ActKind.READ,
            Subject.STORY,
            story_id,
            2,
        )
        assert act.title == "Title of a-news"
        assert read(db) == set(ids)
        assert undo(db, act.id, now=LATER) == act
        assert read(db) == set(ids[:1])


def test_what_changes_nothing_is_not_kept(engine: Engine) -> None:
    with transaction(engine) as db:
        _, ids = story_of(db, "a", "b")
        mark(db, ids)
        again = mark(db, ids)
        assert (again.id, again.n_articles) == (0, 0)
        assert len(acts.latest(db, limit=9)) == 1


def test_the_second_of_two_tabs_undoes_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        _, ids = story_of(db, "a", "b")
        act = mark(db, ids)
        assert undo(db, act.id, now=LATER) is not None
        mark(db, ids)
        assert undo(db, act.id, now=LATER) is None
        assert read(db) == set(ids)


def test_an_act_that_never_was_is_said_to_be_none(engine: Engine) -> None:
    with transaction(engine) as db, pytest.raises(NotFoundError, match="no act with the number 99"):
        undo(db, 99, now=NOON)


def test_marking_all_is_undone_exactly(engine: Engine) -> None:
    with transaction(engine) as db:
        _, ids = story_of(db, "a", "b", "c")
        mark(db, ids[:1])
        everything = reading.mark_all(db, seen_before=LATER, now=LATER)
        assert everything.n_articles == 2
        undo(db, everything.id, now=LATER)
        assert read(db) == set(ids[:1])
        assert (
            db.execute(select(article_status.c.read_at).where(article_status.c.article_id == ids[0])).scalar() == NOON
        )


def test_acts_are_undone_in_any_order_as_if_they_had_never_been(engine: Engine) -> None:
    with transaction(engine) as db:
        _, [one, _] = story_of(db, "a", "b")
        first = reading.mark_all(db, seen_before=LATER, now=NOON)
        second = mark(db, [one], is_read=False)
        third = reading.mark_articles(db, [one], is_read=True, now=LATER)
        undo(db, first.id, now=LATER)
        assert read(db) == {one}  # the third still says so
        undo(db, third.id, now=LATER)
        assert read(db) == set()  # the second still says so
        undo(db, second.id, now=LATER)
        assert read(db) == set()  # as before the first: nothing had been read
        assert db.execute(select(act_articles)).all() == []


def test_undoing_backwards_goes_through_every_state(engine: Engine) -> None:
    with transaction(engine) as db:
        _, [one, *_] = story_of(db, "a", "b")
        states, done = [], []
        for is_read in (True, False, True):
            states.append(read(db))
            done.append(mark(db, [one], is_read=is_read))
        for act, before in zip(reversed(done), reversed(states), strict=True):
            assert acts.last(db) == act
            undo(db, act.id, now=LATER)
            assert read(db) == before
        assert acts.last(db) is None


def test_reading_one_copy_reads_its_copies_and_unreading_it_too(engine: Engine) -> None:
    with transaction(engine) as db:
        wire, one, other, own = bring_from(db, "a", "b", "c", "d")
        save(db, Regrouping(stories=(draft([wire, one, other, own], copies={one: wire, other: wire}),)))
        act = mark(db, [one])
        assert read(db) == {wire, one, other}
        mark(db, [wire], is_read=False)
        assert read(db) == set()
        undo(db, act.id, now=LATER)
        assert read(db) == set()


def test_a_copy_that_arrives_later_is_unread(engine: Engine) -> None:
    with transaction(engine) as db:
        story_id, ids = story_of(db, "a", "b")
        reading.mark_story(db, story_id, is_read=True, now=NOON)
        [late] = bring_from(db, "c")
        save(db, Regrouping(stories=(draft([*ids, late], story_id, copies={late: ids[0]}),)))
        assert read(db) == set(ids)


def test_what_stood_together_on_a_page_is_marked_as_it_was_then(engine: Engine) -> None:
    with transaction(engine) as db:
        one, [a, b] = story_of(db, "a", "b")
        _, [c, d] = story_of(db, "c", "d")
        late = bring_from(db, "e")[0]
        bring(db, subscribe(db, "f"), entry("f-news", at="f"), now=LATER)
        save(db, Regrouping(stories=(draft([a, b, ids_by_title(db)["f-news"]], one),)))
        act = reading.mark_these(db, [one], [c, late, 999], seen_before=LATER, now=LATER)
        assert (act.subject, act.n_articles) == (Subject.SEVERAL, 4)
        assert read(db) == {a, b, c, late}
        undo(db, act.id, now=LATER)
        assert read(db) == set()
        assert d not in read(db)


def test_a_feed_is_marked_under_its_name_and_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        feed_id = subscribe(db, "gazette")
        bring(db, feed_id, entry("a"), entry("b"))
        bring_from(db, "other")
        act = reading.mark_feed(db, feed_id, seen_before=LATER, now=LATER)
        assert (act.subject, act.subject_id, act.n_articles) == (Subject.FEED, feed_id, 2)
        assert act.title
        undo(db, act.id, now=LATER)
        assert read(db) == set()


def test_what_was_deleted_meanwhile_is_not_missed(engine: Engine) -> None:
    with transaction(engine) as db:
        _, [one, other] = story_of(db, "a", "b")
        act = reading.mark_all(db, seen_before=LATER, now=NOON)
        stories.take_out(db, [one])
        articles.forget(db, [one])
        undo(db, act.id, now=LATER)
        assert read(db) == set()
        assert [line.id for line in articles.river(db, limit=9)] == [other]


# --- stars and follows -------------------------------------------------------------------------------


def test_a_star_is_put_taken_and_each_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        story_id, _ = story_of(db, "a", "b")
        on = marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON)
        assert marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON).id == 0
        assert card(db, story_id).is_starred
        assert not card(db, story_id).is_followed
        off = marks.mark_story(db, story_id, MarkKind.STAR, is_on=False, now=LATER)
        assert not card(db, story_id).is_starred
        undo(db, off.id, now=LATER)
        assert card(db, story_id).is_starred
        assert shelves.starred(db, limit=9)[0].at == NOON
        undo(db, on.id, now=LATER)
        assert not card(db, story_id).is_starred
        assert marks.mark_story(db, story_id, MarkKind.STAR, is_on=False, now=LATER).id == 0


def test_articles_are_starred_too_and_listed_with_the_stories(engine: Engine) -> None:
    with transaction(engine) as db:
        story_id, [one, other] = story_of(db, "a", "b")
        marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON)
        reading.star_article(db, one, is_starred=True, now=NOON + HOUR)
        off = reading.star_article(db, other, is_starred=True, now=NOON + 2 * HOUR)
        mark(db, [one])
        assert starred(db) == [other, one, story_id]
        assert shelves.n_starred(db) == 3
        assert articles.find_article(db, one).is_starred
        last = shelves.starred(db, limit=1)[0]
        assert last.article
        assert [each.at for each in shelves.starred(db, limit=9, after=Shelf(last.at, Subject.ARTICLE, other))] == [
            NOON + HOUR,
            NOON,
        ]
        undo(db, off.id, now=LATER)
        assert starred(db) == [one, story_id]
        assert read(db) == {one}


def test_a_star_goes_with_its_story_into_another_and_back(engine: Engine) -> None:
    with transaction(engine) as db:
        one, ids = story_of(db, "a", "b")
        other, more = story_of(db, "c", "d")
        marks.mark_story(db, other, MarkKind.STAR, is_on=True, now=NOON)
        marks.mark_story(db, other, MarkKind.FOLLOW, is_on=True, now=NOON)
        save(db, Regrouping(stories=(draft([*ids, *more], one),), merges=(Merge(other, one),)), now=LATER)
        assert (card(db, one).is_starred, card(db, one).is_followed) == (True, True)
        assert starred(db) == [one]
        assert [each.id for each in showing.following(db, now=LATER, limit=9)] == [one]
        [merge] = changes.latest(db, limit=9)
        correcting.undo(db, merge.id, now=LATER)
        assert not card(db, one).is_starred
        assert card(db, other).is_starred
        assert starred(db) == [other]


def test_a_star_of_a_merged_story_is_taken_under_the_id_it_lives_at(engine: Engine) -> None:
    with transaction(engine) as db:
        one, ids = story_of(db, "a", "b")
        other, more = story_of(db, "c", "d")
        for story_id in (one, other):
            marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON)
        save(db, Regrouping(stories=(draft([*ids, *more], one),), merges=(Merge(other, one),)), now=LATER)
        assert starred(db) == [one]
        off = marks.mark_story(db, one, MarkKind.STAR, is_on=False, now=LATER)
        assert starred(db) == []
        undo(db, off.id, now=LATER)
        assert starred(db) == [one]


def test_when_a_story_splits_its_star_stays_with_the_id(engine: Engine) -> None:
    with transaction(engine) as db:
        one, ids = story_of(db, "a", "b", "c")
        marks.mark_story(db, one, MarkKind.STAR, is_on=True, now=NOON)
        correcting.not_this_story(db, one, ids[2], now=LATER)
        assert starred(db) == [one]


def test_a_topic_is_followed_with_its_stories_and_through_a_merge(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        other, _ = story_of(db, "c", "d")
        made = [
            TopicDraft(id=None, name=name, words={}, story_ids=(each,)) for name, each in (("X", one), ("Y", other))
        ]
        x, y = topics.save(db, Retopicking(tuple(made)), seen={one, other}, now=NOON)
        on = marks.follow_topic(db, x, is_on=True, now=NOON)
        assert (on.subject, on.title) == (Subject.TOPIC, "X")
        assert topics.find_topic(db, x).is_followed
        assert not topics.find_topic(db, y).is_followed
        assert [each.id for each in showing.following(db, now=NOON, limit=9)] == [one]
        both = TopicDraft(id=y, name="Y", words={}, story_ids=(one, other))
        topics.save(db, Retopicking((both,), merges=(Merge(x, y),)), seen={one, other}, now=LATER)
        assert topics.find_topic(db, y).is_followed
        assert [(each.id, each.n_stories) for each in topics.followed_topics(db)] == [(y, 2)]
        assert {each.id for each in showing.following(db, now=NOON, limit=9)} == {one, other}
        off = marks.follow_topic(db, y, is_on=False, now=LATER)
        assert topics.followed_topics(db) == []
        undo(db, off.id, now=LATER)
        assert topics.find_topic(db, y).is_followed


def test_what_is_followed_comes_by_its_latest_news_page_by_page_and_may_be_unread_only(engine: Engine) -> None:
    with transaction(engine) as db:
        found = []
        for n, names in enumerate((("a", "b"), ("c", "d"), ("e", "f"))):
            ids = bring_from(db, *names)
            [story_id] = save(db, Regrouping(stories=(draft(ids, last_at=NOON - n * DAY),)))
            marks.mark_story(db, story_id, MarkKind.FOLLOW, is_on=True, now=NOON)
            found.append(story_id)
        assert [each.id for each in showing.following(db, now=NOON, limit=2)] == found[:2]
        after = showing.Place(NOON - DAY, found[1])
        assert [each.id for each in showing.following(db, now=NOON, limit=2, after=after)] == found[2:]
        reading.mark_story(db, found[0], is_read=True, now=NOON)
        assert [each.id for each in showing.following(db, now=NOON, limit=9, unread_only=True)] == found[1:]


def test_acts_are_listed_newest_first_page_by_page(engine: Engine) -> None:
    with transaction(engine) as db:
        story_id, ids = story_of(db, "a", "b")
        done = [
            mark(db, ids[:1]),
            marks.mark_story(db, story_id, MarkKind.STAR, is_on=True, now=NOON),
            marks.mark_story(db, story_id, MarkKind.FOLLOW, is_on=True, now=NOON),
        ]
        assert acts.latest(db, limit=2) == done[:0:-1]
        assert acts.latest(db, limit=2, before_id=done[1].id) == done[:1]
        undo(db, done[2].id, now=LATER)
        assert acts.latest(db, limit=1)[0].undone_at == LATER
        assert acts.last(db) == done[1]
