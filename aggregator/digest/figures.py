"""Numbers on which the reports of a story differ: how many were killed, hurt, arrested. Pure.

Only what is surely counted is read: a number beside one of a few known words, with nothing between that would let it
belong to something else. A number that is missed is a pity; one that counts something else would be a lie.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from aggregator.digest.lines import Line
from aggregator.digest.particulars import SPELT
from aggregator.digest.sentences import compared
from aggregator.models.digests import Figure, Reading, ToldArticle

COUNTED = {
    "killed": (
        r"dead|killed|killing|kills|kill|deaths?|died|fatalities|death toll|lives|"
        r"morts?|tués?|tuées?|décès|décédés|bilan|"
        r"tote[nr]?|todesopfer|getötet|starben|ums leben|"
        r"muert[oa]s?|fallecid[oa]s?|murieron|víctimas mortales|"
        r"morti|vittime|mortos|mortes|doden|omgekomen"
    ),
    "injured": (
        r"injured|wounded|injuries|hurt|injuring|wounding|"
        r"blessée?s?|verletzte[nr]?|verletzt|herid[oa]s?|lesionad[oa]s?|feriti|feridos|gewonden|gewond"
    ),
    "missing": (
        r"missing|unaccounted for|disparue?s?|vermisste[nr]?|vermisst|desaparecid[oa]s?|dispersi|desaparecidos|vermist"
    ),
    "arrested": (
        r"arrested|detained|arrests|interpellée?s?|arrêtée?s?|garde à vue|festgenommen|festnahmen|"
        r"detenid[oa]s?|arrestad[oa]s?|arrestati|detidos|aangehouden"
    ),
    "evacuated": (
        r"evacuated|displaced|evacuees|évacuée?s?|evakuiert|in sicherheit gebracht|evacuad[oa]s?|desplazad[oa]s?|"
        r"sfollati|evacuati|retirad[oa]s|geëvacueerd"
    ),
    "rescued": (r"rescued|saved|sauvée?s?|secourue?s?|gerettet|rescatad[oa]s?|salvati|resgatad[oa]s?|gered"),
    "magnitude": r"magnitude|magnitud|stärke|magnitudo|richter",
}
"""What is known to be counted, and how it is said in the languages that numbers are read in."""

SCALES = {
    **dict.fromkeys(("thousand", "mille", "tausend", "mil", "mila", "duizend"), 1e3),
    **dict.fromkeys(("million", "millions", "millionen", "millón", "millones", "milioni", "milhões", "miljoen"), 1e6),
}

SPELT_NUMBERS = {
    word: number for words in SPELT.values() for number, word in enumerate(words.casefold().split(), start=2)
}

NUMBER = re.compile(
    rf"(?<![\w.,/:€$£-])(?P<figure>\d{{1,3}}(?:[.,’'\u00a0\u202f ]\d{{3}})+(?!\d)|\d+(?:[.,]\d+)?)"
    rf"(?:[ \u00a0](?P<scale>{'|'.join(SCALES)})\b)?(?![\w%]|[.,]\d|-year|[ \u00a0]?%)"
    rf"|(?<!-)\b(?P<spelt>{'|'.join(sorted(SPELT_NUMBERS, key=len, reverse=True))})\b(?!-)",
    re.IGNORECASE,
)
"""A number in figures, with its thousands apart as any language does it, or a small one spelt out."""

OF_SOMETHING_ELSE = re.compile(
    r"^[ \u00a0-]?(?:per ?cent|percent|pour cent|prozent|por ciento|years?|year-old|ans?|jahren?|años?|days?|jours?|"
    r"tagen?|días?|hours?|heures?|stunden?|horas?|minutes?|minuten?|minutos?|weeks?|semaines?|wochen?|semanas?|"
    r"months?|mois|monaten?|meses|km|kilom\w+|miles?|metres?|meters?|mètres?|metern?|metros?|euros?|dollars?|"
    r"pounds?|times|fois|mal|veces|a\.?m|p\.?m|uhr|h)\b",
    re.IGNORECASE,
)
"""After a number, the unit of something that nobody was counted by."""

AND = re.compile(r"[,;:.()–—]|\b(?:and|or|et|ou|und|oder|y|o|e|en|of|while|dont|davon|among)\b", re.IGNORECASE)
"""Between a number and a word: another thing is meant."""

FROM = re.compile(r"\b(?:from|de|von|desde|da|van) $", re.IGNORECASE)
TO = re.compile(r"^ (?:to|à|auf|a|para|naar) (?:\w+ )?$", re.IGNORECASE)
"""Around the number that it was, where the one it rose to comes behind."""

MAX_BETWEEN = 36
"""Letters between a number and the word that says what it counts: "12 people in three villages were killed"."""

YEARS = range(1900, 2100)

MIN_PUBLISHERS = 2


def figures(lines: Sequence[Line], articles: Sequence[ToldArticle]) -> tuple[Figure, ...]:
    """Return what reports of two publishers or more count differently, or one after another, oldest report first.

    Of each article the first number counts: what it says later is mostly of a part, or of another time.
    """
    said: dict[str, list[Reading]] = defaultdict(list)
    seen: set[tuple[str, int]] = set()
    for line in lines:
        for counts, number, written in readings(line.text):
            if (counts, line.article) not in seen:
                seen.add((counts, line.article))
                said[counts].append(Reading(number, written, articles[line.article].id, line.text))
    return tuple(
        Figure(counts, _in_time(found, articles)) for counts, found in said.items() if _differs(found, articles)
    )


def readings(sentence: str) -> Iterator[tuple[str, float, str]]:
    """Give what a sentence counts, the number, and the number as it is written, each number once."""
    text = compared(sentence)
    numbers = list(_numbers(text))
    words = [
        (counts, found.start(), found.end())
        for counts, pattern in _PATTERNS.items()
        for found in pattern.finditer(text)
    ]
    for start, end, number, written in numbers:
        near = [
            (gap, counts)
            for counts, word_start, word_end in words
            if (gap := _gap(text, (start, end), (word_start, word_end), numbers)) is not None
        ]
        if near:
            yield min(near)[1], number, written


_PATTERNS: Mapping[str, re.Pattern[str]] = {
    counts: re.compile(rf"\b(?:{said})\b", re.IGNORECASE) for counts, said in COUNTED.items()
}


def _numbers(text: str) -> Iterator[tuple[int, int, float, str]]:
    """Give where the numbers of a text that may count people stand, and what they are."""
    for found in NUMBER.finditer(text):
        number = _value(found)
        is_year = number in YEARS and len(found[0]) == 4
        later = NUMBER.search(text, found.end())
        is_old = FROM.search(text[: found.start()]) and later and TO.match(text[found.end() : later.start()])
        if not is_year and not is_old and not OF_SOMETHING_ELSE.match(text[found.end() :]):
            yield found.start(), found.end(), number, found[0]


def _value(found: re.Match[str]) -> float:
    if found["spelt"]:
        return float(SPELT_NUMBERS[found["spelt"].casefold()])
    figure = found["figure"]
    parts = re.split(r"[.,’'\u00a0\u202f ]", figure)
    is_whole = len(parts) > 1 and all(len(part) == 3 for part in parts[1:])
    number = float("".join(parts)) if is_whole else float(figure.replace(",", "."))
    return number * SCALES[found["scale"].casefold()] if found["scale"] else number


def _gap(
    text: str, number: tuple[int, int], word: tuple[int, int], numbers: Sequence[tuple[int, int, float, str]]
) -> int | None:
    """Return how far a word is from a number that it may say the meaning of; None where it cannot."""
    (left, right) = (number[1], word[0]) if number[0] < word[0] else (word[1], number[0])
    between = text[left:right]
    is_apart = any(left <= start < right for start, *_ in numbers) or AND.search(between)
    return None if len(between) > MAX_BETWEEN or is_apart else len(between)


def _differs(found: Sequence[Reading], articles: Sequence[ToldArticle]) -> bool:
    publishers = {article.id: article.publisher for article in articles}
    return (
        len({reading.number for reading in found}) > 1
        and len({publishers[reading.article_id] for reading in found}) >= MIN_PUBLISHERS
    )


def _in_time(found: Iterable[Reading], articles: Sequence[ToldArticle]) -> tuple[Reading, ...]:
    order = {article.id: (article.published_at, article.id) for article in articles}
    return tuple(sorted(found, key=lambda reading: order[reading.article_id]))
