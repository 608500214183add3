from datetime import UTC, datetime

import pytest

from aggregator.parse.dates import parse_date
from tests.date_names import FILE, as_json

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 01 Jan 2024 00:00:00 GMT",
        "Mon, 1 Jan 2024 01:00:00 +0100",
        "Sun, 31 Dec 2023 19:00:00 EST",
        "Tue, 01 Jan 2024 00:00:00 GMT",
        "2024-01-01T00:00:00Z",
        "2024-01-01T05:30:00+05:30",
        "2024-01-01",
        "2024年01月01日 08:00:00",
        "lun, 01 ene 2024 01:00:00 +0100",
        "Mo, 01 Jan 2024 01:00:00 +0100",
        "1er janvier 2024",
        "Monday, January 1, 2024 - 12:00 a.m.",
        "Mon, 01 Jan 2024 01:00:00 Europe/Berlin",
        "1704067200",
        "1704067200000",
    ],
)
def test_many_forms_mean_the_same_moment(text: str) -> None:
    assert parse_date(text) == NEW_YEAR


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-05 07:24:00 GMT", "2024-02-05 08:24:00 +0100 CET", "2024-02-05 08:24:00 Europe/Paris",
        "2024-02-05t07:24:00z", "2024.02.05 07:24", "2024. 2. 5. 07:24", "2024-2-5 7:24", "2024-036T07:24:00Z",
        "2024W061T072400Z", "20240205072400", "1707117840.25", "2024年2月5日 15:24", "2024년 2월 5일 오후 4:24",
        "Mon, 05 Feb 2024 08:24:00 GMT +0100", "Mon, 05 Feb 2024 02:24:00 \u22120500", "mon, 05 feb 2024 02:24:00 est",
        "Mon, 05 Feb 2024 07:24:00 +9999", "Mon, 05 Feb 2024 07:24:00 Nowhere/Land", "Feb 5 2024, 07:24 AM UTC",
        "Montag, den 5. Februar 2024 um 7.24 Uhr", "Lundi 5 février 2024, 07h24",
        "segunda-feira, 5 de fevereiro de 2024 07:24", "Sat, 05 Feb 2024 07:24 GMT",
        "Pzt, 05 Şub 2024 10:24:00 +0300", "周一, 05 2月 2024 15:24:00 +0800", "الاثنين، 5 فبراير 2024 07:24",
        "5 февраля 2024 года в 10:24 МСК", "सोमवार, 5 फ़रवरी 2024 07:24", "Thứ Hai, 5 tháng 2, 2024 07:24",
        "5 בפברואר 2024 07:24",
    ],
)  # fmt: skip
def test_a_date_is_read_however_its_writers_put_it(text: str) -> None:
    assert parse_date(text) == datetime(2024, 2, 5, 7, 24, tzinfo=UTC)


def test_what_comes_first_is_the_year_and_then_the_month_and_else_the_day() -> None:
    for text in ("2024-02-05 00:00 CET", "05.02.2024 00:00 CET", "02/05/2024 00:00 CET", "2024/02/05 00:00 CET"):
        assert parse_date(text) == datetime(2024, 2, 4, 23, tzinfo=UTC)


def test_hours_are_of_twelve_or_of_twenty_four() -> None:
    for text in ("5 Feb 2024 19:24 PM", "5 Feb 2024 7:24 PM", "2024-02-05 下午 7:24 +0000", "Feb. 5, 2024, 7:24 p.m."):
        assert parse_date(text) == datetime(2024, 2, 5, 19, 24, tzinfo=UTC)
    assert parse_date("Feb. 5, 2024, noon") == datetime(2024, 2, 5, 12, tzinfo=UTC)


def test_fractions_of_a_second_are_kept() -> None:
    assert parse_date("2024-01-01T00:00:00.5Z") == NEW_YEAR.replace(microsecond=500_000)


def test_a_word_before_the_day_is_a_weekday() -> None:
    assert parse_date("mar., 02 janv. 2024 00:00:00 +0000") == datetime(2024, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "now", "null", "0", "Invalid Date", "12:30", "Monday", "5 May", "99999999999999999999",
        "2024-13-05T07:08:09Z", "2024-02-30T07:08:09Z", "2024-02-05T25:08:09Z", "2024-2025", "1 of 2024",
        "Mon, 01 Jan 0001 00:00:00 GMT", "Mon, 05 Lun 2024 07:08:09 GMT", "2024 m. 5 d.",
        "Mon, 01 Jan 2024 25:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0001-01-01T00:00:00Z", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_date_of_news_is_missing(text: str | None) -> None:
    assert parse_date(text) is None


def test_the_names_of_months_and_weekdays_are_those_of_the_cldr() -> None:
    assert FILE.read_text(encoding="utf-8") == as_json(), "write the file anew: python -m tests.date_names"
