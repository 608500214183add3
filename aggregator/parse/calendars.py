"""Dates of other calendars -> the same days in ours."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from aggregator.parse.date_names import folded

_BUDDHIST_YEARS = 543
_JALALI_EPOCH = date(2021, 3, 21)
"""The first of Farvardin 1400."""
_JALALI_LEAP_YEARS = frozenset((1, 5, 9, 13, 17, 22, 26, 30))
"""In each cycle of 33 years, which holds from 1210 to 1634, as K. M. Borkowski found ("The Persian calendar for 3000
years", Earth, Moon, and Planets 74, 1996)."""
_JALALI_YEARS = range(1350, 1419)
"""From 1971 on, until the years in which there were feeds in the Islamic calendar (1419 began in 1998)."""
_JALALI_MONTHS = (
    "فروردین farvardin حمل, اردیبهشت ordibehesht ثور, خرداد khordad جوزا, تیر tir سرطان, مرداد mordad اسد, "
    "شهریور shahrivar سنبله, مهر mehr میزان, آبان aban عقرب, آذر azar قوس, دی dey جدی, "
    "بهمن bahman دلو, اسفند esfand حوت"
)
"""As Iran writes them, in Persian and in Latin letters, and as Afghanistan does."""
_NUMBERS = {folded(name): number for number, names in enumerate(_JALALI_MONTHS.split(","), 1) for name in names.split()}

_YEARS_BEFORE = {"昭和": 1925, "平成": 1988, "令和": 2018, "S": 1925, "H": 1988, "R": 2018, "民國": 1911, "民国": 1911}
"""The year before an era's first, in Japan and on Taiwan."""
_OF_ERA = re.compile(
    r"(?:(昭和|平成|令和|(?:中[華华])?民[國国])\s*|^([SHR])(?=\d))(\d{1,3}|元)\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})(?:\s*日|(?!\d))"
)
_OF_BUDDHA = re.compile(r"(?<![\d:])(?<!:\d\d\.)(?:(\d{1,2})([/.-])(\d{1,2})\2)?(25[1-9]\d|26[01]\d)(?!\d)")
_SHORT_OF_BUDDHA = re.compile(r"(?<=[\u0e00-\u0e7f])(\.?\s*)([4-9]\d)(?![\d:.])")
_THAI = re.compile(r"[\u0e00-\u0e7f]")
_JALALI = re.compile(r"(?<!\d)(1[34]\d\d)([/.-])(\d{1,2})\2(\d{1,2})(?!\d)")
_JALALI_NAMED = re.compile(r"(?<!\d)(\d{1,2})\s*([^\W\d_]+?)(?:\s*ماه)?\s*,?\s*(1[34]\d\d)(?!\d)")
_IS_OTHER = re.compile(r"(?<!\d)(?:1[34]\d\d|25[1-9]\d|26[01]\d)(?!\d)|^[SHR]\d|[和成國国]|[\u0e00-\u0e7f]")


def in_our_calendar(text: str) -> str:
    """Return a text with its date in the Gregorian calendar; as it is where it is in it, or in none that is known.

    Known are Thailand's Buddhist years, Iran's calendar, the eras of Japan and the years of the Republic of China. The
    digits have to be 0 to 9.
    """
    if not _IS_OTHER.search(text):
        return text
    for pattern, rewritten in _CALENDARS:
        text = pattern.sub(rewritten, text)
    return _SHORT_OF_BUDDHA.sub(_from_short_year, text) if _THAI.search(text) else text


def _from_era(found: re.Match[str]) -> str:
    year = _YEARS_BEFORE[(found[1] or found[2])[-2:]] + (1 if found[3] == "元" else int(found[3]))
    return f"{year}年{found[4]}月{found[5]}日 "


def _from_buddhist(found: re.Match[str]) -> str:
    """Return our year; where all of the date is in numbers, the date, which begins with the day."""
    year = int(found[4]) - _BUDDHIST_YEARS
    return f"{year}-{found[3]:0>2}-{found[1]:0>2}" if found[1] else str(year)


def _from_short_year(found: re.Match[str]) -> str:
    return f"{found[1]}{2500 + int(found[2]) - _BUDDHIST_YEARS}"


def _from_jalali(found: re.Match[str]) -> str:
    return _jalali_day(int(found[1]), int(found[3]), int(found[4])) or found[0]


def _from_named_jalali(found: re.Match[str]) -> str:
    month = _NUMBERS.get(folded(found[2]))
    return (month and _jalali_day(int(found[3]), month, int(found[1]))) or found[0]


def _jalali_day(year: int, month: int, day: int) -> str | None:
    """Return a day of Iran's calendar as ISO 8601 writes it; None where there is no such day.

    Its months have 31 days until the sixth, then 30; the last has 29 in common years.
    """
    n_days = 31 if month <= 6 else 30 if month < 12 or year % 33 in _JALALI_LEAP_YEARS else 29
    if year not in _JALALI_YEARS or not 1 <= month <= 12 or not 1 <= day <= n_days:
        return None
    years = range(1400, year) if year >= 1400 else range(year, 1400)
    n_leap = sum(each % 33 in _JALALI_LEAP_YEARS for each in years)
    to_new_year = 365 * len(years) + n_leap
    in_year = 30 * (month - 1) + min(month - 1, 6) + day - 1
    return (_JALALI_EPOCH + timedelta(days=(to_new_year if year >= 1400 else -to_new_year) + in_year)).isoformat()


_CALENDARS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_OF_ERA, _from_era),
    (_OF_BUDDHA, _from_buddhist),
    (_JALALI, _from_jalali),
    (_JALALI_NAMED, _from_named_jalali),
)
