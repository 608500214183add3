"""What was found, put in order, together by story, and shown."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aggregator.query.fusion import fused
from aggregator.query.hits import Found, Hit, Nearby, Order, grouped
from aggregator.query.language import Term, parse_query
from aggregator.query.snippets import SNIPPET_CHARS, marked, snippet
from web.neighbours import N_NEAR, nearest

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def hit(article_id: int, story_id: int | None = None, *, hours_ago: float = 0, n_publishers: int = 1) -> Hit:
    return Hit(
        article_id=article_id,
        story_id=story_id,
        published_at=NOON - timedelta(hours=hours_ago),
        publisher_id=1,
        language="en",
        n_publishers=n_publishers,
    )


def terms(text: str) -> tuple[Term, ...]:
    return parse_query(text, now=NOON).terms


def shown(text: str, query: str) -> str:
    return "".join(f"[{part.text}]" if part.is_found else part.text for part in marked(text, terms(query)))


def test_what_stands_high_in_several_lists_comes_first() -> None:
    scores = fused([["a", "b", "c"], ["c", "d"]])
    assert max(scores, key=lambda each: scores[each]) == "c"
    assert scores["a"] == 1 / 61


def test_hits_of_one_story_are_one_group() -> None:
    groups = grouped(Found(hits=(hit(3, 7), hit(2), hit(1, 7))), order=Order.NEWEST)
    assert [[each.article_id for each in group.hits] for group in groups] == [[3, 1], [2]]


def test_the_newest_first_means_the_newest_of_each_story() -> None:
    hits = (hit(1, 7, hours_ago=1), hit(2, hours_ago=2), hit(3, 7, hours_ago=3))
    assert [group.first.article_id for group in grouped(Found(hits=hits), order=Order.NEWEST)] == [1, 2]


def test_the_best_have_the_words_in_the_headline_and_come_from_many_publishers() -> None:
    plain, titled, wide = hit(1, hours_ago=1), hit(2, hours_ago=2), hit(3, 9, hours_ago=3, n_publishers=8)
    groups = grouped(Found(hits=(plain, titled, wide), in_title=(titled,)), order=Order.BEST)
    assert [group.first.article_id for group in groups] == [2, 3, 1]


def test_what_is_near_in_meaning_stands_in_its_story_or_by_itself() -> None:
    near = [Nearby(hit(5, 7), 1, 0.8), Nearby(hit(6), 1, 0.7)]
    groups = {group.first.article_id: group for group in grouped(Found(hits=(hit(1, 7),)), near, order=Order.BEST)}
    assert [each.hit.article_id for each in groups[1].nearby] == [5]
    assert groups[6].hits == ()


def test_the_newest_are_found_by_words_alone() -> None:
    groups = grouped(Found(hits=(hit(1),)), [Nearby(hit(6), 1, 0.7)], order=Order.NEWEST)
    assert len(groups) == 1


def test_words_are_marked_as_they_are_written() -> None:
    assert shown("Ärger in Łódź; the quakes", "arger lodz quak*") == "[Ärger] in [Łódź]; the [quakes]"
    assert shown("大地震が起きた", "地震") == "大[地震]が起きた"
    assert shown("<b>bold</b> & bolder", "b") == "<[b]>bold</[b]> & bolder"


def test_a_snippet_shows_where_most_of_the_words_stand() -> None:
    text = "grain " + "filler " * 100 + "the ship with the grain sank " + "filler " * 100
    said = "".join(part.text for part in snippet(text, terms("grain ship")))
    assert "the ship with the grain sank" in said
    assert said.startswith("… ")
    assert said.endswith(" …")
    assert len(said) <= SNIPPET_CHARS + 4


@given(st.text(max_size=400), st.text(max_size=20))
def test_a_text_in_parts_is_the_text(text: str, query: str) -> None:
    assert "".join(part.text for part in marked(text, terms(query))) == text
    snippet(text, terms(query))


def test_the_nearest_say_what_they_are_near_to() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], dtype=np.float32)
    assert [(each, like) for each, like, _ in nearest([10, 20, 30, 40], vectors, [10, 99])] == [(20, 10)]
    assert nearest([10, 20], vectors[:2], [99]) == []


def test_what_is_of_the_same_story_takes_no_place_among_the_nearest():
    vectors = np.array([[1, 0], *[[1, 0]] * N_NEAR, [0.8, 0.6]], dtype=np.float32)
    ids = list(range(len(vectors)))
    assert len(nearest(ids, vectors, [0])) == N_NEAR
    assert [each for each, *_ in nearest(ids, vectors, [0], but=range(1, N_NEAR + 1))] == [N_NEAR + 1]
