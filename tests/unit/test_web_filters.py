from datetime import UTC, datetime, timedelta

import pytest

from web import filters

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86399, "23 h"), (86400, "1 day"), (3 * 86400, "3 days")],
)
def test_a_span_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert filters.span(seconds) == said


def test_the_lag_behind_the_first_report_is_a_span() -> None:
    assert filters.lag(NOON, NOON) == "first"
    assert filters.lag(NOON + timedelta(minutes=90), NOON) == "+1 h"


@pytest.mark.parametrize(("number", "said"), [(1, "1 story"), (0, "0 stories"), (1211, "1,211 stories")])
def test_a_count_agrees_with_its_noun(number: int, said: str) -> None:
    assert filters.many(number, "story") == said


def test_a_quote_is_whole_sentences_word_for_word() -> None:
    text = "The dam broke at 6 a.m. on Monday. Nobody was hurt. The mayor spoke."
    assert filters.quote(text, 10, 200) == "The dam broke at 6 a.m. on Monday."
    assert filters.quote(text, 40, 200) == "The dam broke at 6 a.m. on Monday. Nobody was hurt."


def test_a_quote_keeps_the_marks_that_close_it() -> None:
    assert filters.quote("“We are safe.” She wept. They left.", 5, 200) == "“We are safe.”"


def test_a_sentence_that_is_too_long_is_cut_at_a_word() -> None:
    assert filters.quote("one two three four five", 10, 12) == "one two …"


def test_sentences_in_japanese_need_no_space() -> None:
    text = "会談は終了した。次回は来月。次は未定。"
    assert filters.quote(text, 4, 200) == "会談は終了した。"
    assert filters.quote(text, 10, 200) == "会談は終了した。次回は来月。"
    assert filters.quote(text, 99, 200) == text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//", "", None, "java\nscript:x", "http://["]
)
def test_an_address_that_leads_elsewhere_than_the_web_becomes_none(url: str | None) -> None:
    assert filters.web_url(url) == ""


@pytest.mark.parametrize(
    ("tag", "kept"), [("en", "en"), ("pt-BR", "pt-BR"), ("english", None), ("", None), (None, None)]
)
def test_only_languages_that_there_are_become_lang_attributes(tag: str | None, kept: str | None) -> None:
    assert filters.lang_tag(tag) == kept


def test_countries_and_languages_have_names() -> None:
    assert filters.country("GB") == "United Kingdom"
    assert filters.country("QQ") == "QQ"
    assert filters.country(None) == ""
    assert filters.language("de-AT") == "German"


def test_only_names_that_stand_whole_beside_one_another_are_shown() -> None:
    names = ["North Wire", "Daily Lantern", "Harbour News"]
    assert filters.fitting(names, 60) == names
    assert filters.fitting(names, 26) == names[:2]
    assert filters.fitting(names, 25) == names[:1]
    assert filters.fitting(names, 3) == names[:1]
    assert filters.fitting([], 9) == []
