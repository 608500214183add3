"""What months and weekdays are called, in many languages."""

import functools
import json
import re
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_SAME_LETTERS = str.maketrans(
    {"’": "'", "ʼ": "'", "ʹ": "'", "`": "'", "ي": "ی", "ك": "ک", "\u200c": None, "\u200d": None}
)
"""Letters that are typed for one another, in Ukrainian, Catalan and Persian."""
_BEFORE = re.compile("^(?:ב|d')")
_BEHIND = re.compile("(?:ที|ماه|ren|k)$")
"""What some languages write together with a name: "in" and "of"; Thai's "the", Persian's "month", Basque's cases."""
_ENOUGH_LETTERS = 3


class Names(NamedTuple):
    """Names, folded, and what they mean."""

    months: Mapping[str, str]
    """By what each month is called in English."""
    weekdays: Mapping[str, frozenset[int]]
    """0 is Monday; short names may mean two."""
    halves: Mapping[str, str]
    """What stands behind a time, without dots, by AM and PM."""
    croatian: Mapping[str, str]
    """Croatia's names that mean other months elsewhere: its listopad is October, Poland's and Czechia's November."""


@functools.cache
def names() -> Names:
    """Return all names that are known.

    The file is what tests/date_names.py makes of the CLDR: Babel itself holds 58 MB of it to give these names, in each
    process that reads feeds.
    """
    found = json.loads(files("aggregator.parse").joinpath("date_names.json").read_text(encoding="utf-8"))
    days: dict[str, frozenset[int]] = {}
    for number, english in enumerate(WEEKDAYS):
        for name in found[english]:
            days[name] = days.get(name, frozenset()) | {number}
    months = {name: english for english in MONTHS for name in found[english]}
    halves = {name: half for half in ("AM", "PM") for name in found[half]}
    return Names(months=months, weekdays=days, halves=halves, croatian=found["hr"])


def folded(word: str) -> str:
    """Return a name's letters as they are compared: small, without accents, and without final dots and Thai's inner."""
    letters = unicodedata.normalize("NFD", word.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"\.(?=[\u0e00-\u0e7f])", "", plain.translate(_SAME_LETTERS)).rstrip(".")


def without_dots(words: str) -> str:
    """Return letters as they are compared where they stand for words: `p.d.`, `a. m.`."""
    return "".join(folded(words).replace(".", "").split())


def month_of(name: str) -> str | None:
    """Return the English name of a month, by its folded name or by a beginning that only one month's names have."""
    months = names().months
    bare = _BEHIND.sub("", _BEFORE.sub("", name))
    return months.get(name) or months.get(bare) or _month_by_beginning(name)


def weekdays_of(name: str) -> frozenset[int]:
    """Return the weekdays that a folded name may mean."""
    days = names().weekdays
    return days.get(name) or days.get(_BEHIND.sub("", name)) or frozenset()


@functools.lru_cache(maxsize=1000)
def _month_by_beginning(name: str) -> str | None:
    """Return a month that a name is cut short for: in Russian some write `ноя`, the CLDR `нояб.`."""
    if len(name) < _ENOUGH_LETTERS or name in names().weekdays:
        return None
    meant = {english for whole, english in names().months.items() if whole.startswith(name)}
    return meant.pop() if len(meant) == 1 else None
