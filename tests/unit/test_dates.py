import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.dates import format_date, format_time

from aggregator.parse.dates import parse_date
from tests.date_names import FILE, LANGUAGES, as_json

FORMS = Path(__file__).parents[1] / "data" / "dates.jsonl"
"""Dates in the forms and languages of real feeds, each with the moment that its writer means."""
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
        "5 בפברואר 2024 07:24", "Mon(day), 05 (not (in) Mar)Feb(nor\\) 2005) 2024 07:24 GMT",
    ],
)  # fmt: skip
def test_a_date_is_read_however_its_writers_put_it(text: str) -> None:
    assert parse_date(text) == datetime(2024, 2, 5, 7, 24, tzinfo=UTC)


def test_what_comes_first_is_the_year_and_then_the_month_and_else_the_day() -> None:
    for text in ("2024-02-05 00:00 CET", "05.02.2024 00:00 CET", "02/05/2024 00:00 CET", "2024/02/05 00:00 CET"):
        assert parse_date(text) == datetime(2024, 2, 4, 23, tzinfo=UTC)


def test_hours_are_of_twelve_or_of_twenty_four() -> None:
    for text in ("5 Φεβ 2024 7:24 μ.μ.", "٥ فبراير ٢٠٢٤م ٧:٢٤ م", "5 feb 2024 7:24 p. m.", "5 Feb 2024 7:24 PTG"):
        assert parse_date(text) == datetime(2024, 2, 5, 19, 24, tzinfo=UTC)
    assert parse_date("5 فبراير 2024م 07:24") == datetime(2024, 2, 5, 7, 24, tzinfo=UTC)
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


def test_nearly_every_form_is_read_right_and_hardly_one_wrong() -> None:
    forms = [json.loads(line) for line in FORMS.read_text(encoding="utf-8").split("\n") if line]
    read = [(parse_date(form["text"], language=form.get("language")), form["utc"]) for form in forms]
    lost = [meant for moment, meant in read if moment is None and meant]
    wrong = [moment for moment, meant in read if moment and (meant is None or moment != datetime.fromisoformat(meant))]
    assert len(forms) > 700
    assert len(lost) <= 0.05 * len(forms)
    assert len(wrong) <= 0.01 * len(forms)


@pytest.mark.parametrize("language", [*LANGUAGES, "en_GB", "es_MX", "fr_CA", "pt_PT", "zh_Hant"])
def test_every_date_is_read_that_a_language_writes_by_the_cldr(language: str) -> None:
    zone = " +0000" if language[:2] in ("zh", "ja", "ko") else ""
    moments = [
        datetime(2024, 3, 5, 8, 7, tzinfo=UTC), datetime(2025, 1, 2, 0, 5, tzinfo=UTC),
        datetime(2025, 10, 14, 12, 0, tzinfo=UTC), datetime(2026, 6, 9, 20, 45, tzinfo=UTC),
    ]  # fmt: skip
    for moment in moments:
        time = format_time(moment, "short", tzinfo=UTC, locale=language)
        for width in ("full", "long", "medium", "short"):
            text = f"{format_date(moment, width, locale=language)} {time}{zone}"
            assert parse_date(text, language=language) == moment, text


@pytest.mark.parametrize(
    "text",
    [
        "๓๐ พ.ย. ๒๕๖๘", "วันอาทิตย์ที่ 30 พฤศจิกายน พ.ศ. 2568", "30/11/2568", "30 พ.ย. 68", "2568-11-30", "30 พ.ย. 2025",
        "۱۴۰۴/۰۹/۰۹", "یکشنبه ۹ آذر ۱۴۰۴", "9 آذرماه 1404", "1404-09-09", "09 Azar 1404", "۳۰ نوامبر ۲۰۲۵",
        "令和7年11月30日 09:00", "令和七年十一月三十日 9時", "R7.11.30 09:00", "民國114年11月30日 08:00",
    ],
)  # fmt: skip
def test_the_same_day_is_read_in_every_calendar(text: str) -> None:
    assert parse_date(text) == datetime(2025, 11, 30, tzinfo=UTC)


def test_the_minutes_of_a_thai_time_are_no_year() -> None:
    assert parse_date("30 พ.ย. 68 เวลา 14.45 น.") == datetime(2025, 11, 30, 14, 45, tzinfo=UTC)


def test_every_day_of_irans_calendar_is_one_day_later_than_the_one_before() -> None:
    """From its year 1350, which began on 21 March 1971; 1399, 1403 and 1408 are leap years."""
    days = [
        f"{year}/{month:02}/{day:02}" for year in range(1350, 1419) for month in range(1, 13) for day in range(1, 32)
    ]
    moments = [moment for day in days if (moment := parse_date(day))]
    assert moments == [datetime(1971, 3, 21, tzinfo=UTC) + timedelta(days=n) for n in range(len(moments))]
    assert [parse_date(f"{year}/12/30") is not None for year in (1399, 1400, 1403, 1404, 1408)] == [
        True, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1446/05/28", "16 رمضان 1447", "31 مهر 1404", "1404/13/01", "114/11/30"])
def test_no_day_is_made_up_of_a_calendar_that_is_not_known(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "language", "month"),
    [
        ("5 listopada 2024", "pl", 11), ("5. listopada 2024", "hr-HR", 10), ("05 srp 2024", "cs", 8),
        ("subota, 5. listopada 2024.", None, 10), ("wt., 05 lis 2024", None, 11), ("Fri, 05 lip 2024", None, 7),
        ("Wed, 05 lip 2024", None, 6), ("31. listopada 2024.", None, 10),
    ],
)  # fmt: skip
def test_a_name_of_two_months_means_what_its_language_or_the_weekday_says(
    text: str, language: str | None, month: int
) -> None:
    found = parse_date(text, language=language)
    assert found
    assert found.month == month


@pytest.mark.parametrize("text", ["5 listopada 2024", "05 lip 2024", "Mon, 05 srp 2023"])
def test_a_name_of_two_months_is_not_read_where_nothing_tells_which(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "language", "month"),
    [
        ("05/11/2024", None, 5), ("05/11/2024", "en-US", 5), ("05/11/2024", "en-GB", 11), ("05/11/2024", "fr", 11),
        ("mardi 05/11/2024", None, 11), ("Tue, 05/11/2024", "en-US", 11), ("Sat, 05/11/2024", "fr", 5),
        ("13/11/2024", "en-US", 11),
    ],
)  # fmt: skip
def test_the_weekday_and_then_the_language_tell_the_day_from_the_month(
    text: str, language: str | None, month: int
) -> None:
    found = parse_date(text, language=language)
    assert found
    assert found.month == month


@pytest.mark.parametrize(
    ("text", "language", "hour"),
    [
        ("2024年11月30日 8:05", None, 0), ("2024年11月30日(六) 8:05", None, 0), ("2024年11月30日(土) 8:05", None, 23),
        ("2024年11月30日 8:05", "ja", 23), ("2024년 11월 30일(토) 08:05", None, 23),
        ("2024.11.30 (토) 08:05", None, 23), ("2024年12月1日(日) 8:05", "zh-TW", 0),
        ("2024年11月30日(土) 8:05 +0000", None, 8),
    ],
)  # fmt: skip
def test_a_time_without_a_zone_is_that_of_its_writers_in_east_asia(text: str, language: str | None, hour: int) -> None:
    found = parse_date(text, language=language)
    assert found
    assert (found.hour, found.minute) == (hour, 5)


def test_the_names_of_months_and_weekdays_are_those_of_the_cldr() -> None:
    assert FILE.read_text(encoding="utf-8") == as_json(), "write the file anew: python -m tests.date_names"
