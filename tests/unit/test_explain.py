"""Why an article is in its story, with sentences and small numbers."""

import math
from dataclasses import replace

import pytest

from aggregator.models.evidence import SharedKind
from aggregator.stories.explain import MAX_SHARED, Pair, Rule, Weight, chance, explain, score
from aggregator.stories.surfaces import read_line

RULE = Rule(
    pair={"text": 8.0, "title": 2.0, "vector": 2.0, "length": 0.0, "intercept": -4.0},
    join={
        "mean": 0.0,
        "best": 8.0,
        "text": 0.0,
        "title": 0.0,
        "vector": 0.0,
        "size": 0.0,
        "length": 0.0,
        "intercept": -4.0,
    },
    bar=0.6,
    patience_days=2.0,
    logits_per_day=0.5,
    quorum=0.2,
    ceiling=0.4,
)
LEFT = (read_line("Floods reach Kravik"), read_line("In Kravik 17 people drowned in floods, said Ana Oster."))
RIGHT = (read_line("Dam breaks near Kravik"), read_line("After floods Ana Oster counts 17 dead in Kravik."))
HEAVY = {
    "kravik": Weight(0.6, 0.6),
    "floods": Weight(0.3, 0.3),
    "17": Weight(0.2, 0.2),
    "oster": Weight(0.3, 0.3),
    "ana": Weight(0.2, 0.2),
}


def pair(texts=HEAVY, titles=None, *, text=None, vector=0.5, days=0.5, reserve=0.0, has_vectors=True):
    """A pair that shares these words; its score is the one that the rule gives."""
    cosine = sum(each.left * each.right for each in texts.values()) if text is None else text
    features = {"text": cosine, "title": 0.0, "vector": vector, "length": 1.0}
    likeness = vector if has_vectors else None
    bare = Pair(
        score=0, features=features, titles=titles or {}, texts=texts, days=days, reserve=reserve, likeness=likeness
    )
    return replace(bare, score=score(bare, RULE))


def test_what_is_shared_is_named_in_order_of_weight_as_the_articles_write_it():
    found = explain(pair(), LEFT, RIGHT, RULE)
    assert [(each.text, each.kind) for each in found.shared] == [
        ("Kravik", SharedKind.NAME),
        ("Ana Oster", SharedKind.NAME),
        ("floods", SharedKind.WORD),
        ("17", SharedKind.NUMBER),
    ]


def test_a_name_of_several_words_is_one_thing_where_both_write_it_so():
    apart = (read_line("Ana met Mr Oster at the floods in Kravik, 17 said"),)
    found = explain(pair(), LEFT, apart, RULE)
    assert {"Ana", "Oster"} <= {each.text for each in found.shared}


def test_the_pair_is_judged_again_without_its_weightiest_words():
    found = explain(pair(vector=0.2), LEFT, RIGHT, RULE)
    assert found.n_decisive == 1
    assert found.without == pytest.approx(chance(pair(vector=0.2), RULE, {"kravik"}))
    assert found.without < found.bar <= found.chance


def test_taking_a_word_away_takes_it_from_both_rows_and_brings_them_to_length_one():
    texts = {"a": Weight(0.6, 0.8), "b": Weight(0.8, 0.6)}
    left = score(pair(texts), RULE, {"a"})
    cosine = 0.8 * 0.6 / math.sqrt((1 - 0.36) * (1 - 0.64))
    assert left == pytest.approx(score(pair({"b": Weight(0.0, 0.0)}, text=cosine), RULE))


def test_where_no_one_word_decides_several_are_named():
    texts = {word: Weight(0.4, 0.4) for word in ("kravik", "floods", "oster", "17")}
    found = explain(pair(texts, vector=0.9), LEFT, RIGHT, RULE)
    assert found.n_decisive > 1
    assert found.without is not None
    assert found.without < found.bar


def test_where_likeness_of_meaning_alone_is_enough_nothing_is_said_to_decide():
    texts = {"kravik": Weight(0.1, 0.1)}
    found = explain(pair(texts, text=0.5, vector=2.0), LEFT, RIGHT, RULE)
    assert (found.n_decisive, found.without) == (
        0,
        pytest.approx(chance(pair(texts, text=0.5, vector=2.0), RULE, {"kravik"})),
    )
    assert found.without >= found.bar


def test_without_a_shared_word_vectors_reach_no_more_than_the_ceiling():
    texts = {"kravik": Weight(0.5, 0.5)}
    assert score(pair(texts, vector=5.0), RULE, {"kravik"}) == RULE.ceiling


def test_days_that_would_have_kept_them_apart_are_counted_from_what_they_are_apart():
    found = explain(pair(days=3.0), LEFT, RIGHT, RULE)
    assert found.days is not None
    assert chance(pair(days=3.0), RULE, days=found.days) < RULE.bar <= chance(pair(days=3.0), RULE, days=found.days - 1)


def test_a_pair_that_the_rest_of_the_story_holds_is_said_to_be_under_the_bar():
    found = explain(pair({"floods": Weight(0.3, 0.3)}, vector=0.2), LEFT, RIGHT, RULE)
    assert found.chance < found.bar
    assert (found.n_decisive, found.without, found.days) == (0, None, None)


def test_a_score_that_came_about_in_another_way_is_not_explained_away():
    other = Pair(score=0.9, features=pair().features, titles={}, texts={}, days=0.0)
    found = explain(other, LEFT, RIGHT, RULE)
    assert (found.shared, found.n_decisive, found.without, found.days) == ((), 0, None, None)


def test_a_reserve_is_kept_when_words_are_taken_away():
    assert score(pair(reserve=3.0), RULE, {"17"}) < score(pair(), RULE, {"17"})


def test_no_more_is_named_than_one_reads():
    words = [f"word{letter}" for letter in "abcdefghij"]
    line = (read_line(" ".join(words)),)
    found = explain(pair({word: Weight(0.3, 0.3) for word in words}), line, line, RULE)
    assert len(found.shared) == MAX_SHARED


def test_without_vectors_no_likeness_of_meaning_is_claimed():
    assert explain(pair(vector=0.0, has_vectors=False), LEFT, RIGHT, RULE).likeness is None


def test_letters_of_a_script_without_spaces_are_shown_together():
    left, right = (read_line("福島原発で作業再開"),), (read_line("政府は福島原発を視察"),)
    texts = {token: Weight(0.4, 0.4) for token in sorted(left[0].tokens & right[0].tokens)}
    found = explain(pair(texts), left, right, RULE)
    assert "福島原発" in {each.text for each in found.shared}
