"""What a replay's figures mean: when articles arrive, and which ids and articles are counted as unsteady."""

import json
from datetime import timedelta

from bench.labelled import POLL_ARTICLES, polls, read_pieces
from bench.steadiness import Placed, Watch
from bench.stories import shuffled
from bench.table import likeness


def pieces(tmp_path, *rows):
    file = tmp_path / "articles.jsonl"
    lines = [json.dumps({"id": str(i), "title": f"Title {i}", **row}, ensure_ascii=False) for i, row in enumerate(rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_pieces(file)


def at(hour, **more):
    return {"published": f"2026-01-01T{hour:02}:00:00Z", **more}


def test_articles_arrive_in_order_of_publication(tmp_path):
    assert [piece.id for piece in pieces(tmp_path, at(5), at(3), at(4))] == ["1", "2", "0"]


def test_one_undated_article_makes_all_undated_and_within_an_hour(tmp_path):
    found = pieces(tmp_path, at(5), {}, at(20))
    assert found[-1].published_at - found[0].published_at < timedelta(hours=1)


def test_an_id_that_is_there_twice_is_the_latter(tmp_path):
    assert [piece.title for piece in pieces(tmp_path, at(1, id="a"), at(2, id="a", title="Later"))] == ["Later"]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path):
    assert [piece.text for piece in pieces(tmp_path, at(1, text="one\u2028two\u0085three"))] == [
        "one\u2028two\u0085three"
    ]


def test_a_poll_holds_fifty_articles_or_an_hour(tmp_path):
    found = pieces(tmp_path, *[at(1) for _ in range(70)], at(3), at(9))
    assert [len(poll) for poll in polls(found)] == [POLL_ARTICLES, 20, 1, 1]
    assert [len(poll) for poll in polls(found, timedelta.max)] == [POLL_ARTICLES, 22]


def test_a_seed_changes_the_order_inside_polls_only(tmp_path):
    arriving = list(polls(pieces(tmp_path, *[at(1) for _ in range(60)])))
    other = shuffled(arriving, 1)
    assert other != arriving
    assert [{piece.id for piece in poll} for poll in other] == [{piece.id for piece in poll} for poll in arriving]


def test_an_id_with_three_publishers_that_leads_nowhere_has_vanished():
    before = Placed({1: 7, 2: 8}, {7: 7, 8: 8}, frozenset({7}))
    assert Watch(before).after(Placed({1: 9, 2: 8}, {8: 8, 9: 9})).n_vanished == 1
    assert Watch(before).after(Placed({1: 9, 2: 8}, {7: 9, 8: 8, 9: 9})).n_vanished == 0


def test_an_article_has_moved_unless_its_story_went_along():
    before = Placed({1: 7, 2: 8}, {7: 7, 8: 8})
    assert Watch(before).after(Placed({1: 8, 2: 8}, {7: 7, 8: 8})).n_moved == 1
    assert Watch(before).after(Placed({1: 8, 2: 8}, {7: 8, 8: 8})).n_moved == 0


def test_outcomes_are_compared_over_what_both_have_grouped():
    assert likeness({"a": 1, "b": 1, "c": 2, "d": None}, {"a": 9, "b": 9, "c": 8, "d": 8}) == 1
    assert likeness({"a": 1, "b": 1, "c": 2, "d": 2}, {"a": 1, "b": 2, "c": 1, "d": 2}) < 0.5
