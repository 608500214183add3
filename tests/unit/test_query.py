"""What a reader types, and what is meant by it."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.letters import MARKS, folded
from aggregator.models.entries import IndexWords
from aggregator.query.language import MAX_TERMS, Field, Mark, Narrowing, Query, Term, Unclear, parse_query, wider
from aggregator.query.tokens import asked_tokens, index_words, kept_tokens
from aggregator.store.search_terms import Plan, as_fts5, as_tsquery

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def parsed(text: str) -> Query:
    return parse_query(text, now=NOON)


def words(*tokens: str) -> tuple[Term, ...]:
    return (Term(tokens),)


def test_words_must_all_occur() -> None:
    assert parsed("Grain ship").clauses == (words("grain"), words("ship"))


def test_case_accents_and_scripts_of_one_language_do_not_matter() -> None:
    assert parsed("Łódź Beograd") == parsed("lodz Београд")


def test_quoted_words_stand_in_a_row() -> None:
    assert parsed('"Black Sea" port').clauses == (words("black", "sea"), words("port"))


def test_a_quote_that_is_not_closed_is_closed_at_the_end() -> None:
    assert parsed('port "black sea').clauses == (words("port"), words("black", "sea"))


def test_a_star_means_a_beginning() -> None:
    assert parsed("quak*").clauses == ((Term(("quak",), begins=True),),)


def test_a_minus_leaves_out() -> None:
    query = parsed('grain -ship -"black sea"')
    assert query.clauses == (words("grain"),)
    assert query.excluded == (Term(("ship",)), Term(("black", "sea")))


def test_or_means_either_and_binds_what_stands_beside_it() -> None:
    assert parsed("port grain OR wheat").clauses == (words("port"), (Term(("grain",)), Term(("wheat",))))
    assert parsed("OR grain").clauses == (words("grain"),)
    assert parsed("grain or wheat").clauses == (words("grain"), words("or"), words("wheat"))


def test_a_word_of_the_headline() -> None:
    assert parsed("title:quake").clauses == ((Term(("quake",), in_title=True),),)


def test_fields_narrow() -> None:
    query = parsed('publisher:"The Times" -lang:de folder:World country:gb')
    assert query.narrowings == (
        Narrowing(Field.PUBLISHER, "The Times"),
        Narrowing(Field.LANGUAGE, "de", is_not=True),
        Narrowing(Field.FOLDER, "World"),
        Narrowing(Field.COUNTRY, "gb"),
    )


def test_marks() -> None:
    assert parsed("is:unread is:starred").marks == {Mark.UNREAD, Mark.STARRED}
    assert parsed("-is:read").marks == {Mark.UNREAD}


@pytest.mark.parametrize(
    ("said", "since", "until"),
    [
        ("since:3d", NOON - timedelta(days=3), None),
        ("since:12h", NOON - timedelta(hours=12), None),
        ("since:today", datetime(2026, 11, 25, tzinfo=UTC), None),
        ("since:2026-11-05", datetime(2026, 11, 5, tzinfo=UTC), None),
        ("after:2026-11-05", datetime(2026, 11, 6, tzinfo=UTC), None),
        ("until:2026-11-05", None, datetime(2026, 11, 6, tzinfo=UTC)),
        ("before:2026-11-05", None, datetime(2026, 11, 5, tzinfo=UTC)),
        ("until:2026-11", None, datetime(2026, 12, 1, tzinfo=UTC)),
        ("until:2025", None, datetime(2026, 1, 1, tzinfo=UTC)),
        ("until:2w", None, NOON - timedelta(days=14)),
    ],
)
def test_times(said: str, since: datetime | None, until: datetime | None) -> None:
    query = parsed(said)
    assert (query.since, query.until, query.unclear) == (since, until, ())


def test_days_are_the_owners() -> None:
    vienna = NOON.astimezone(timezone(timedelta(hours=1)))
    assert parse_query("since:2026-11-05", now=vienna).since == datetime(2026, 11, 4, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("colour:red", Unclear.FIELD),
        ("is:nice", Unclear.MARK),
        ("since:soon", Unclear.MOMENT),
        ("since:2026-13-01", Unclear.MOMENT),
        ("since:9999y", Unclear.MOMENT),
        ("until:9999", Unclear.MOMENT),
        ('lang:""', Unclear.EMPTY),
    ],
)
def test_what_is_not_understood_is_told_and_left_out(said: str, why: Unclear) -> None:
    query = parsed(f"grain {said}")
    assert query.unclear == ((why, said),)
    assert query.clauses == (words("grain"),)


def test_an_address_is_words_and_no_field() -> None:
    assert parsed("https://a.example/b").clauses == (words("https", "a", "example", "b"),)


def test_ten_kilobytes_are_read_as_far_as_they_are_a_search() -> None:
    query = parsed("word " * 2_000)
    assert len(query.clauses) == MAX_TERMS
    assert {why for why, _ in query.unclear} == {Unclear.LONG}


def test_scripts_without_spaces_are_found_by_any_part() -> None:
    kept = kept_tokens("大地震が起きた", max_bytes=1_000)
    assert asked_tokens("地震") == (("地震",), False)
    assert asked_tokens("地震が")[0] == ("地震", "震が")
    assert all(token in kept for token in asked_tokens("地震が起き")[0])
    assert asked_tokens("震") == (("震",), True)


def test_no_more_is_kept_than_fits() -> None:
    assert kept_tokens("word " * 1_000, max_bytes=100) == ["word"] * 4


@given(st.text(max_size=200) | st.text(alphabet="ab\"*-:() \\'&|!<>ORNEARtitlesc{}^+,.0", max_size=60))
def test_whatever_is_typed_is_a_query_whose_words_hold_letters_and_digits_only(text: str) -> None:
    query = parsed(text)
    for term in (*query.terms, *query.excluded):
        assert term.tokens
        for token in term.tokens:
            assert not set(token) & set("\"'*:()&|!<>\\ -^{}+,")


@given(st.text(alphabet='ab"*-: ORtitle地震', max_size=60))
def test_every_query_can_be_written_down_for_both_databases(text: str) -> None:
    plan = Plan(query=parsed(text))
    assert as_fts5(plan).count("(") == as_fts5(plan).count(")")
    assert as_tsquery(plan).count("(") == as_tsquery(plan).count(")")


@given(st.text(max_size=80) | st.text(alphabet="aé’ 1.'地震า़", max_size=40))
def test_texts_with_and_without_runs_of_letters_are_cut_in_one_way(text: str) -> None:
    # any run makes the whole text be looked at piece by piece
    assert kept_tokens(f"{text} 地", max_bytes=100_000)[:-1] == kept_tokens(text, max_bytes=100_000)


def test_an_accent_is_left_out_whatever_letter_it_stands_on() -> None:
    for code in range(128):
        for mark in MARKS:
            with_its_letter = unicodedata.normalize("NFC", chr(code) + mark)
            assert folded(f"a{chr(code)}{mark}b") == folded("a") + folded(with_its_letter) + folded("b")


def test_an_article_is_found_by_the_words_of_its_title_and_its_text() -> None:
    assert index_words("Grain ships", "The ship\n\nsails.") == IndexWords("grain ships", "the ship sails")


def test_a_query_is_made_wider_by_one_part_after_another_what_narrows_first() -> None:
    assert wider('ferry publisher:lakeside "north sea" lang:de') == [
        ("publisher:lakeside", 'ferry "north sea" lang:de'),
        ("lang:de", 'ferry publisher:lakeside "north sea"'),
        ("ferry", 'publisher:lakeside "north sea" lang:de'),
        ('"north sea"', "ferry publisher:lakeside lang:de"),
    ]
    assert wider("ferry") == []
    assert wider("") == []


@given(st.text("aZ9_ -.\n\t’‘“”„–—«»•\u0301éßλя\u093f\u00a0"))
def test_texts_are_cut_into_the_same_words_whatever_stands_between_them(text: str) -> None:
    # asked_tokens has another way, which takes longer
    assert kept_tokens(text, max_bytes=100_000) == list(asked_tokens(text)[0])
