"""What is muted: what it hides, until when, and what brings it back. On SQLite and PostgreSQL."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from aggregator.errors import NotFoundError
from aggregator.models.acts import Mute, MuteKind
from aggregator.models.evidence import Evidence, Shared, SharedKind
from aggregator.models.stories import Merge, Regrouping
from aggregator.models.topics import Retopicking, TopicDraft
from aggregator.store import acts, changes, correcting, marks, mutes, showing, topics
from aggregator.store.db import transaction
from aggregator.store.evidence import Near, add_evidence
from aggregator.store.undoing import undo
from tests.integration.desk import DAY, HOUR, NOON, bring_from, draft, save

SINCE = NOON - DAY


def story_of(db: Connection, *names: str, n_publishers: int | None = None) -> tuple[int, list[int]]:
    ids = bring_from(db, *names)
    [story_id] = save(db, Regrouping(stories=(draft(ids, n_publishers=n_publishers or len(ids)),)))
    return story_id, ids


def shown(db: Connection, *, after: Any = 0 * DAY, min_publishers: int = 1) -> set[int]:
    """The stories on the front page."""
    found = showing.front_page(db, since=SINCE, limit=99, now=NOON + after, min_publishers=min_publishers)
    return {card.id for card in found}


def muted(db: Connection, story_id: int, kind: MuteKind = MuteKind.STORY, **options: Any) -> Mute:
    return mutes.mute(db, Mute(kind=kind, title="Title", story_id=story_id, made_at=NOON, **options), now=NOON)[1]


def topic_of(db: Connection, topic_stories: Mapping[str, tuple[int, ...]]) -> list[int]:
    drafts = [TopicDraft(id=None, name=name, words={}, story_ids=ids) for name, ids in topic_stories.items()]
    seen = {story_id for ids in topic_stories.values() for story_id in ids}
    return topics.save(db, Retopicking(tuple(drafts)), seen=seen, now=NOON)


def grow(db: Connection, story_id: int, ids: list[int], n_publishers: int) -> None:
    save(db, Regrouping(stories=(draft(ids, story_id, n_publishers=n_publishers),)))


def test_a_muted_story_is_not_on_the_front_page_until_the_mute_ends(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        other, _ = story_of(db, "c", "d")
        alone, _ = story_of(db, "e")
        for story_id in (one, alone):
            muted(db, story_id, until=NOON + DAY)
        assert shown(db) == {other}
        assert mutes.n_hidden(db, since=SINCE, now=NOON) == 1
        assert showing.n_single(db, since=SINCE, hidden=mutes.hidden_ids(db, now=NOON)) == 0
        assert shown(db, after=DAY) == {one, other, alone}
        assert mutes.n_hidden(db, since=SINCE, now=NOON + DAY) == 0
        assert mutes.mute_lines(db, since=SINCE, now=NOON + DAY) == []


def test_a_muted_story_breaks_out_when_it_grows_to_its_bar(engine: Engine) -> None:
    with transaction(engine) as db:
        one, ids = story_of(db, "a", "b")
        muted(db, one, bar=4)
        grow(db, one, ids, 3)
        assert shown(db) == set()
        grow(db, one, ids, 4)
        assert shown(db) == {one}
        never, ids = story_of(db, "c", "d")
        muted(db, never)
        grow(db, never, ids, 500)
        assert shown(db) == {one}


def test_ending_and_undoing_a_mute_show_it_again_and_undoing_the_end_hides_it(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        first = muted(db, one)
        ended = mutes.end(db, first.id, now=NOON)
        assert shown(db) == {one}
        assert mutes.end(db, first.id, now=NOON).id == 0
        undo(db, ended.id, now=NOON)
        assert shown(db) == set()
        [_, made] = acts.latest(db, limit=9)
        undo(db, made.id, now=NOON)
        assert shown(db) == {one}
        with pytest.raises(NotFoundError):
            mutes.end(db, first.id, now=NOON)


def test_a_mute_goes_with_its_story_into_another_and_back(engine: Engine) -> None:
    with transaction(engine) as db:
        one, ids = story_of(db, "a", "b")
        other, more = story_of(db, "c", "d")
        muted(db, other)
        save(db, Regrouping(stories=(draft([*ids, *more], one),), merges=(Merge(other, one),)))
        assert shown(db) == set()
        [line] = mutes.mute_lines(db, since=SINCE, now=NOON)
        assert (line.mute.story_id, line.n_hidden) == (one, 1)
        [merge] = changes.latest(db, limit=9)
        correcting.undo(db, merge.id, now=NOON)
        assert shown(db) == {one}


def test_things_like_this_are_all_of_its_topic_and_those_that_come_to_it(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        other, _ = story_of(db, "c", "d")
        third, _ = story_of(db, "e", "f")
        x, _ = topic_of(db, {"X": (one, other), "Y": (third,)})
        made = muted(db, one, MuteKind.LIKENESS, topic_id=x)
        assert shown(db) == {third}
        [line] = mutes.mute_lines(db, since=SINCE, now=NOON)
        assert line.topic
        assert (line.topic.name, line.n_hidden) == ("X", 2)
        assert mutes.largest(db, made.id, since=SINCE, now=NOON) == 2
        later, _ = story_of(db, "g", "h")
        grown = TopicDraft(id=x, name="X", words={}, story_ids=(other, later))
        topics.save(db, Retopicking((grown,)), seen={one, other, later}, now=NOON)
        assert shown(db) == {third}  # the story itself stays muted though it left the topic
        assert {each.id for each in mutes.mutes_of_story(db, later, now=NOON)} == {made.id}


def test_things_like_this_are_known_by_names_where_there_is_no_topic(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        other, _ = story_of(db, "c", "d")
        made = muted(db, one, MuteKind.LIKENESS, names=("Kesh",))
        assert [each.names for each in mutes.naming(db, now=NOON)] == [("Kesh",)]
        assert mutes.titles(db, since=SINCE)[other] == ["Title of c-news", "Title of d-news"]
        assert list(mutes.titles(db, [other], since=SINCE)) == [other]
        mutes.hide(db, made.id, [other, 999])
        assert shown(db) == set()
        mutes.hide(db, made.id, [], but_of=[other])
        assert shown(db) == {other}


def test_what_the_members_of_a_story_share_is_told(engine: Engine) -> None:
    with transaction(engine) as db:
        one, [a, b] = story_of(db, "a", "b")
        said = Evidence(shared=(Shared("Kesh", SharedKind.NAME),), chance=0.9, bar=0.5)
        add_evidence(db, {Near(b, a, 0.8): said})
        assert mutes.shared_in(db, one) == [Shared("Kesh", SharedKind.NAME)]


def test_a_publisher_is_silenced_in_the_topic_and_speaks_elsewhere(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        alone, _ = story_of(db, "c")
        elsewhere, _ = story_of(db, "d", "e")
        [x] = topic_of(db, {"X": (one, alone)})
        by_name = {card.id: card for card in showing.story_cards(db, [one, alone, elsewhere])}
        for story_id in (one, alone):
            muted(db, story_id, MuteKind.PUBLISHER, topic_id=x, publisher_id=by_name[story_id].lead.publisher.id)
        assert shown(db) == {one, elsewhere}  # a story that it alone tells is hidden
        [card] = [each for each in showing.front_page(db, since=SINCE, limit=9, now=NOON) if each.id == one]
        assert [line.publisher.domain for line in card.lines] == ["b.example"]
        assert (card.lead.publisher.domain, card.headline) == ("b.example", "Title of b-news")
        assert card.n_publishers == 2
        assert {line.publisher.domain for line in mutes.mute_lines(db, since=SINCE, now=NOON) if line.publisher} == {
            "a.example",
            "c.example",
        }


def test_what_is_muted_is_not_among_what_is_followed(engine: Engine) -> None:
    with transaction(engine) as db:
        one, _ = story_of(db, "a", "b")
        marks.mark_story(db, one, marks.MarkKind.FOLLOW, is_on=True, now=NOON)
        muted(db, one, until=NOON + HOUR)
        assert showing.following(db, now=NOON, limit=9) == []
        assert len(showing.following(db, now=NOON + HOUR, limit=9)) == 1
