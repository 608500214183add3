from datetime import UTC, datetime, timedelta

from aggregator.models import KnownStory, Merge
from aggregator.stories.follow import follow

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def story(story_id, *article_ids, founder=None, hours=0):
    return KnownStory(
        id=story_id,
        founder_id=founder or article_ids[0],
        lead_id=article_ids[0],
        article_ids=frozenset(article_ids),
        created_at=NOON + timedelta(hours=hours),
    )


def ids(followed):
    return [known.id if known else None for known in followed.stories]


def clusters(*groups):
    return [frozenset(group) for group in groups]


def test_a_story_that_grows_keeps_its_id():
    assert ids(follow(clusters({1, 2, 3}), [story(7, 1, 2)])) == [7]


def test_a_cluster_without_known_articles_is_new():
    assert ids(follow(clusters({1, 2}, {3}), [story(7, 1, 2)])) == [7, None]


def test_of_two_that_merge_the_older_keeps_its_id_and_the_other_becomes_an_alias():
    followed = follow(clusters({1, 2, 3, 4, 5}), [story(8, 3, 4, 5, hours=1), story(7, 1, 2)])
    assert ids(followed) == [7]
    assert followed.merges == (Merge(old_id=8, into_id=7),)


def test_a_story_of_one_never_takes_over_one_of_several():
    followed = follow(clusters({1, 2, 3}), [story(7, 1), story(8, 2, 3, hours=1)])
    assert ids(followed) == [8]
    assert followed.merges == (Merge(old_id=7, into_id=8),)


def test_of_a_split_the_founders_part_keeps_the_id():
    assert ids(follow(clusters({3, 4, 5}, {1, 2}), [story(7, 1, 2, 3, 4, 5)])) == [None, 7]


def test_a_founder_alone_does_not_hold_the_id_against_the_many():
    assert ids(follow(clusters({2, 3, 4, 5}, {1}), [story(7, 1, 2, 3, 4, 5)])) == [7, None]


def test_an_article_that_moves_takes_no_id_with_it():
    known = [story(7, 1, 2, 3), story(8, 4, 5, 6)]
    followed = follow(clusters({1, 2}, {3, 4, 5, 6}), known)
    assert ids(followed) == [7, 8]
    assert followed.merges == ()


def test_every_id_lives_on_or_leads_somewhere():
    known = [story(i, 2 * i, 2 * i + 1) for i in range(1, 9)]
    followed = follow(clusters(set(range(2, 10)), set(range(10, 18))), known)
    gone = {merge.old_id for merge in followed.merges}
    assert gone | {known.id for known in followed.stories if known} == set(range(1, 9))


def test_a_story_whose_articles_left_the_window_is_left_alone():
    assert follow(clusters({9}), [story(7, 1, 2)]).merges == ()


def test_nothing_known_and_nothing_there_is_no_error():
    assert follow([], []).stories == ()
