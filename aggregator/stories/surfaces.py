"""Words as readers know them: where a text says what `words.tokens` compares. Pure."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.stories.words import placed

TITLE_CASE_SHARE = 0.8
"""Share of its longer words that begin with a capital from which a line Is Set Like This, and capitals tell nothing."""

MIN_LONGER = 3
"""Words of four letters and more that a line must have before its capitals are judged."""

POOR_WITNESS = 0.1
"""Weight of a form that a capital may have changed: at the start of a line, or in one of capitals throughout."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One word of a line, or a run of letters where the script has no spaces."""

    token: str
    """As it is compared; empty for a word that is not."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """A text, and where its words stand."""

    text: str
    units: tuple[Unit, ...]
    tokens: frozenset[str]
    """Of its units that are compared."""
    is_title_case: bool
    """Whether its capitals tell nothing of its names."""


def read_line(text: str, language: str | None = None) -> Line:
    """Return the text with its words in place; its language tells which of them are not compared."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    units = tuple(_units(plain, language))
    return Line(plain, units, frozenset(unit.token for unit in units if unit.token), _is_title_case(plain))


def surface(forms: Iterable[tuple[Line, int, int]]) -> str:
    """Return the commonest of these places, each line[start:end]; capitals that tell nothing count little."""
    votes: dict[str, float] = defaultdict(float)
    for line, start, end in forms:
        is_poor = line.is_title_case or not line.text[:start].strip(" \"'«“„(")
        votes[line.text[start:end]] += POOR_WITNESS if is_poor else 1
    return min(votes, key=lambda form: (-votes[form], form)) if votes else ""


def _units(text: str, language: str | None) -> Iterator[Unit]:
    for start, end, parts in placed(text, language):
        if len(parts) > 1:
            yield from _letters(text[start:end], start, parts)
        else:
            yield Unit(parts[0] if parts else "", start, end)


def _letters(run: str, offset: int, parts: Sequence[str]) -> Iterator[Unit]:
    """Give where the parts of a run without spaces stand; those that do not stand there as they are, not at all."""
    after = 0
    for part in parts:
        at = run.find(part, after)
        if at >= 0:
            yield Unit(part, offset + at, offset + at + len(part))
            after = at + 1


def _is_title_case(text: str) -> bool:
    longer = [word for word in re.findall(r"[^\W\d_]{4,}", text) if word[0].lower() != word[0].upper()]
    n_capital = sum(word[0].isupper() for word in longer)
    return len(longer) >= MIN_LONGER and n_capital >= TITLE_CASE_SHARE * len(longer)
