"""The owner's corrections and the engine's runs, one after the other and at the same time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, event

from aggregator import pipeline
from aggregator.config import EncodeSettings, Settings, StorySettings
from aggregator.models.acts import Mute, MuteKind
from aggregator.models.corrections import Actor, ChangeKind
from aggregator.models.stories import StoryState
from aggregator.schedule import Worker
from aggregator.store import articles, changes, correcting, corrections, mutes, showing, stories
from aggregator.store import settings as memory
from aggregator.store.db import reading, transaction
from aggregator.stories.desk import Desk
from aggregator.stories.similarity import learned
from tests.integration.desk import DAY, HOUR, NOON, bring, entry, ids_by_title, subscribe

LATER = NOON + HOUR
MUCH_LATER = NOON + 2 * HOUR
FERRY = "Ferry with ninety passengers sinks in the Strait of Maras"
BRONZES = "Museum gives looted bronzes back after a hundred years"
BANK = "Central bank of Ardania raises its key rate to four percent"


def print_news(db: Connection, *, at: datetime = NOON, **titles: str) -> list[int]:
    """Bring an article of this title from each publisher; return their ids."""
    for name, title in titles.items():
        said = replace(entry(name, at=name), title=f"{title} ({name})", text=f"{title}, says {name} tonight.")
        bring(db, subscribe(db, name), said, at=at)
    ids = ids_by_title(db)
    return [ids[f"{title} ({name})"] for name, title in titles.items()]


class Engineer:
    """Runs the engine as the worker does, from desk to desk."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.desk: Desk | None = None

    def regroup(self, now: datetime = LATER, *, is_rebuilding: bool = False) -> None:
        """Group what is new; or everything, from an empty desk."""
        desk = None if is_rebuilding else self.desk
        self.desk = pipeline.regroup(self.engine, None, StorySettings(), now=now, desk=desk).desk

    def stories(self) -> list[list[int]]:
        """Every story's articles."""
        with reading(self.engine) as db:
            known = stories.known_stories(db, since=NOON - 9 * DAY)
        return sorted(sorted(each.article_ids) for each in known)

    def story_of(self, article_id: int) -> int:
        """Where this article is."""
        with reading(self.engine) as db:
            [known] = [each for each in stories.known_stories(db, since=NOON - DAY) if article_id in each.article_ids]
        return known.id


@pytest.fixture
def engineer(engine: Engine) -> Iterator[Engineer]:
    return Engineer(engine)


@pytest.mark.parametrize("is_rebuilding", [False, True])
def test_an_article_that_was_taken_out_stays_out(engine: Engine, engineer: Engineer, is_rebuilding: bool) -> None:
    with transaction(engine) as db:
        a, b, c = print_news(db, a=FERRY, b=FERRY, c=FERRY)
    engineer.regroup()
    with transaction(engine) as db:
        change = correcting.not_this_story(db, engineer.story_of(c), c, now=LATER)
    engineer.regroup(MUCH_LATER, is_rebuilding=is_rebuilding)
    assert engineer.stories() == [[a, b], [c]]
    with transaction(engine) as db:
        (d,) = print_news(db, d=FERRY)
    engineer.regroup(MUCH_LATER, is_rebuilding=is_rebuilding)
    assert engineer.stories() == [[a, b, d], [c]]
    with transaction(engine) as db:
        correcting.undo(db, change.id, now=MUCH_LATER)
    engineer.regroup(MUCH_LATER, is_rebuilding=is_rebuilding)
    assert engineer.stories() == [[a, b, c, d]]


@pytest.mark.parametrize("is_rebuilding", [False, True])
def test_stories_that_are_the_same_stay_one_and_grow_as_one(
    engine: Engine, engineer: Engineer, is_rebuilding: bool
) -> None:
    with transaction(engine) as db:
        a, b, c, d = print_news(db, a=FERRY, b=FERRY, c=BANK, d=BANK)
    engineer.regroup()
    assert engineer.stories() == [[a, b], [c, d]]
    one, two = engineer.story_of(a), engineer.story_of(c)
    with transaction(engine) as db:
        correcting.same_story(db, one, two, now=LATER)
        e, f = print_news(db, e=FERRY, f=BANK)
    engineer.regroup(MUCH_LATER, is_rebuilding=is_rebuilding)
    assert engineer.stories() == [[a, b, c, d, e, f]]
    with reading(engine) as db:
        assert stories.current_id(db, two) == one


def test_stories_that_are_kept_apart_are_not_joined(engine: Engine, engineer: Engineer) -> None:
    with transaction(engine) as db:
        a, b = print_news(db, a=FERRY, b=BANK)
    engineer.regroup()
    with transaction(engine) as db:
        correcting.keep_apart(db, engineer.story_of(a), engineer.story_of(b), now=LATER)
        print_news(db, c=f"{FERRY} and {BANK}", d=f"{BANK} and {FERRY}")
    engineer.regroup(MUCH_LATER)
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.story_of(a) != engineer.story_of(b)


def test_of_corrections_that_contradict_each_other_the_newest_holds(engine: Engine, engineer: Engineer) -> None:
    with transaction(engine) as db:
        a, b = print_news(db, a=FERRY, b=BANK)
    engineer.regroup()
    one, two = engineer.story_of(a), engineer.story_of(b)
    with transaction(engine) as db:
        correcting.keep_apart(db, one, two, now=LATER)
        same = correcting.same_story(db, one, two, now=MUCH_LATER)
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.stories() == [[a, b]]
    with transaction(engine) as db:
        correcting.undo(db, same.id, now=MUCH_LATER)
        print_news(db, c=f"{FERRY} and {BANK}")
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.story_of(a) != engineer.story_of(b)


def test_a_closed_story_lives_again_when_the_owner_joins_it_to_news(engine: Engine, engineer: Engineer) -> None:
    with transaction(engine) as db:
        (old,) = print_news(db, at=NOON - 20 * DAY, old=FERRY)
    engineer.regroup(NOON - 20 * DAY)
    with transaction(engine) as db:
        (new,) = print_news(db, new=BANK)
    engineer.regroup()
    with transaction(engine) as db:
        places = {line.id: line.story_id for line in articles.lines_of(db, [old, new])}
        change = correcting.same_story(db, places[old] or 0, places[new] or 0, now=LATER)
        assert change.to_id == places[old]
        print_news(db, more=BANK)
    engineer.regroup(MUCH_LATER)
    with reading(engine) as db:
        page = showing.find_story(db, change.to_id)
    assert len(page.members) == 3
    assert StoryState.of(page.card.last_at, now=MUCH_LATER) is StoryState.LIVE


def test_an_engines_merge_that_was_undone_does_not_come_back(engine: Engine, engineer: Engineer) -> None:
    with transaction(engine) as db:
        a, b = print_news(db, a=FERRY, b=FERRY)
    engineer.regroup()
    with transaction(engine) as db:
        out = correcting.not_this_story(db, engineer.story_of(b), b, now=LATER)
        corrections.remove(db, out.id)  # two stories that nobody keeps apart: the engine makes them one
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.stories() == [[a, b]]
    with transaction(engine) as db:
        merge = changes.latest(db, limit=1)[0]
        assert (merge.kind, merge.by) == (ChangeKind.MERGE, Actor.ENGINE)
        correcting.undo(db, merge.id, now=MUCH_LATER)
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.stories() == [[a], [b]]
    with reading(engine) as db:
        assert {stories.current_id(db, each) for each in (merge.from_id, merge.to_id)} == {merge.from_id, merge.to_id}


def test_a_regroup_that_a_correction_overtook_is_made_again(engine: Engine, engineer: Engineer) -> None:
    with transaction(engine) as db:
        a, b, c = print_news(db, a=FERRY, b=BANK, c=BANK)
    engineer.regroup()
    with transaction(engine) as db:
        (d,) = print_news(db, d=BANK)
    done: list[object] = []

    def correct(_: Connection) -> None:
        if not done:
            done.append("now")
            with transaction(engine) as db:
                one, two = (each.id for each in stories.known_stories(db, since=NOON - DAY))
                done.append(correcting.same_story(db, one, two, now=LATER))

    event.listen(engine, "rollback", correct)  # reading ends with one, while the engine has yet to group what was read
    engineer.regroup(LATER)
    event.remove(engine, "rollback", correct)
    assert engineer.stories() == [[a, b, c, d]]


def test_the_engine_learns_from_a_correction_and_forgets_it_when_it_is_undone(
    engine: Engine, engineer: Engineer
) -> None:
    with transaction(engine) as db:
        _, _, c = print_news(db, a=FERRY, b=FERRY, c=FERRY)
    engineer.regroup()
    with transaction(engine) as db:
        change = correcting.not_this_story(db, engineer.story_of(c), c, now=LATER)
        assert len(corrections.unlearned(db, None, since=NOON - DAY)) == 1
    engineer.regroup(MUCH_LATER)
    with reading(engine) as db:
        assert [(each.pair[1], each.is_same) for each in corrections.lessons(db, None)] == [(c, False)] * 2
        assert corrections.unlearned(db, None, since=NOON - DAY) == []
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.desk
    assert engineer.desk.reading.decisions["pair_by_words"]["text"] < learned()["pair_by_words"]["text"]
    with transaction(engine) as db:
        correcting.undo(db, change.id, now=MUCH_LATER)
    engineer.regroup(MUCH_LATER, is_rebuilding=True)
    assert engineer.desk.reading.decisions == learned()


def test_the_worker_looks_again_after_a_correction(engine: Engine) -> None:
    now = LATER
    worker = Worker(engine, Settings(encode=EncodeSettings(model="none")), clock=lambda: now)

    def regrouped_at() -> datetime | None:
        with reading(engine) as db:
            return memory.regrouped_at(db)

    with transaction(engine) as db:
        print_news(db, a=FERRY, b=BANK)
    worker.group()
    now += timedelta(minutes=1)
    worker.group()
    assert regrouped_at() == LATER
    with transaction(engine) as db:
        one, two = (each.id for each in stories.known_stories(db, since=NOON - DAY))
        correcting.same_story(db, one, two, now=now)
    worker.group()
    assert regrouped_at() == now
    with reading(engine) as db:
        assert len({each.member.score for each in showing.find_story(db, one).members}) == 1
        assert not corrections.are_unseen(db)


def test_a_mute_by_names_holds_for_stories_that_come_later(engine: Engine, engineer: Engineer) -> None:
    with transaction(engine) as db:
        a, _ = print_news(db, a=FERRY, b=FERRY)
    engineer.regroup()
    with transaction(engine) as db:
        muted = engineer.story_of(a)
        wanted = Mute(kind=MuteKind.LIKENESS, title=FERRY, story_id=muted, names=("Ardania",), made_at=LATER)
        mutes.mute(db, wanted, now=LATER)
        c, _ = print_news(db, at=LATER, c=BANK, d=BANK)
        e, _ = print_news(db, at=LATER, e=BRONZES, f=BRONZES)
    engineer.regroup(MUCH_LATER)
    assert len({engineer.story_of(each) for each in (a, c, e)}) == 3
    with reading(engine) as db:
        shown = showing.front_page(db, since=NOON - DAY, limit=9, now=MUCH_LATER)
        assert [card.id for card in shown] == [engineer.story_of(e)]
        [line] = mutes.mute_lines(db, since=NOON - DAY, now=MUCH_LATER)
        assert {story.id for story in line.hidden} == {muted, engineer.story_of(c)}
