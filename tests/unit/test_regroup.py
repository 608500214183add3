"""Bad and strange windows: nothing is lost, nothing doubled, and no story swallows the rest."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.errors import EncoderError
from aggregator.models.stories import KnownStory, WindowArticle
from aggregator.stories.regroup import cluster, settled
from aggregator.stories.similarity import learned
from aggregator.stories.window import Window

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUAKE = "A strong earthquake struck the Anatolian town of Karasu before dawn, and rescuers search the ruins of a school"
VOTE = "Parliament in Lisbon rejected the budget of prime minister Almeida after a night of speeches about pensions"
PLACES = (
    "Oslo Lima Cairo Quito Delhi Dakar Hanoi Tunis Minsk Accra Riga Kabul Sofia Malmo Turin Davos Perth Nairobi "
    "Bogota Manila Warsaw Lagos Seoul Izmir Porto Gdansk Tampa Leeds Basra Cusco"
).split()
THINGS = "harbour school museum bridge orchard library glacier factory theatre stadium railway vineyard".split()
DEEDS = "reopens burns closes expands floods wins sinks collapses celebrates moves".split()


def article(number, title, text="", *, publisher=None, minutes=0, **more):
    at = NOON + timedelta(minutes=minutes)
    return WindowArticle(
        id=number,
        title=title,
        text=text,
        publisher=publisher or f"paper{number}.example",
        language=more.pop("language", "en"),
        published_at=at,
        first_seen_at=at,
        **more,
    )


def unlike(count, *, text="", publisher=None):
    """Return articles about as many different things."""
    chance = random.Random(1)
    names = [" ".join(coined(chance) for _ in range(3)) for _ in range(count)]
    titles = [f"{name} {chance.choice(THINGS)} {chance.choice(DEEDS)}" for name in names]
    return [article(i, title, text, publisher=publisher, minutes=i) for i, title in enumerate(titles, start=1)]


def coined(chance):
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3)).title()


def run(articles, ids=(), vectors=None, known=()):
    window = Window(learned())
    window.advance(articles, ids, vectors)
    story_of = {article_id: story.id for story in known for article_id in story.article_ids}
    clustered = cluster(window, story_of, [each.id for each in articles])
    outcome = settled(window, clustered, known, now=NOON + timedelta(days=1))
    placed = sorted(member.article_id for story in outcome.stories for member in story.members)
    assert placed == sorted(each.id for each in articles), "each article is in exactly one story"
    return outcome


def groups(outcome):
    return {frozenset(member.article_id for member in story.members) for story in outcome.stories}


def largest(outcome):
    return max(len(story.members) for story in outcome.stories)


def test_an_empty_window_has_no_stories():
    assert run([]).stories == ()


def test_a_single_article_is_a_story_of_one_with_score_one():
    [story] = run([article(1, QUAKE)]).stories
    assert [(member.article_id, member.score) for member in story.members] == [(1, 1.0)]
    assert (story.founder_id, story.lead_id, story.n_publishers, story.n_origins) == (1, 1, 1, 1)


def test_two_reports_of_one_happening_meet_without_any_vector():
    found = run([
        article(1, "Earthquake strikes Karasu, rescuers search ruined school", QUAKE),
        article(2, "Rescuers search school ruins after Karasu earthquake", QUAKE.replace("before dawn", "at night")),
        article(3, "Parliament rejects Almeida budget", VOTE),
    ])  # fmt: skip
    assert groups(found) == {frozenset({1, 2}), frozenset({3})}


def test_vectors_alone_never_make_a_story():
    chance = random.Random(2)
    apart = [article(i, " ".join(coined(chance) for _ in range(4)), minutes=i) for i in range(1, 31)]
    assert largest(run(apart, range(1, 31), np.tile(np.eye(1, 8, dtype=np.float32), (30, 1)))) == 1


def test_every_order_of_the_same_articles_gives_the_same_stories():
    articles = [*unlike(40), *[article(100 + i, f"{QUAKE} say {PLACES[i]} officials", minutes=i) for i in range(5)]]
    first = run(articles)
    random.Random(3).shuffle(articles)
    assert run(articles) == first


def test_a_copy_joins_its_original_and_is_no_origin_of_its_own():
    text = f"KARASU (Reuters) - {QUAKE}. " + " ".join(f"Sentence {word} tells more." for word in PLACES)
    found = run([article(i, "Quake hits Karasu, school in ruins", text, minutes=i) for i in (1, 2, 3)])
    [story] = found.stories
    assert (story.n_publishers, story.n_origins) == (3, 1)
    assert [member.copy_of_id for member in story.members] == [None, 1, 1]


def test_articles_without_titles_texts_or_letters_stand_alone():
    found = run([article(1, ""), article(2, ""), article(3, "!!! …"), article(4, "🎉🎉"), article(5, "12 34", "—")])
    assert largest(found) == 1


def test_a_title_of_ten_thousand_words_is_read_as_far_as_a_title_goes():
    run([article(1, "word " * 10_000, "text " * 10_000), article(2, QUAKE)])


def test_the_same_boilerplate_in_every_text_holds_nothing_together():
    text = "Sign in to read on. This page uses cookies to keep the lights on. All about us and our partners. " * 4
    assert largest(run(unlike(200, text=text))) <= 5


def test_one_publisher_that_sends_a_thousand_items_at_once_makes_no_giant():
    assert largest(run(unlike(1000, publisher="one.example"))) <= 20


def test_the_parts_of_a_series_stay_apart():
    days = [
        article(i, f"Day {20 + i} of the siege of Karasu", publisher="one.example", minutes=1440 * i) for i in range(5)
    ]
    assert largest(run(days)) == 1


def test_match_scores_of_other_teams_stay_apart():
    scores = [
        article(i, f"{PLACES[i]} {i % 4}-{i % 3} {PLACES[-i]}: match report", publisher="scores.example", minutes=i)
        for i in range(1, 14)
    ]
    assert largest(run(scores)) <= 2


def test_a_round_up_joins_no_two_stories():
    found = run([
        article(1, "Earthquake strikes Karasu, rescuers search ruined school", QUAKE),
        article(2, "Rescuers search school ruins after Karasu earthquake", QUAKE),
        article(3, "Parliament rejects Almeida budget", VOTE),
        article(4, "Budget of Almeida rejected in Lisbon parliament", VOTE),
        article(5, "Morning briefing: Karasu earthquake, Almeida budget rejected", f"{QUAKE}. {VOTE}."),
    ])  # fmt: skip
    assert not any({1, 3} <= group for group in groups(found))


def test_dates_in_the_future_and_far_past_are_no_trouble():
    run([article(1, QUAKE, minutes=10**6), article(2, QUAKE, minutes=-(10**6)), article(3, VOTE)])


def test_vectors_that_do_not_belong_to_the_ids_are_refused_in_words():
    with pytest.raises(EncoderError, match="2 articles cannot have vectors of shape"):
        run([article(1, QUAKE), article(2, VOTE)], [1, 2], np.ones((1, 8), dtype=np.float32))


def test_vectors_that_are_no_numbers_count_as_none():
    broken = np.full((2, 8), np.nan, dtype=np.float32)
    assert run([article(1, QUAKE), article(2, QUAKE)], [1, 2], broken) == run([article(1, QUAKE), article(2, QUAKE)])


def test_vectors_of_articles_that_left_the_window_are_passed_over():
    run([article(1, QUAKE)], [7, 8], np.eye(2, 8, dtype=np.float32))


def test_articles_without_a_vector_stand_beside_those_with_one():
    found = run([article(1, QUAKE), article(2, QUAKE), article(3, VOTE)], [1], np.eye(1, 8, dtype=np.float32))
    assert frozenset({1, 2}) in groups(found)


def test_a_story_keeps_id_founder_and_lead_from_one_run_to_the_next():
    articles = [article(i, f"{QUAKE} say {PLACES[i]} officials", QUAKE, minutes=i) for i in range(1, 5)]
    [story] = run(articles).stories
    known = KnownStory(id=9, founder_id=1, lead_id=story.lead_id, article_ids=frozenset({1, 2, 3, 4}), created_at=NOON)
    [again] = run([*articles, article(5, f"{QUAKE} say doctors", QUAKE, minutes=9)], known=[known]).stories
    assert (again.id, again.founder_id, again.lead_id) == (9, 1, story.lead_id)
