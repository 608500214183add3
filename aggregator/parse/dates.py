"""Dates as feeds write them, in many forms and languages, read as moments in UTC."""

import calendar
import functools
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser as dateutil_parser
from feedparser.datetimes import iso8601, w3dtf

FIRST_YEAR = 1971
"""Earlier dates are zeros of some clock (1970-01-01, 0001-01-01), not dates of news."""

MAX_DATE_CHARS = 100

_ZONES_H: Mapping[str, float] = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "IST": 5.5, "CET": 1, "CEST": 2, "MET": 1,
    "MEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "SAST": 2, "CAT": 2, "WAT": 1, "EAT": 3, "MSK": 3, "TRT": 3,
    "GST": 4, "PKT": 5, "NPT": 5.75, "ICT": 7, "WIB": 7, "WITA": 8, "WIT": 9, "HKT": 8, "SGT": 8, "PHT": 8, "AWST": 8,
    "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3, "ART": -3, "CLT": -4,
    "NST": -3.5, "NDT": -2.5, "AT": -4, "AST": -4, "ADT": -3, "ET": -5, "EST": -5, "EDT": -4, "CT": -6, "CST": -6,
    "CDT": -5, "MT": -7, "MST": -7, "MDT": -6, "PT": -8, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
"""Hours east of Greenwich. Ambiguous names mean what newspapers that write them mean: IST is India's, CST America's."""

_DEFAULTS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2004, 2, 1, tzinfo=UTC))
"""What fills the gaps of a date; where two of them give two months, the date did not say which."""

_FILLER = frozenset(
    "at um uhr de del of den le la o as the om uur kl klo u v ve г года р в у о alle a las ore ora godz pukul "
    "ч στισ ساعت thang ngay nam luc".split()
)
_SAID_OTHERWISE: Mapping[str, str] = {"noon": "12:00", "midnight": "00:00", "мск": "MSK"}
_IANA_ZONE = re.compile(r"\s*\b([A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?)\s*$")
_OFFSET = re.compile(r"(:\d\d(?:\.\d+)?)\s*([+-])(\d\d):?(\d\d)(?:Z| [A-Z]{2,5})?$")
_LEADING_DAY = re.compile(r"^[^\W\d][^\d,:]*,\s*(?=\d+\W+[^\W\d_])")
"""Words before "12 March": a weekday, even where it is also short for a month (French and Spanish `mar.`)."""
_YEAR_FIRST = re.compile(r"\D*\d{4}(?!\d)")
_HOUR_AFTER_YEAR = re.compile(r"(?<=\d{4})(\W*\s\W*)(\d{1,2})\.(\d\d)(?:\.(\d\d))?(?![\d.])")
_RFC_822 = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} [1-9]\d{3} \d\d:\d\d:\d\d (?:GMT|[+-]\d\d:?\d\d)")
_IN_GMT = re.compile(r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-5][0-9] GMT")
"""What most feeds write, tidy as it is: to see that takes a quarter of the time of tidying it."""
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?!\d)|\d{8}T|\d{4}-?W\d\d", re.IGNORECASE)
_ORDINAL_DATE = re.compile(r"^(\d{4})-?(\d{3})(?=T|$)")
_RARE_ISO = re.compile(r"-?-?\d{2,4}(?:-?\d{2,3}){0,2}(?:T.+)?")
_PLAIN_SIGNS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-") | {"\u060c": ","} | dict.fromkeys("\u061c\u200e\u200f")
)
_WORD = re.compile(r"[^\W\d_][^\s\d_,;:/|()+.-]*\.?")
"""With the marks that belong to letters, which are no letters to `\\w`: Hindi's vowels are some."""


def parse_date(text: str | None) -> datetime | None:
    """Return the moment that a date of a feed means, in UTC; None where it is missing, unreadable or before 1971.

    A date without a zone is taken as UTC.
    """
    if not text or len(text) > MAX_DATE_CHARS:
        return None
    tidy = text if _IN_GMT.fullmatch(text) else _tidied(text)
    for read in (_read_rfc_822, _read_iso, _read_epoch, _read_words, _read_rare_iso):
        try:
            found = read(tidy)
        except (ValueError, OverflowError, ArithmeticError, TypeError, KeyError, AttributeError):
            continue
        if found is not None:
            return _in_utc(found)
    return None


def _in_utc(moment: datetime) -> datetime | None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        utc = aware.astimezone(UTC)
    except OverflowError:
        return None
    return utc if utc.year >= FIRST_YEAR else None


def _tidied(text: str) -> str:
    """Return the date without comments, with plain blanks, and its offset written in one way."""
    plain = re.sub(r"\[([A-Z][\w/]+)\]$", r" \1", unicodedata.normalize("NFKC", text).translate(_PLAIN_SIGNS))
    tidy = " ".join(re.sub(r"\([^)]*\)", " ", plain).split())
    tidy = re.sub(r"\b(?:Etc/)?(?:GMT|UTC) ?(?=[+-]\d)", "", tidy)
    tidy = re.sub(r"\b(?:Etc/)?(GMT|UTC)(?: GMT| UTC)*$", r"\1", tidy)
    tidy = re.sub(r"\b([AaPp])\.[Mm]\.?", r"\1m", tidy)
    tidy = re.sub(r"(:\d\d):60(?!\d)", r"\1:59", tidy)  # a leap second, which no clock here knows
    return _OFFSET.sub(_plausible_offset, tidy if ":" in tidy else tidy.removesuffix(" GMT"))


def _plausible_offset(found: re.Match[str]) -> str:
    """Write an offset as RFC 5322 does; one that no place on Earth has is held to be unknown, as its §3.3 allows."""
    minutes = int(found[3]) * 60 + int(found[4])
    is_on_earth = -12 * 60 <= (minutes if found[2] == "+" else -minutes) <= 14 * 60
    return f"{found[1]} {found[2]}{found[3]}{found[4]}" if is_on_earth else f"{found[1]} +0000"


def _read_rfc_822(text: str) -> datetime | None:
    """Read what most feeds write, ten times faster than the forgiving way below."""
    return parsedate_to_datetime(text) if _RFC_822.fullmatch(text) else None


def _read_epoch(text: str) -> datetime | None:
    """Read seconds, milliseconds or microseconds since 1970."""
    if not re.fullmatch(r"\d{10}(?:\d{3}|\d{6})?(?:\.\d+)?", text):
        return None
    return datetime.fromtimestamp(int(text[:10]), tz=UTC)


def _read_iso(text: str) -> datetime | None:
    dated = _ORDINAL_DATE.sub(_day_of_year, re.sub(r"^(\d{8})(\d{6})$", r"\1T\2", text))
    if not _ISO_DATE.match(dated):
        return None
    return datetime.fromisoformat(re.sub(r" ?(?:UTC|GMT)$", "Z", dated.upper()).replace(" +", "+").replace(" -", "-"))


def _day_of_year(found: re.Match[str]) -> str:
    return datetime.strptime(f"{found[1]}{found[2]}+0000", "%Y%j%z").date().isoformat()


def _read_words(text: str) -> datetime | None:
    """Read dates with names in them, in any of the languages, as dateutil does in English."""
    if not re.search(r"\d", text) or re.fullmatch(r"-?[\d-]{1,7}|\d+|\d\d-\d\d-\d\d|\d{4}-\d{4}", text):
        return None
    if re.search(r"[^\W\d]\.? 0\d{3}\b", text):
        return None  # January 0001: the zero of a clock, which dateutil takes for 2001
    digits, east_asian = _without_east_asian(re.sub(r"(?<=\d)h(?=\d\d\b)", ":", text))
    named = _IANA_ZONE.search(digits)
    zone = _zone(named[1]) if named else east_asian
    english = _WORD.sub(_in_english, _LEADING_DAY.sub("", _IANA_ZONE.sub("", digits)))
    english = re.sub(r"(?<=\d)\s*T\s*(?=\d)", " ", re.sub(r"(\d)(?:st|nd|rd|th|er|ère|e)\b", r"\1", english))
    english = _HOUR_AFTER_YEAR.sub(_with_colons, english)
    english = re.sub(r"(?<![\d:])((?:1[3-9]|2\d)(?::\d\d){1,2}) ?[ap]m\b", r"\1", english, flags=re.IGNORECASE)
    if re.match(r"\W*\d{1,2}\s+\d{4}(?!\d)", english):
        return None  # the word between day and year named no month
    english, is_next_day = re.subn(r"(?<![\d:])24:00(:00)?(?![\d:])", "00:00:00", english)
    moment, other = (_read_english(english, default, zone or UTC) for default in _DEFAULTS)
    if (moment.year, moment.month) != (other.year, other.month):
        return None  # the text names no year or no month
    return moment + timedelta(days=is_next_day)


def _read_english(text: str, default: datetime, zone: tzinfo) -> datetime:
    """Read a date whose unnamed parts are the default's: 3/4/2024 is in March, as in America, and 3.4.2024 in April.

    Where the year comes first, the month follows it: 2024.3.4 is in March.
    """
    zones = functools.partial(_zone_of, unnamed=zone)
    is_day_first = "/" not in text and not _YEAR_FIRST.match(text)
    return dateutil_parser.parse(text, default=default, dayfirst=is_day_first, tzinfos=zones)


def _with_colons(time: re.Match[str]) -> str:
    """Return a time that was written 7.08 as 7:08."""
    return f"{time[1]}{time[2]}:{time[3]}:{time[4] or '00'}"


def _zone_of(name: str | None, offset_s: int | None, *, unnamed: tzinfo) -> tzinfo:
    if offset_s is not None:
        return timezone(timedelta(seconds=offset_s))
    return unnamed if name is None else timezone(timedelta(hours=_ZONES_H.get(name.upper(), 0)))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _without_east_asian(text: str) -> tuple[str, tzinfo | None]:
    """Return the date in digits, and the zone of its writers: Korea's, Japan's, or China's where it may be either."""
    if not re.search(r"[年년]|오전|오후|上午|下午|午前|午後", text):
        return re.sub(r"\b(\d{1,2}) ?[月월]", _month_in_english, text), None
    is_of_tokyo_time = re.search(r"[년오曜]|午[前後]", text) is not None
    digits = re.sub(r"(?:星期|周)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일", " ", text)
    digits = re.sub(r"\s*[年月년월]\s*", "-", re.sub(r"[日일]", " ", digits))
    half = re.search(r"(오후|下午|午後)|오전|上午|午前", digits)
    half_of_day = "" if half is None else " PM" if half[1] else " AM"
    digits = re.sub(r"(?:오전|오후|上午|下午|午前|午後)\s*", "", digits)
    digits = re.sub(r"[时時시]\s*|[分분]\s*(?=\d)", ":", digits)
    digits = re.sub(r"[秒초分분]", "", digits)
    return digits.strip() + half_of_day, timezone(timedelta(hours=9 if is_of_tokyo_time else 8))


def _month_in_english(month: re.Match[str]) -> str:
    return calendar.month_abbr[int(month[1])] if 1 <= int(month[1]) <= 12 else month[0]


def _in_english(word: re.Match[str]) -> str:
    """Return a month's English name, nothing for a weekday or a filler, any other word as it is."""
    plain = folded(word[0])
    if plain in ("am", "pm"):
        return word[0]
    if (zone := word[0].upper()) in _ZONES_H:
        return zone if len(zone) > 2 else word[0]  # "at" is a zone too
    if plain in _FILLER:
        return " "
    return _SAID_OTHERWISE.get(plain) or _names().get(plain) or _names().get(plain.removeprefix("ב"), word[0])


@functools.cache
def _names() -> Mapping[str, str]:
    """Return the English month for each name of a month, and nothing for each name of a weekday.

    The file is what tests/date_names.py makes of the CLDR: Babel itself holds 58 MB of it to give these names, in each
    process that reads feeds.
    """
    text = files("aggregator.parse").joinpath("date_names.json").read_text(encoding="utf-8")
    return {name: english for english, names in json.loads(text).items() for name in names}


def folded(word: str) -> str:
    """Return a name's letters as they are compared: small, without accents and final dots."""
    letters = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).rstrip(".")


def _read_rare_iso(text: str) -> datetime | None:
    """Read the rarer forms of ISO 8601 as feedparser does: `2003-12`, `031231`, `-0312`, `2003335`."""
    if not _RARE_ISO.fullmatch(text) or re.fullmatch(r"\d{1,3}|\d{9,}|\d{4}-\d{4}", text):
        return None
    if _ISO_DATE.match(text):
        return None  # it names an hour or a day that does not exist
    for read in (w3dtf._parse_date_w3dtf, iso8601._parse_date_iso8601):
        found = read(text)
        if found:
            return datetime.fromtimestamp(calendar.timegm(found), tz=UTC)
    return None
