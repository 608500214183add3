"""What the owner says of stories takes effect at once, on SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine

from aggregator.errors import BroadsheetError, CorrectionError, NotFoundError
from aggregator.models.corrections import Actor, Change, ChangeKind, CorrectionKind
from aggregator.models.stories import Merge, Regrouping
from aggregator.store import articles, changes, correcting, corrections, feeds, showing, stories
from aggregator.store.db import transaction
from tests.integration.desk import DAY, HOUR, NOON, bring_from, draft, save

LATER = NOON + HOUR
MUCH_LATER = NOON + 2 * HOUR


def found(db: Connection, *groups: Sequence[int]) -> list[int]:
    """Save these groups of articles as stories."""
    return save(db, Regrouping(stories=tuple(draft(group, n_publishers=len(group)) for group in groups)))


def members(db: Connection, *story_ids: int) -> list[list[int]]:
    return [[each.article.id for each in showing.find_story(db, story_id).members] for story_id in story_ids]


def asked(db: Connection) -> list[tuple[CorrectionKind, set[int], set[int]]]:
    return [(each.kind, set(each.left), set(each.right)) for each in corrections.active(db, since=NOON - DAY)]


def last_change(db: Connection) -> Change:
    return changes.latest(db, limit=1)[0]


# --- not this story ----------------------------------------------------------------------------------


def test_an_article_that_does_not_belong_leaves_at_once_and_for_good(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (one,) = found(db, [a, b, c])
        change = correcting.not_this_story(db, one, c, now=LATER)
        assert (change.kind, change.by, change.moved_ids) == (ChangeKind.SPLIT, Actor.OWNER, (c,))
        assert members(db, one, change.to_id) == [[a, b], [c]]
        assert asked(db) == [(CorrectionKind.APART, {c}, {a, b})]
        assert [card.n_publishers for card in showing.story_cards(db, [one, change.to_id])] == [2, 1]


def test_what_repeats_its_text_leaves_with_it(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        story = draft([a, b, c])
        copied = replace(story.members[2], copy_of_id=b)
        (one,) = save(db, Regrouping(stories=(replace(story, members=(*story.members[:2], copied)),)))
        change = correcting.not_this_story(db, one, b, now=LATER)
        assert members(db, one, change.to_id) == [[a], [b, c]]
        assert asked(db) == [(CorrectionKind.APART, {b, c}, {a})]


def test_a_founder_and_lead_may_leave_and_the_story_finds_others(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (one,) = found(db, [a, b, c])
        correcting.not_this_story(db, one, a, now=LATER)
        page = showing.find_story(db, one)
        (known, _) = stories.known_stories(db, since=NOON - DAY)
        assert (page.card.lead.id, known.founder_id) == (b, b)
        assert [each.member.nearest_id for each in page.members] == [None, None]


def test_undoing_it_brings_the_article_back_and_asks_nothing_more(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (one,) = found(db, [a, b, c])
        change = correcting.not_this_story(db, one, c, now=LATER)
        undone = correcting.undo(db, change.id, now=MUCH_LATER)
        assert undone.undone_at == MUCH_LATER
        assert members(db, one) == [[a, b, c]]
        assert stories.current_id(db, change.to_id) == one
        assert asked(db) == []


def test_undoing_it_takes_only_that_article_from_where_it_is_now(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, other = found(db, [a, b, c], [d])
        change = correcting.not_this_story(db, one, c, now=LATER)
        save(db, Regrouping(stories=(draft([c, d], other),), merges=(Merge(change.to_id, other),)))
        correcting.undo(db, change.id, now=MUCH_LATER)
        assert members(db, one, other) == [[a, b, c], [d]]


def test_a_story_of_one_cannot_be_taken_out_of_itself(engine: Engine) -> None:
    with transaction(engine) as db:
        (a,) = bring_from(db, "a")
        (one,) = found(db, [a])
        with pytest.raises(CorrectionError, match="about this article alone"):
            correcting.not_this_story(db, one, a, now=LATER)


def test_an_article_that_left_already_is_said_so(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (one,) = found(db, [a, b, c])
        correcting.not_this_story(db, one, c, now=LATER)
        with pytest.raises(CorrectionError, match=f"Article {c} is not in story {one}"):
            correcting.not_this_story(db, one, c, now=LATER)


# --- move --------------------------------------------------------------------------------------------


def test_an_article_is_moved_from_one_story_to_another(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, other = found(db, [a, b], [c, d])
        change = correcting.move_article(db, b, other, now=LATER)
        assert change.kind is ChangeKind.MOVE
        assert members(db, one, other) == [[a], [b, c, d]]
        assert asked(db) == [(CorrectionKind.APART, {b}, {a}), (CorrectionKind.TOGETHER, {b}, {c, d})]
        with pytest.raises(CorrectionError, match="already"):
            correcting.move_article(db, b, other, now=LATER)
        correcting.undo(db, change.id, now=MUCH_LATER)
        assert (members(db, one, other), asked(db)) == ([[a, b], [c, d]], [])


# --- same story --------------------------------------------------------------------------------------


def test_two_stories_become_one_under_the_older_id(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, two = found(db, [a, b], [c, d])
        change = correcting.same_story(db, two, one, now=LATER)
        assert (change.kind, change.from_id, change.to_id) == (ChangeKind.MERGE, two, one)
        assert (stories.current_id(db, two), members(db, one)) == (one, [[a, b, c, d]])
        assert asked(db) == [(CorrectionKind.TOGETHER, {c, d}, {a, b})]
        assert showing.story_cards(db, [one])[0].n_publishers == 4


def test_a_single_article_goes_into_the_story_of_several(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = found(db, [a], [b, c])
        assert correcting.same_story(db, one, two, now=LATER).to_id == two


def test_undoing_a_merge_lets_the_id_live_again_and_it_is_no_alias(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, two = found(db, [a, b], [c, d])
        correcting.undo(db, correcting.same_story(db, one, two, now=LATER).id, now=MUCH_LATER)
        assert [stories.current_id(db, each) for each in (one, two)] == [one, two]
        assert (members(db, one, two), asked(db)) == ([[a, b], [c, d]], [])
        known = stories.known_stories(db, since=NOON - DAY)
        assert [(each.id, each.founder_id, each.created_at) for each in known] == [(one, a, NOON), (two, c, NOON)]


def test_an_id_that_lives_again_takes_back_the_aliases_that_led_to_it(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d, e, f = bring_from(db, "a", "b", "c", "d", "e", "f")
        one, two, three, four = found(db, [a, b], [c, d], [e], [f])
        correcting.same_story(db, three, four, now=LATER)
        correcting.same_story(db, two, three, now=LATER)
        change = correcting.same_story(db, one, two, now=LATER)
        assert [stories.current_id(db, each) for each in (one, two, three, four)] == [one] * 4
        correcting.undo(db, change.id, now=MUCH_LATER)
        assert [stories.current_id(db, each) for each in (one, two, three, four)] == [one, two, two, two]
        assert members(db, one, two) == [[a, b], [c, d, e, f]]


def test_what_joined_since_stays_when_a_merge_is_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, two = found(db, [a, b], [c])
        change = correcting.same_story(db, one, two, now=LATER)
        save(db, Regrouping(stories=(draft([a, b, c, d], one),)))
        correcting.undo(db, change.id, now=MUCH_LATER)
        assert members(db, one, two) == [[a, b, d], [c]]


def test_a_story_cannot_be_merged_with_itself(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = found(db, [a, b], [c])
        with pytest.raises(CorrectionError, match=f"story {one} twice"):
            correcting.same_story(db, one, one, now=LATER)
        correcting.same_story(db, one, two, now=LATER)
        for act in (correcting.same_story, correcting.keep_apart):
            with pytest.raises(CorrectionError, match=f"{two} and {one} are one already: {one}"):
                act(db, two, one, now=LATER)


# --- keep apart --------------------------------------------------------------------------------------


def test_two_stories_are_kept_two(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = found(db, [a, b], [c])
        change = correcting.keep_apart(db, one, two, now=LATER)
        assert (change.kind, change.from_title) == (ChangeKind.APART, "Title of a-news")
        assert (members(db, one, two), asked(db)) == ([[a, b], [c]], [(CorrectionKind.APART, {a, b}, {c})])
        correcting.undo(db, change.id, now=MUCH_LATER)
        assert asked(db) == []


# --- undoing what the engine did ---------------------------------------------------------------------


def test_an_engines_merge_is_undone_and_stays_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, two = found(db, [a, b], [c])
        save(db, Regrouping(stories=(draft([a, b, c], one),), merges=(Merge(two, one),)))
        merge = last_change(db)
        save(db, Regrouping(stories=(draft([a, b, c, d], one),)))
        owners = correcting.undo(db, merge.id, now=LATER)
        assert (owners.kind, owners.by, owners.undoes_id) == (ChangeKind.SPLIT, Actor.OWNER, merge.id)
        assert members(db, one, two) == [[a, b, d], [c]]
        assert asked(db) == [(CorrectionKind.APART, {c}, {a, b})]
        assert changes.find_change(db, merge.id).undone_at == LATER


def test_an_engines_split_is_undone_and_stays_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        (one,) = found(db, [a, b, c, d])
        _, two = save(db, Regrouping(stories=(draft([a, b], one), draft([c, d]))))
        owners = correcting.undo(db, last_change(db).id, now=LATER)
        assert (owners.kind, stories.current_id(db, two)) == (ChangeKind.MERGE, one)
        assert members(db, one) == [[a, b, c, d]]
        assert asked(db) == [(CorrectionKind.TOGETHER, {c, d}, {a, b})]


def test_an_engines_move_is_undone_and_stays_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c, d = bring_from(db, "a", "b", "c", "d")
        one, two = found(db, [a, b], [c, d])
        save(db, Regrouping(stories=(draft([a], one), draft([b, c, d], two))))
        owners = correcting.undo(db, last_change(db).id, now=LATER)
        assert owners.kind is ChangeKind.MOVE
        assert members(db, one, two) == [[a, b], [c, d]]
        assert asked(db) == [(CorrectionKind.APART, {b}, {c, d}), (CorrectionKind.TOGETHER, {b}, {a})]


def test_an_undo_can_be_undone_and_done_again(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = found(db, [a, b], [c])
        save(db, Regrouping(stories=(draft([a, b, c], one),), merges=(Merge(two, one),)))
        merge = last_change(db)
        correcting.undo(db, correcting.undo(db, merge.id, now=LATER).id, now=LATER)
        assert (stories.current_id(db, two), asked(db)) == (one, [])
        assert changes.find_change(db, merge.id).undone_at is None
        correcting.undo(db, merge.id, now=MUCH_LATER)
        assert members(db, one, two) == [[a, b], [c]]


def test_nothing_is_undone_twice(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = found(db, [a], [b])
        change = correcting.same_story(db, one, two, now=LATER)
        correcting.undo(db, change.id, now=LATER)
        with pytest.raises(CorrectionError, match=f"Change {change.id} was undone already."):
            correcting.undo(db, change.id, now=LATER)


def test_a_change_whose_articles_are_gone_cannot_be_undone(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = found(db, [a], [b])
        save(db, Regrouping(stories=(draft([a, b], one),), merges=(Merge(two, one),)))
        feeds.delete_feed(db, articles.find_article(db, b).feed_id or 0)
        with pytest.raises(CorrectionError, match="Nothing is left of change"):
            correcting.undo(db, last_change(db).id, now=LATER)


def test_a_correction_whose_articles_are_gone_is_still_taken_back(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        one, two = found(db, [a, b], [c])
        change = correcting.same_story(db, one, two, now=LATER)
        feeds.delete_feed(db, articles.find_article(db, c).feed_id or 0)
        assert correcting.undo(db, change.id, now=LATER).undone_at == LATER
        assert (members(db, one), asked(db)) == ([[a, b]], [])


def test_what_there_is_not_is_said_in_words(engine: Engine) -> None:
    with transaction(engine) as db:
        (a,) = bring_from(db, "a")
        (one,) = found(db, [a])
        for act in (
            lambda: correcting.not_this_story(db, 99, a, now=NOON),
            lambda: correcting.same_story(db, one, 2**70, now=NOON),
            lambda: correcting.keep_apart(db, 0, one, now=NOON),
            lambda: correcting.move_article(db, 99, one, now=NOON),
            lambda: correcting.undo(db, 99, now=NOON),
        ):
            with pytest.raises(NotFoundError, match=r"^There is no .*\.$"):
                act()


def test_an_act_that_is_refused_leaves_nothing(engine: Engine) -> None:
    with transaction(engine) as db:
        (a,) = bring_from(db, "a")
        (one,) = found(db, [a])
    with pytest.raises(BroadsheetError), transaction(engine) as db:
        correcting.not_this_story(db, one, a, now=LATER)
    with transaction(engine) as db:
        assert (changes.latest(db, limit=9), corrections.revision(db)) == ([], 0)


def test_every_correction_counts(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b = bring_from(db, "a", "b")
        one, two = found(db, [a], [b])
        change = correcting.keep_apart(db, one, two, now=LATER)
        correcting.undo(db, change.id, now=LATER)
        assert (corrections.revision(db), corrections.locked_revision(db)) == (2, 2)


def test_what_the_owner_moved_is_looked_at_again(engine: Engine) -> None:
    with transaction(engine) as db:
        a, b, c = bring_from(db, "a", "b", "c")
        (one,) = found(db, [a, b, c])
        change = correcting.not_this_story(db, one, c, now=LATER)
        assert changes.touched_by_owner(db, since=NOON) == [a, b, c]
        assert changes.touched_by_owner(db, since=MUCH_LATER) == []
        correcting.undo(db, change.id, now=MUCH_LATER)
        assert changes.touched_by_owner(db, since=MUCH_LATER) == [a, b, c]
