"""What a group of stories is called: its own words, as its articles write them. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from babel import Locale

from aggregator.stories.surfaces import Line
from aggregator.stories.terms import MAX_WORDS, Span, as_written, is_name, spans_with
from aggregator.stories.words import is_number, tokens

MAX_TERMS = 3
"""Words, or names of several words, that a name is made of."""

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
        if share >= least and n_stories[token] > 1 and token not in calendar()
    }
    ordered = sorted(weights, key=lambda token: (-weights[token], token))[:N_PROFILE]
    return {token: weights[token] for token in ordered}


def _terms(words: Words, stories: Sequence[Told]) -> list[_Term]:
    """Return the best words that say different things, each grown to the term it is part of."""
    heard = [Told(told.articles[:N_HEARD]) for told in stories]
    grown = {token: _grown(token, heard) for token in list(words)[: 2 * MAX_TERMS]}
    weight = {token: words[token] * (NAME_BONUS if is_name(term.text) else 1) for token, term in grown.items()}
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


def _grown(token: str, stories: Sequence[Told]) -> _Term:
    """Return the longest term around a word that most of its stories say: "leyen" -> "Ursula von der Leyen"."""
    places: dict[tuple[str, ...], list[Span]] = defaultdict(list)
    shares: dict[tuple[str, ...], float] = defaultdict(float)
    for told in stories:
        for lines in told.articles:
            spans = [span for line in lines if token in line.tokens for span in spans_with(line, token)]
            for span in spans:
                places[span.key].append(span)
            for key in {span.key for span in spans}:
                shares[key] += 1 / len(told.articles)
    least = GROWN_SHARE * shares.get((token,), 0)
    key = max((key for key in shares if shares[key] >= least), key=lambda key: (len(key), shares[key], key), default=())
    spans = places[key]
    return _Term(as_written(spans), spans[0].tokens, spans[0].n_words) if spans else _Term("", (), 0)


@cache
def calendar() -> frozenset[str]:
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
