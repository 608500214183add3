"""Stories -> topics, with fakes: sentences for words, axes for vectors."""

import random

import numpy as np
import pytest

from aggregator.models.stories import Merge
from aggregator.models.topics import ArticleSample, KnownTopic, TopicStory
from aggregator.stories.topics import find_topics

WAR = ("Shells fall on Kravik as the Oster war goes on", "Kravik shelled in the Oster war")
TALKS = ("Envoys speak of peace in the Oster war", "Peace talks end the Oster war for a day")
GRAIN = ("Ships with grain leave Kravik despite the Oster war", "Grain leaves Kravik in the Oster war")
RATES = ("Bank of Mora lifts interest rates", "Interest rates in Mora rise")
HOMES = ("Homes in Mora fall in price as interest rates rise", "Interest rates hit homes in Mora")
MATCH = ("Two goals decide the cup final", "A late goal wins the cup")
WHALE = ("A whale swims up the river", "Crowds watch a whale")
CLOCK = ("The town clock stops at noon", "Nobody repairs the clock")


def story(number, titles, *, n_articles=2, language=None):
    sample = tuple(
        ArticleSample(id=10 * number + i, title=title, text="", language=language) for i, title in enumerate(titles)
    )
    return TopicStory(id=number, n_articles=n_articles, sample=sample)


def day(*titles):
    return [story(number, each) for number, each in enumerate(titles, start=1)]


NEWS = day(WAR, RATES, MATCH, TALKS, WHALE, HOMES, GRAIN, CLOCK)


def groups(found):
    return sorted(sorted(topic.story_ids) for topic in found.topics)


def known(topic_id, *story_ids, name="Oster war", words=None):
    return KnownTopic(id=topic_id, name=name, words=words or {}, story_ids=frozenset(story_ids))


def words_of(*titles):
    (topic,) = find_topics(day(*titles, MATCH, WHALE, CLOCK), [], None, []).topics
    return topic.words


def test_stories_of_one_matter_are_a_topic_by_their_words_alone():
    assert groups(find_topics(NEWS, [], None, [])) == [[1, 4, 7], [2, 6]]


def test_a_story_that_nothing_is_like_has_no_topic():
    found = find_topics(NEWS, [], None, [])
    assert not {3, 5, 8} & {story_id for topic in found.topics for story_id in topic.story_ids}


def test_a_topic_is_named_by_what_its_stories_share():
    assert {topic.name for topic in find_topics(NEWS, [], None, []).topics} == {
        "Kravik, Oster, war",
        "Mora, interest rates",
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_stories_does_not_matter(seed):
    shuffled = random.Random(seed).sample(NEWS, len(NEWS))
    assert find_topics(shuffled, [], None, []) == find_topics(NEWS, [], None, [])


def test_vectors_keep_apart_what_only_shares_words():
    axes = np.eye(4, dtype=np.float32)
    ids = [article.id for each in NEWS for article in each.sample]
    apart = {1: 0, 4: 0, 7: 1, 2: 2, 6: 2}
    vectors = np.stack([axes[apart.get(each.id, 3)] for each in NEWS for _ in each.sample])
    assert groups(find_topics(NEWS, ids, vectors, [])) == [[1, 4], [2, 6]]


def test_a_language_is_no_topic():
    spanish = [("es", f"madrugada asunto{n} suyo{n} propio{n}") for n in range(20)]
    english = [("en", f"matter{n} of{n} its{n} own{n}") for n in range(40)]
    stories = [story(n, [title], language=tag) for n, (tag, title) in enumerate([*spanish, *english])]
    ids = [article.id for each in stories for article in each.sample]
    vectors = np.random.default_rng(1).normal(0, 1, (len(ids), 64)).astype(np.float32)
    vectors[: len(spanish), 0] += 12  # what a model that knows English alone sees of another language first
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert groups(find_topics(stories, ids, vectors, [])) == []


def test_stories_that_share_no_word_are_no_topic_however_alike_their_vectors():
    stories = day(MATCH, WHALE, CLOCK, RATES)
    ids = [article.id for each in stories for article in each.sample]
    vectors = np.zeros((len(ids), 3), dtype=np.float32)
    vectors[:4, 0] = 1
    vectors[4:, 1] = 1
    assert find_topics(stories, ids, vectors, []).topics == ()


def test_a_topic_keeps_its_id_and_its_name_while_it_grows():
    (topic,) = [each for each in find_topics(NEWS, [], None, [known(9, 1, 4)]).topics if 1 in each.story_ids]
    assert (topic.id, topic.name, topic.story_ids) == (9, "Oster war", (1, 4, 7))


def test_of_two_topics_that_merge_the_larger_goes_on_and_the_other_leads_there():
    found = find_topics(NEWS, [], None, [known(8, 1), known(9, 4, 7)])
    assert 9 in {topic.id for topic in found.topics}
    assert found.merges == (Merge(old_id=8, into_id=9),)


def test_of_a_topic_that_splits_the_larger_part_goes_on():
    found = find_topics(NEWS, [], None, [known(9, 1, 4, 7, 2, 6)])
    assert {topic.id: topic.story_ids for topic in found.topics} == {9: (1, 4, 7), None: (2, 6)}


def test_a_large_story_says_more_of_where_a_topic_went_than_two_small_ones():
    stories = [story(each.id, [a.title for a in each.sample], n_articles=90 if each.id == 2 else 2) for each in NEWS]
    found = find_topics(stories, [], None, [known(9, 1, 4, 2)])
    assert {topic.id: topic.story_ids for topic in found.topics}[9] == (2, 6)


def test_a_few_strays_do_not_take_a_topic_with_them():
    found = find_topics(NEWS, [], None, [known(9, 3, 5, 8, 2)])
    assert {topic.id for topic in found.topics} == {None}
    assert found.merges == ()


def test_a_topic_that_rested_is_known_again_by_its_words():
    resting = known(9, name="Oster war", words=words_of(WAR, TALKS))
    (topic,) = find_topics(day(GRAIN, TALKS, MATCH, WHALE), [], None, [resting]).topics
    assert (topic.id, topic.name) == (9, "Oster war")


def test_a_topic_that_rested_is_not_woken_by_another_matter():
    resting = known(9, name="Oster war", words=words_of(WAR, TALKS))
    (topic,) = find_topics(day(RATES, HOMES, MATCH, WHALE), [], None, [resting]).topics
    assert topic.id is None


def test_what_is_of_one_topic_already_stays_there_when_it_is_near_the_bar():
    near = ("Kravik counts its bread", "Bread in Kravik")
    stories = day(WAR, TALKS, near, MATCH, WHALE, CLOCK)
    ids = [article.id for each in stories for article in each.sample]
    axis = {1: (1, 0, 0), 2: (1, 0, 0), 3: (0.75, 0.66, 0)}
    vectors = np.array([axis.get(each.id, (0, 0, 1)) for each in stories for _ in each.sample], dtype=np.float32)
    before = groups(find_topics(stories, ids, vectors, []))
    after = groups(find_topics(stories, ids, vectors, [known(9, 1, 2, 3)]))
    assert (before, after) == ([[1, 2]], [[1, 2, 3]])


@pytest.mark.parametrize("stories", [[], day(WAR), day(("", ""), ("", "")), day(("?!", "…"), ("12", "345"))])
def test_nothing_comes_of_too_little(stories):
    assert find_topics(stories, [], None, []).topics == ()


def test_a_story_without_a_vector_is_compared_by_its_words():
    ids = [article.id for each in NEWS[:4] for article in each.sample]
    vectors = np.tile(np.array([1, 0], dtype=np.float32), (len(ids), 1))
    vectors[2:6] = (0, 1)
    assert [2, 6] in groups(find_topics(NEWS, ids, vectors, []))
