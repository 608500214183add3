"""Writes the names of months and weekdays that dates are read by, from the CLDR: python -m tests.date_names."""

import json
from collections import defaultdict
from pathlib import Path

from babel import Locale

import aggregator.parse.dates
from aggregator.parse.dates import folded

FILE = Path(aggregator.parse.dates.__file__).with_name("date_names.json")
LANGUAGES = (
    "en de fr es it pt nl ca gl eu ro sv da nb nn fi is et lv lt pl cs sk sl hr sr sr_Latn bs mk bg ru uk be el hu "
    "tr az sq ar fa he id ms vi sw af cy ga hi bn ta th ka hy kk ur te mr zh de_AT es_UY ar_SY fil"
).split()
"""Languages whose names of months and days are understood, the likelier ones first."""
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
ALSO = {"sept": "Sep", "thurs": " ", "thur": " ", "tues": " ", "weds": " ", "marz": "Mar", "sub": "Feb"}
"""`sub` is Turkey's February (Şub) and Croatia's Saturday, which stands before the day and is left out there."""


def date_names() -> dict[str, list[str]]:
    """Return the names of each month, by what it is called in English, and those of weekdays, which mean nothing."""
    by_name: dict[str, str] = {}
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in locale.months[form][width].items():
                    by_name.setdefault(folded(name), MONTHS[number - 1])
                for name in locale.days[form][width].values():
                    by_name.setdefault(folded(name), " ")
        for name in locale.days["format"].get("short", {}).values():
            by_name.setdefault(folded(name), " ")
    names = defaultdict(list)
    for name, english in (by_name | ALSO).items():
        names[english].append(name)
    return {english: sorted(names[english]) for english in (*MONTHS, " ")}


def as_json() -> str:
    """Return what stands in the file."""
    lines = (
        f"{json.dumps(english)}: {json.dumps(names, ensure_ascii=False)}" for english, names in date_names().items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(as_json(), encoding="utf-8")
