from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.models.stories import KnownStory, Merge
from aggregator.stories.follow import settle

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def story(story_id, *article_ids, founder=None, hours=0):
    return KnownStory(
        id=story_id,
        founder_id=founder or article_ids[0],
        lead_id=article_ids[0],
        article_ids=frozenset(article_ids),
        created_at=NOON + timedelta(hours=hours),
        last_at=NOON,
    )


def clusters(*groups):
    return [frozenset(group) for group in groups]


def matched(groups, known):
    """Return which story each of these clusters goes on where nobody is held back; and what merges."""
    everyone = frozenset().union(*groups)
    found = settle(groups, known, now=NOON, firm=everyone)
    ids = {cluster: known.id if known else None for cluster, known in zip(found.clusters, found.stories, strict=True)}
    return [ids[group] for group in groups], found.merges


def test_a_story_that_grows_keeps_its_id():
    assert matched(clusters({1, 2, 3}), [story(7, 1, 2)]) == ([7], ())


def test_a_cluster_without_known_articles_is_new():
    assert matched(clusters({1, 2}, {3}), [story(7, 1, 2)]) == ([7, None], ())


def test_of_two_that_merge_the_older_keeps_its_id_and_the_other_becomes_an_alias():
    known = [story(8, 3, 4, 5, hours=1), story(7, 1, 2)]
    assert matched(clusters({1, 2, 3, 4, 5}), known) == ([7], (Merge(old_id=8, into_id=7),))


def test_a_story_of_one_never_takes_over_one_of_several():
    known = [story(7, 1), story(8, 2, 3, hours=1)]
    assert matched(clusters({1, 2, 3}), known) == ([8], (Merge(old_id=7, into_id=8),))


def test_of_a_split_the_founders_part_keeps_the_id():
    assert matched(clusters({3, 4, 5}, {1, 2}), [story(7, 1, 2, 3, 4, 5)]) == ([None, 7], ())


def test_a_founder_alone_does_not_hold_the_id_against_the_many():
    assert matched(clusters({2, 3, 4, 5}, {1}), [story(7, 1, 2, 3, 4, 5)]) == ([7, None], ())


def test_an_article_that_moves_takes_no_id_with_it():
    known = [story(7, 1, 2, 3), story(8, 4, 5, 6)]
    assert matched(clusters({1, 2}, {3, 4, 5, 6}), known) == ([7, 8], ())


def test_every_id_lives_on_or_leads_somewhere():
    known = [story(i, 2 * i, 2 * i + 1) for i in range(1, 9)]
    living, merges = matched(clusters(set(range(2, 10)), set(range(10, 18))), known)
    assert {merge.old_id for merge in merges} | set(living) == set(range(1, 9))


def test_a_story_whose_articles_left_the_window_is_left_alone():
    assert matched(clusters({9}), [story(7, 1, 2)]) == ([None], ())


def test_nothing_known_and_nothing_there_is_no_error():
    assert matched([], []) == ([], ())


# --- second thoughts ---------------------------------------------------------------------------------


def settled(groups, known, **options):
    return settle(clusters(*groups), known, now=NOON, **options)


def stories_of(found):
    """Return {story id: articles}; None for the founded ones together."""
    by_id = {}
    for cluster, known in zip(found.clusters, found.stories, strict=True):
        by_id.setdefault(known.id if known else None, []).append(set(cluster))
    return by_id


FIVE = story(7, 1, 2, 3, 4, 5)
OTHERS = story(8, 11, 12, 13, 14, 15, hours=1)


def test_an_article_that_moves_waits_for_a_second_run_to_say_so():
    groups = [{1, 2, 3, 4}, {5, 11, 12, 13, 14, 15}]
    first = settled(groups, [FIVE, OTHERS])
    assert stories_of(first) == {7: [{1, 2, 3, 4, 5}], 8: [{11, 12, 13, 14, 15}]}
    assert first.waiting == {5}
    second = settled(groups, [replace(FIVE, waiting_ids=first.waiting), OTHERS])
    assert stories_of(second) == {7: [{1, 2, 3, 4}], 8: [{5, 11, 12, 13, 14, 15}]}
    assert second.waiting == frozenset()


def test_a_wish_that_the_second_run_takes_back_is_forgotten():
    found = settled([{1, 2, 3, 4, 5}], [replace(FIVE, waiting_ids=frozenset({5}))])
    assert (stories_of(found), found.waiting) == ({7: [{1, 2, 3, 4, 5}]}, frozenset())


def test_one_that_leaves_for_itself_waits_too():
    found = settled([{1, 2, 3, 4}, {5}], [FIVE])
    assert stories_of(found) == {7: [{1, 2, 3, 4, 5}]}
    later = settled([{1, 2, 3, 4}, {5}], [replace(FIVE, waiting_ids=found.waiting)])
    assert stories_of(later) == {7: [{1, 2, 3, 4}], None: [{5}]}


def test_a_split_of_three_in_ten_is_followed_at_once():
    found = settled([{1, 2, 3}, {4, 5}], [FIVE])
    assert stories_of(found) == {7: [{1, 2, 3}], None: [{4, 5}]}
    assert found.waiting == frozenset()


def test_four_articles_leave_even_a_large_story_at_once():
    large = story(7, *range(1, 31))
    assert stories_of(settled([set(range(1, 27)), {27, 28, 29, 30}], [large]))[None] == [{27, 28, 29, 30}]
    assert settled([set(range(1, 28)), {28, 29, 30}], [large]).waiting == {28, 29, 30}


def test_a_merge_is_followed_at_once():
    found = settled([set(range(1, 16))], [FIVE, OTHERS])
    assert found.merges == (Merge(old_id=8, into_id=7),)
    assert found.waiting == frozenset()


def test_new_articles_never_wait():
    found = settled([{1, 2, 3, 4, 5, 20}, {21, 22}], [FIVE])
    assert stories_of(found) == {7: [{1, 2, 3, 4, 5, 20}], None: [{21, 22}]}


def test_a_new_article_founds_a_story_although_its_company_waits():
    found = settled([{1, 2, 3, 4}, {5, 20}], [FIVE])
    assert stories_of(found) == {7: [{1, 2, 3, 4, 5}], None: [{20}]}


def test_what_is_left_of_a_story_that_merged_goes_along_and_waits_there():
    found = settled([{1, 2, 3, 4, 5, 11, 12, 13, 14}, {15}], [FIVE, OTHERS])
    assert stories_of(found) == {7: [{1, 2, 3, 4, 5, 11, 12, 13, 14, 15}]}
    assert (found.merges, found.waiting) == ((Merge(old_id=8, into_id=7),), {15})


def test_a_story_that_is_torn_to_pieces_waits_as_a_whole():
    three = [story(number, *range(10 * number, 10 * number + 5), hours=-1) for number in (7, 8, 9)]
    torn = story(5, 1, 2, 3, 4)
    groups = [{*known.article_ids, article} for known, article in zip(three, (1, 2, 3), strict=True)] + [{4}]
    found = settled(groups, [*three, torn])
    assert stories_of(found)[5] == [{1, 2, 3, 4}]
    assert (found.merges, found.waiting) == ((), {1, 2, 3, 4})


def test_an_article_that_the_owner_spoke_of_does_not_wait():
    found = settled([{1, 2, 3, 4}, {5}], [FIVE], firm={5})
    assert stories_of(found) == {7: [{1, 2, 3, 4}], None: [{5}]}


def test_a_copy_stays_where_its_original_waits():
    found = settled([{1, 2, 3, 4}, {5, 20, 11, 12, 13, 14, 15}], [FIVE, OTHERS], copy_of={20: 5})
    assert stories_of(found) == {7: [{1, 2, 3, 4, 5, 20}], 8: [{11, 12, 13, 14, 15}]}
    assert found.waiting == {5}


def test_a_copy_that_the_run_has_elsewhere_stays_there():
    found = settled([{1, 2, 3, 4, 5}, {20}], [FIVE], copy_of={20: 5})
    assert stories_of(found) == {7: [{1, 2, 3, 4, 5}], None: [{20}]}


def test_copies_carry_an_id_less_than_reports_do():
    wire = replace(story(7, *range(1, 12), founder=11), copy_ids=frozenset(range(2, 9)))
    found = settled([set(range(1, 9)), {9, 10, 11}], [wire])
    assert stories_of(found) == {None: [set(range(1, 9))], 7: [{9, 10, 11}]}


def test_members_older_than_the_window_keep_a_story_from_merging_whole():
    aged = replace(story(7, 1, founder=99, hours=-200), n_older=9)
    found = settled([{1, 11, 12, 13, 14, 15}], [aged, OTHERS])
    assert stories_of(found) == {7: [{1}], 8: [{11, 12, 13, 14, 15}]}
    assert (found.merges, found.waiting) == ((), {1})
    later = settled([{1, 11, 12, 13, 14, 15}], [replace(aged, waiting_ids=frozenset({1})), OTHERS])
    assert stories_of(later) == {8: [{1, 11, 12, 13, 14, 15}]}
    assert later.merges == ()


def test_a_late_article_wakes_a_story_that_was_dormant():
    asleep = replace(FIVE, last_at=NOON - timedelta(days=5))
    assert stories_of(settled([{1, 2, 3, 4, 5, 20}], [asleep])) == {7: [{1, 2, 3, 4, 5, 20}]}


def test_an_anniversary_founds_a_story_of_its_own():
    closed = replace(FIVE, last_at=NOON - timedelta(days=14))
    found = settled([{1, 2, 3, 4, 5, 20}], [closed])
    assert stories_of(found) == {None: [{20}]}
    assert found.merges == ()


@pytest.mark.parametrize("seed", range(40))
def test_every_article_ends_in_one_story_and_every_id_lives_or_leads_somewhere(seed):
    dice = np.random.default_rng(seed)
    before, run = dice.integers(0, 6, 24), dice.integers(0, 6, 40)
    known = [
        story(100 + number, *members, hours=int(dice.integers(0, 9)))
        for number in range(6)
        if (members := np.flatnonzero(before == number).tolist())
    ]
    groups = [found for label in range(6) if (found := set(np.flatnonzero(run == label).tolist()))]
    wishes = frozenset(np.flatnonzero(dice.random(24) < 0.3).tolist())
    known = [replace(each, waiting_ids=each.article_ids & wishes) for each in known]
    found = settled(groups, known)
    assert sorted(article for cluster in found.clusters for article in cluster) == list(range(40))
    living = [each.id for each in found.stories if each]
    gone = {merge.old_id for merge in found.merges}
    assert len(living) == len(set(living))
    assert sorted([*living, *gone]) == [each.id for each in known]
    assert {merge.into_id for merge in found.merges} <= set(living)
    assert not found.waiting & wishes
