"""Words that belong together in a line: names of several words, and common terms. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregator.stories.surfaces import Line, Unit, surface
from aggregator.stories.words import is_number

MAX_WORDS = 4
"""Words of one term: "Ursula von der Leyen"."""

MAX_COMMON_WORDS = 2
"""Words of a term that is not known for a name by its capitals: "interest rates"."""

LETTERS_PER_WORD = 3
"""Letters of a script without spaces that count as one word."""

GAP = re.compile(r" |[-‐‑'’]|(?<=\b\w\w)\. |(?<=\b\w\w\w)\. ")
"""What may stand between the words of one term: a space, a hyphen, an apostrophe; a full stop as in "Mt. Everest"."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some units of a line that stand side by side."""

    line: Line
    first: int
    last: int

    @property
    def units(self) -> Sequence[Unit]:
        """What it is made of."""
        return self.line.units[self.first : self.last + 1]

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those of its words that are compared."""
        return tuple(unit.token for unit in self.units if unit.token)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same term as another: its tokens, and the words between them."""
        return tuple(unit.token or self.line.text[unit.start : unit.end].casefold() for unit in self.units)

    @property
    def n_words(self) -> int:
        """How many words it is; letters of a script without spaces count together."""
        n_overlapping = sum(later.start < unit.end for unit, later in pairwise(self.units))
        return len(self.units) - n_overlapping + n_overlapping // LETTERS_PER_WORD

    @property
    def is_term(self) -> bool:
        """Whether these words can be one term: a name with what stands inside it, or a few words of one kind."""
        first, last = self.units[0], self.units[-1]
        if not last.token or not (first.token or _is_capital_inside(self.line, first)) or _is_figure(first):
            return False
        capitals = {_is_capital(self.line, unit) for unit in self.units if unit.token and not _is_figure(unit)}
        if capitals == {True} and not self.line.is_title_case:
            return True
        is_plain = all(unit.token and not _is_figure(unit) for unit in self.units)
        return len(capitals) == 1 and is_plain and self.n_words <= MAX_COMMON_WORDS


def spans_with(line: Line, token: str) -> Iterator[Span]:
    """Give every term of a line that holds the token."""
    for at, unit in enumerate(line.units):
        if unit.token != token:
            continue
        for first in range(at, -1, -1):
            if (first < at and not _joined(line, first)) or Span(line, first, at).n_words > MAX_WORDS:
                break
            for last in range(at, len(line.units)):
                span = Span(line, first, last)
                if (last > at and not _joined(line, last - 1)) or span.n_words > MAX_WORDS:
                    break
                if span.is_term:
                    yield span


def shared_terms(
    left: Sequence[Line], right: Sequence[Line], tokens: Collection[str]
) -> dict[tuple[str, ...], list[Span]]:
    """Return what two texts share as terms, by their tokens: each of these tokens is in one term at most.

    Words that both write next to each other are one term where they are a name, or letters of a script without
    spaces; other words stand alone. Tokens that no line holds are left out.
    """
    here, there = _names(left, tokens), _names(right, tokens)
    found: dict[tuple[str, ...], list[Span]] = {}
    used: set[str] = set()
    for words in sorted(here.keys() & there.keys(), key=lambda words: (-len(words), words)):
        if not used.intersection(words):
            found[words] = here[words] + there[words]
            used |= set(words)
    for line in (*left, *right):
        for at, unit in enumerate(line.units):
            if unit.token in tokens and unit.token not in used:
                found.setdefault((unit.token,), []).append(Span(line, at, at))
    return found


def as_written(spans: Iterable[Span]) -> str:
    """Return how a term is mostly written."""
    return surface((span.line, span.units[0].start, span.units[-1].end) for span in spans)


def is_name(text: str) -> bool:
    """Whether a term as it is written has a capital."""
    return any(word[:1].isupper() for word in text.split())


def is_sure_name(spans: Iterable[Span]) -> bool:
    """Whether a term has a capital where none is due: inside a line that does not begin every word with one."""
    return any(_is_capital_inside(span.line, span.units[0]) for span in spans)


def _names(lines: Sequence[Line], tokens: Collection[str]) -> dict[tuple[str, ...], list[Span]]:
    """Return the terms of several of these tokens and no other that are names, or run together without spaces."""
    found: dict[tuple[str, ...], list[Span]] = defaultdict(list)
    for line in lines:
        for first, unit in enumerate(line.units):
            if unit.token in tokens:
                for span in _spans_of(line, first, tokens):
                    found[span.tokens].append(span)
    return found


def _spans_of(line: Line, first: int, tokens: Collection[str]) -> Iterator[Span]:
    """Give the names and runs of several of these tokens that begin here."""
    for last in range(first + 1, len(line.units)):
        span, token = Span(line, first, last), line.units[last].token
        if (token and token not in tokens) or not _joined(line, last - 1) or span.n_words > MAX_WORDS:
            return
        if token and (_is_known_name(span) or _is_run(span)):
            yield span


def _is_known_name(span: Span) -> bool:
    return not span.line.is_title_case and all(_is_capital(span.line, unit) for unit in span.units if unit.token)


def _is_run(span: Span) -> bool:
    return all(later.start < unit.end for unit, later in pairwise(span.units))


def _is_figure(unit: Unit) -> bool:
    return bool(unit.token) and is_number(unit.token)


def _is_capital(line: Line, unit: Unit) -> bool:
    return line.text[unit.start].isupper()


def _is_capital_inside(line: Line, unit: Unit) -> bool:
    """Whether a word that is not compared is part of a name, as in "El Salvador": a capital where none is due."""
    before = line.text[: unit.start].rstrip()
    return _is_capital(line, unit) and not line.is_title_case and before[-1:].isalnum()


def _joined(line: Line, at: int) -> bool:
    """Whether a unit and the next stand side by side, or overlap as pairs of letters do."""
    here, there = line.units[at], line.units[at + 1]
    gap = GAP.match(line.text, here.end)
    return there.start < here.end or (gap is not None and gap.end() == there.start)
