"""What a group of stories is called: its own words, as its articles write them. Pure."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from babel import Locale

from aggregator.stories.surfaces import Line, Unit, surface
from aggregator.stories.words import is_number, tokens

MAX_WORDS = 4
"""Words of a name, all in all: what one reads at a glance."""

MAX_TERMS = 3
"""Words, or names of several words, that a name is made of."""

MAX_COMMON_WORDS = 2
"""Words of a term that is not known for a name by its capitals: "interest rates"."""

LETTERS_PER_WORD = 3
"""Letters of a script without spaces that count as one word."""

GROWN_SHARE = 0.5
"""Share of a word's use that must lie inside one longer term ("interest rates") for that to stand for the word."""

MIN_SHARE = 0.3
"""Share of a group's stories that must use a word before it names them: a name is of the group, not of one story."""

NAME_BONUS = 1.25
"""How much more a word weighs that is written with a capital: names tell topics apart, verbs do not."""

SAME_STEM = 4
"""Letters from which two words of a name would say the same twice: "floods, flooding"."""

N_HEARD = 3
"""Articles of each story whose wording a name is taken from."""

N_PROFILE = 30
"""Words that a group is remembered by."""

STAYS_ABOVE = 0.5
"""Share of the best name's weight above which a group keeps the name it has."""

CALENDARS = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv mk nb nl pl pt ro ru sk sl sq sr sv ta th "
    "tr uk ur vi zh"
).split()
"""Languages whose months and weekdays are known: they say when something was, not what."""

GAP = re.compile(r" |[-‐‑'’]|(?<=\b\w\w)\. |(?<=\b\w\w\w)\. ")
"""What may stand between the words of one term: a space, a hyphen, an apostrophe; a full stop as in "Mt. Everest"."""

Words = Mapping[str, float]
"""Tokens with their weights."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a story says: for each of some of its articles, its lines (title, first sentences)."""

    articles: tuple[tuple[Line, ...], ...]


def use(told: Told) -> Words:
    """Return in which share of the story's articles each word stands, 0..1; numbers are left out."""
    counts = Counter(
        token
        for lines in told.articles
        for token in frozenset().union(*(line.tokens for line in lines))
        if not is_number(token)
    )
    return {token: count / len(told.articles) for token, count in counts.items()}


def characteristic_words(groups: Sequence[Sequence[Words]]) -> list[dict[str, float]]:
    """Return the words that two or more stories of a group share, by `sqrt(tf) · log(1 + A / f)`, heaviest first.

    tf is the sum of a word's shares over the group's stories, so that every story has one vote; f that over all
    groups; A the mean of what a group holds. N_PROFILE of them at most. Source: class-based TF-IDF, Grootendorst 2022
    (BERTopic), with the root of its `reduce_frequent_words`.
    """
    sums = [_sum(group) for group in groups]
    overall = _sum(sums)
    mean = sum(overall.values()) / max(len(groups), 1)
    return [_heaviest(group, tf, overall, mean) for group, tf in zip(groups, sums, strict=True)]


def name(words: Words, stories: Sequence[Told], known_as: str = "") -> str:
    """Return what a group of stories is called, in MAX_WORDS words at most; "" where it shares none.

    `words` are its characteristic ones. The name it is known as stays while its words weigh nearly as much as the
    best ones do.
    """
    terms = _terms(words, stories)
    best = _worth(words, [token for term in terms for token in term.tokens])
    if known_as and _worth(words, tokens(known_as)) >= STAYS_ABOVE * best:
        return known_as
    fresh = ", ".join(term.text for term in terms)
    first = fresh.split(" ", 1)[0]
    return fresh[:1].upper() + fresh[1:] if first.islower() else fresh


@dataclass(frozen=True, slots=True)
class _Term:
    """A word or a name as it is written."""

    text: str
    tokens: tuple[str, ...]
    n_words: int


_Span = tuple[Line, int, int]
"""A line, and the first and last of the units of a term in it."""


def _sum(parts: Sequence[Words]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for words in parts:
        for token, weight in words.items():
            total[token] += weight
    return total


def _heaviest(group: Sequence[Words], tf: Words, overall: Words, mean: float) -> dict[str, float]:
    n_stories = Counter(token for words in group for token in words)
    least = MIN_SHARE * len(group)
    weights = {
        token: math.sqrt(share) * math.log(1 + mean / overall[token])
        for token, share in tf.items()
        if share >= least and n_stories[token] > 1 and token not in _calendar()
    }
    ordered = sorted(weights, key=lambda token: (-weights[token], token))[:N_PROFILE]
    return {token: weights[token] for token in ordered}


def _terms(words: Words, stories: Sequence[Told]) -> list[_Term]:
    """Return the best words that say different things, each grown to the term it is part of."""
    heard = [Told(told.articles[:N_HEARD]) for told in stories]
    grown = {token: _grown(token, heard) for token in list(words)[: 2 * MAX_TERMS]}
    weight = {token: words[token] * (NAME_BONUS if _is_name(term.text) else 1) for token, term in grown.items()}
    found: list[_Term] = []
    said: set[str] = set()
    for token in sorted(grown, key=lambda token: (-weight[token], token)):
        term = grown[token]
        room = MAX_WORDS - sum(each.n_words for each in found)
        stems = {part[:SAME_STEM] for part in term.tokens}
        if len(found) < MAX_TERMS and 0 < term.n_words <= room and not said & stems:
            found.append(term)
            said |= stems
    return found


def _is_name(text: str) -> bool:
    return any(word[:1].isupper() for word in text.split())


def _grown(token: str, stories: Sequence[Told]) -> _Term:
    """Return the longest term around a word that most of its stories say: "leyen" -> "Ursula von der Leyen"."""
    places: dict[tuple[str, ...], list[_Span]] = defaultdict(list)
    shares: dict[tuple[str, ...], float] = defaultdict(float)
    for told in stories:
        for lines in told.articles:
            spans = [span for line in lines if token in line.tokens for span in _spans(line, token)]
            for span in spans:
                places[_key(span)].append(span)
            for key in {_key(span) for span in spans}:
                shares[key] += 1 / len(told.articles)
    least = GROWN_SHARE * shares.get((token,), 0)
    key = max((key for key in shares if shares[key] >= least), key=lambda key: (len(key), shares[key], key), default=())
    return _term(places[key])


def _term(spans: Sequence[_Span]) -> _Term:
    if not spans:
        return _Term("", (), 0)
    line, i, j = spans[0]
    text = surface((line, line.units[i].start, line.units[j].end) for line, i, j in spans)
    return _Term(text, tuple(unit.token for unit in line.units[i : j + 1] if unit.token), _n_words(spans[0]))


def _spans(line: Line, token: str) -> Iterator[_Span]:
    """Give every term of a line that holds the token."""
    for at, unit in enumerate(line.units):
        if unit.token != token:
            continue
        for i in range(at, -1, -1):
            if (i < at and not _joined(line, i)) or _n_words((line, i, at)) > MAX_WORDS:
                break
            for j in range(at, len(line.units)):
                if (j > at and not _joined(line, j - 1)) or _n_words((line, i, j)) > MAX_WORDS:
                    break
                if _is_term(line, i, j):
                    yield line, i, j


def _is_term(line: Line, i: int, j: int) -> bool:
    """Whether these words can be one term: a name with what stands inside it, or a few words of one kind."""
    units = line.units[i : j + 1]
    if not units[-1].token or not (units[0].token or _is_capital_inside(line, units[0])) or _is_figure(units[0]):
        return False
    capitals = {_is_capital(line, unit) for unit in units if unit.token and not _is_figure(unit)}
    if capitals == {True} and not line.is_title_case:
        return True
    plain = all(unit.token and not _is_figure(unit) for unit in units)
    return len(capitals) == 1 and plain and _n_words((line, i, j)) <= MAX_COMMON_WORDS


def _is_figure(unit: Unit) -> bool:
    return bool(unit.token) and is_number(unit.token)


def _is_capital(line: Line, unit: Unit) -> bool:
    return line.text[unit.start].isupper()


def _is_capital_inside(line: Line, unit: Unit) -> bool:
    """Whether a word that is not compared is part of a name, as in "El Salvador": a capital where none is due."""
    before = line.text[: unit.start].rstrip()
    return _is_capital(line, unit) and not line.is_title_case and before[-1:].isalnum()


def _joined(line: Line, i: int) -> bool:
    """Whether a unit and the next stand side by side, or overlap as pairs of letters do."""
    here, there = line.units[i], line.units[i + 1]
    gap = GAP.match(line.text, here.end)
    return there.start < here.end or (gap is not None and gap.end() == there.start)


def _key(span: _Span) -> tuple[str, ...]:
    line, i, j = span
    return tuple(unit.token or line.text[unit.start : unit.end].casefold() for unit in line.units[i : j + 1])


def _n_words(span: _Span) -> int:
    """Return how many words a term is; letters of a script without spaces count together."""
    line, i, j = span
    units = line.units[i : j + 1]
    n_overlapping = sum(later.start < unit.end for unit, later in pairwise(units))
    return len(units) - n_overlapping + n_overlapping // LETTERS_PER_WORD


@cache
def _calendar() -> frozenset[str]:
    """Return the months and weekdays of many languages as they are compared."""
    return frozenset(
        token
        for language in CALENDARS
        for table in (Locale(language).months["format"], Locale(language).days["format"])
        for width in ("wide", "abbreviated")
        for name in table[width].values()
        for token in tokens(name, language)
        if len(token) > 2
    )


def _worth(words: Words, tokens: Sequence[str]) -> float:
    return sum(words.get(token, 0.0) for token in tokens) / len(tokens) if tokens else 0.0
