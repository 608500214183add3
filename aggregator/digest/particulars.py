"""The particulars of a sentence, its names and numbers: what it brings that can be checked. Pure."""

import re
from collections.abc import Collection, Iterable
from functools import cache
from itertools import pairwise

from aggregator.letters import folded
from aggregator.stories.names import names
from aggregator.stories.naming import calendar
from aggregator.stories.words import Runs, is_number, placed, tokens

SPELT = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit "
    "dix-neuf vingt",
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn zwanzig",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici "
    "diciassette diciotto diciannove venti",
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito "
    "dezenove vinte",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
    "achttien negentien twintig",
}
"""From two to twenty: one is an article in most of these languages."""


NOUNS_ARE_CAPITAL = frozenset({"de", "lb"})
"""Languages in which every noun has a capital; there a name stands behind another capital, or says where or by whom."""

BEFORE_NAMES = frozenset("aus bei gegen in nach nahe um von vor".split())

WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def numbers(sentence: str, language: str | None = None, runs: Runs | None = None) -> frozenset[str]:
    """Return the numbers in a sentence in figures, without separators; small ones also where they are spelt out."""
    spelt = _spelt((language or "en").lower())
    written = {token for token in tokens(sentence, language, runs) if is_number(token)}
    return frozenset(written.union(spelt[word] for word in WORD.findall(folded(sentence)) if word in spelt))


def known_names(texts: Iterable[tuple[str, str | None]]) -> frozenset[str]:
    """Return the tokens of the names in these texts, each with its language, less the days and months."""
    runs = Runs()
    return frozenset(
        token for text, language in texts for token in _names(text, language, runs) if token not in calendar()
    )


def particulars(
    sentence: str, language: str | None, known: Collection[str], runs: Runs | None = None
) -> frozenset[str]:
    """Return the numbers in a sentence and the tokens of its names, of those that are `known`.

    A name is known by its capital inside some sentence. Scripts without capitals tell no names: all words count.
    """
    said = frozenset(tokens(sentence, language, runs))
    of_names = said.intersection(known) if has_capitals(sentence) else said
    return of_names | numbers(sentence, language, runs)


def has_capitals(text: str) -> bool:
    """Whether a text is in a script that has capitals."""
    return any(letter.lower() != letter.upper() for letter in text)


def _names(text: str, language: str | None, runs: Runs) -> Iterable[str]:
    return _german_names(text, language) if language in NOUNS_ARE_CAPITAL else names(text, language, runs)


def _german_names(text: str, language: str | None) -> list[str]:
    """Return the tokens of capitalised words that follow another such, not the sentence's first, or say where."""
    words = [(text[start:end], found) for start, end, found in placed(text, language)]
    return [
        token
        for (before, _), (word, found) in pairwise(words[1:])
        if word[0].isupper() and (before[0].isupper() or before in BEFORE_NAMES)
        for token in found
    ]


@cache
def _spelt(language: str) -> dict[str, str]:
    words = SPELT.get(language.split("-")[0], "").split()
    return {folded(word): str(number) for number, word in enumerate(words, start=2)}
