"""Where in a text a query was found: its words marked, with what stands around them. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aggregator.letters import folded
from aggregator.query.language import Term
from aggregator.query.tokens import MAX_TOKEN_CHARS, piece_pattern

SNIPPET_CHARS = 220
BEFORE_CHARS = 60
"""Of a snippet, at most so many stand before the first word that was found."""


class Part(NamedTuple):
    """A piece of text, and whether it is what was looked for."""

    text: str
    is_found: bool


Span = tuple[int, int]


def marked(text: str, terms: Sequence[Term]) -> tuple[Part, ...]:
    """Return the whole text in parts, what was found apart from the rest."""
    return _parts(text, found_in(text, terms), 0, len(text))


def snippet(text: str, terms: Sequence[Term]) -> tuple[Part, ...]:
    """Return the stretch of the text where most of the words stand, in parts; its beginning where none does."""
    spans = found_in(text, terms)
    start = _start(text, spans)
    end = _end(text, start + SNIPPET_CHARS)
    parts = _parts(text, spans, start, end)
    return (*((Part("… ", False),) if start else ()), *parts, *((Part(" …", False),) if end < len(text) else ()))


def found_in(text: str, terms: Iterable[Term]) -> list[Span]:
    """Return where in the text words of these terms stand, in order; what touches is one."""
    whole, beginnings, runs = _wanted(terms)
    found: list[Span] = []
    for piece in piece_pattern().finditer(text):
        word = folded(piece[0])
        if piece.lastgroup == "run":
            found += _in_run(word, runs, piece.start()) if len(word) == len(piece[0]) else ()
        elif word[:MAX_TOKEN_CHARS] in whole or word.startswith(beginnings):
            found.append(piece.span())
    return _joined(found)


def _wanted(terms: Iterable[Term]) -> tuple[set[str], tuple[str, ...], set[str]]:
    """Return the whole words that are looked for, the beginnings of words, and the runs of letters without spaces."""
    whole: set[str] = set()
    beginnings: list[str] = []
    runs: set[str] = set()
    for term in terms:
        for n, token in enumerate(term.tokens):
            piece = piece_pattern().fullmatch(token)
            if piece and piece.lastgroup == "run":
                runs.add(token)
            elif term.begins and n == len(term.tokens) - 1:
                beginnings.append(token)
            else:
                whole.add(token)
    return whole, tuple(beginnings), runs


def _in_run(run: str, wanted: Iterable[str], offset: int) -> list[Span]:
    found = []
    for each in wanted:
        at = run.find(each)
        while at >= 0:
            found.append((offset + at, offset + at + len(each)))
            at = run.find(each, at + 1)
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _start(text: str, spans: Sequence[Span]) -> int:
    """Return where the snippet begins: at a word, before the first of as many hits as fit into one."""
    if not spans:
        return 0
    starts = [start for start, _ in spans]
    reach = SNIPPET_CHARS - BEFORE_CHARS
    fullest = max(range(len(starts)), key=lambda n: (bisect_left(starts, starts[n] + reach) - n, -n))
    start = starts[fullest] - BEFORE_CHARS
    if start <= 0:
        return 0
    gap = text.find(" ", start, starts[fullest])
    return gap + 1 if gap >= 0 else start


def _end(text: str, wished: int) -> int:
    if wished >= len(text):
        return len(text)
    gap = text.rfind(" ", wished - 40, wished)
    return gap if gap > 0 else wished


def _parts(text: str, spans: Iterable[Span], start: int, end: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    at = start
    for first, last in spans:
        first, last = max(first, start), min(last, end)
        if first >= last:
            continue
        if first > at:
            parts.append(Part(text[at:first], False))
        parts.append(Part(text[first:last], True))
        at = last
    if at < end:
        parts.append(Part(text[at:end], False))
    return tuple(parts)
