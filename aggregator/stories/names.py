"""The names in a text: who and where, which tell two happenings of one kind apart. Pure."""

import re

from aggregator.stories.words import capitals

SENTENCE_END = re.compile(r"(?<=[.!?…:»”\"])\s+|\n")

MIN_PIECES = 3
"""Words of a sentence from which its capitals are looked at: shorter ones are headings."""

MAX_CAPITALS = 0.6
"""Share of a sentence's words that begin with a capital, beyond which all do: Headlines Are Often Written So."""


def names(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the tokens of the words that are capitalised inside sentences; none in scripts without capitals.

    The first word of a sentence has its capital from there, and tells nothing.
    """
    found: list[str] = []
    for sentence in SENTENCE_END.split(text):
        words = capitals(sentence, language)
        if len(words) < MIN_PIECES or sum(is_capital for is_capital, _ in words) > MAX_CAPITALS * len(words):
            continue
        found += [token for is_capital, tokens in words[1:] if is_capital for token in tokens]
    return tuple(found)
