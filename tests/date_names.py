"""Writes the names of months and weekdays that dates are read by, from the CLDR: python -m tests.date_names."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel import Locale

import aggregator.parse.date_names
from aggregator.parse.date_names import MONTHS, WEEKDAYS, folded, without_dots

FILE = Path(aggregator.parse.date_names.__file__).with_name("date_names.json")
LANGUAGES = (
    "en de fr es it pt nl ca gl eu ro sv da nb nn fi is et lv lt pl cs sk sl hr sr sr_Latn bs mk bg ru uk be el hu "
    "tr az sq ar fa he id ms vi sw af cy ga hi bn ta th ka hy kk ur te mr zh ja ko de_AT es_UY ar_SY fil"
).split()
"""Languages whose names of months and days are understood, the likelier ones first."""
ALSO = {"sept": "Sep", "marz": "Mar", "sub": "Feb"}
"""`sub` is Turkey's February (Şub) and Croatia's Saturday, which stands before the day and is left out there."""
ALSO_DAYS = {"nd": "Sun", "thurs": "Thu", "thur": "Thu", "tues": "Tue", "weds": "Wed"}


def months_of(language: str) -> Iterator[tuple[str, str]]:
    """Yield each name of a month, and the month's English name."""
    for form in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in Locale.parse(language).months[form][width].items():
                yield folded(name), MONTHS[number - 1]


def days_of(language: str) -> Iterator[tuple[str, str]]:
    """Yield each name of a weekday, and the weekday's English name."""
    days = Locale.parse(language).days
    for form, width in (("format", "wide"), ("format", "abbreviated"), ("stand-alone", "wide"), ("format", "short")):
        for number, name in days[form].get(width, {}).items():
            yield folded(name), WEEKDAYS[number]


def halves_of(language: str) -> Iterator[tuple[str, str]]:
    """Yield what follows a time in its half of the day, where its writers count to twelve, and AM or PM."""
    locale = Locale.parse(language)
    if "a" not in locale.time_formats["short"].pattern:
        return
    for width in ("wide", "abbreviated"):
        for half in ("am", "pm"):
            if name := locale.day_periods["format"].get(width, {}).get(half):
                yield without_dots(name), half.upper()


def date_names() -> dict[str, object]:
    """Return the names of each month, weekday and half of a day, by the English one, and Croatia's other months."""
    meant: dict[str, str] = {}
    by_english: dict[str, set[str]] = defaultdict(set)
    for language in LANGUAGES:
        for name, english in months_of(language):
            meant.setdefault(name, english)
        for name, english in days_of(language):
            meant.setdefault(name, "a weekday")
            by_english[english].add(name)
        for name, english in halves_of(language):
            by_english[english].add(name)
    for name, english in (*(meant | ALSO).items(), *ALSO_DAYS.items()):
        by_english[english].add(name)
    otherwise = {name: month for name, month in months_of("hr") if meant[name] in MONTHS and meant[name] != month}
    return {english: sorted(by_english[english]) for english in (*MONTHS, *WEEKDAYS, "AM", "PM")} | {"hr": otherwise}


def as_json() -> str:
    """Return what stands in the file."""
    lines = (
        f"{json.dumps(english)}: {json.dumps(names, ensure_ascii=False)}" for english, names in date_names().items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(as_json(), encoding="utf-8")
