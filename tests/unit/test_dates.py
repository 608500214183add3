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


def test_fractions_of_a_second_are_kept() -> None:
    assert parse_date("2024-01-01T00:00:00.5Z") == NEW_YEAR.replace(microsecond=500_000)


def test_a_word_before_the_day_is_a_weekday() -> None:
    assert parse_date("mar., 02 janv. 2024 00:00:00 +0000") == datetime(2024, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "now", "null", "0", "Invalid Date", "12:30", "Monday", "5 May", "99999999999999999999",
        "Mon, 01 Jan 2024 25:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0001-01-01T00:00:00Z", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_date_of_news_is_missing(text: str | None) -> None:
    assert parse_date(text) is None


def test_the_names_of_months_and_weekdays_are_those_of_the_cldr() -> None:
    assert FILE.read_text(encoding="utf-8") == as_json(), "write the file anew: python -m tests.date_names"
