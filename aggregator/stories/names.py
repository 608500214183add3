"""The names in a text: who and where, which tell two happenings of one kind apart. Pure."""

import re
from itertools import chain

from aggregator.stories.words import Runs, capitals

SENTENCE_END = re.compile(r"(?<=[.!?…:»”\"])\s+|\n")

MIN_PIECES = 3
"""Words of a sentence from which its capitals are looked at: shorter ones are headings."""

MAX_CAPITALS = 0.6
"""Share of a sentence's words that begin with a capital, beyond which all do: Headlines Are Often Written So."""


def names(text: str, language: str | None = None, runs: Runs | None = None) -> tuple[str, ...]:
    """Return the tokens of the words that are capitalised inside sentences; none in scripts without capitals.

    The first word of a sentence has its capital from there, and tells nothing. `runs` are what was read before.
    """
    runs = runs or Runs()
    found: list[str] = []
    for sentence in SENTENCE_END.split(text):
        words = capitals(sentence, language, runs)
        if len(words) < MIN_PIECES:
            continue
        capital = [tokens for is_capital, tokens in words if is_capital]
        if len(capital) <= MAX_CAPITALS * len(words):
            begins_with_one, _ = words[0]
            found += chain.from_iterable(capital[begins_with_one:])
    return tuple(found)
