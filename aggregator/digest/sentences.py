"""The sentences of an article, word for word as its publisher wrote them. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import sentencex

from aggregator.stories.clean import DATELINE, FURNITURE

READ_CHARS = 6_000
"""Characters of a text whose sentences are looked at: what happened is said first."""

MAX_SENTENCES = 20
"""Of one article."""

MAX_CHARS = 600
"""Of a sentence: longer ones are lists, tables and texts without full stops."""

MIN_CHARS = 20
"""Of a sentence in letters; a script without spaces says as much in MIN_WIDE_CHARS."""

MIN_WIDE_CHARS = 8

MIN_OPEN_CHARS = 60
"""Of a sentence without a mark at its end: shorter ones are headings, captions and names."""

WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
ENDED = re.compile(r"""[.!?。！？؟۔।॥៕။"”’»」』)]$""")
CUT = re.compile(r"(?:…|\.\.\.)[\s\])]*$")
"""Where a feed cuts a text off, its last sentence is not whole."""

GOES_ON = re.compile(r"(?:^|\s)(?:[A-ZÀ-ÞА-Я]{1,2}|Me|Mme|Mlle|Mgr|Sr|Sra)\.$")
"""An initial, or a title before a name, which the library takes for the end of a sentence: "M. Durand"."""

QUOTE_GOES_ON = re.compile("^(?:と|って)")
"""Japanese: who said what stands before."""


def sentences(text: str, title: str = "", language: str | None = None) -> tuple[str, ...]:
    """Return the whole sentences of a text in order, each once, without dateline and furniture, spaces folded.

    Each stands in the text word for word, but for its spaces. One that only repeats the title is left out.
    """
    seen = {_letters(title)}
    found: list[str] = []
    for sentence in _all(text[:READ_CHARS], language, is_cut=len(text) > READ_CHARS):
        key = _letters(sentence)
        if key not in seen and _is_whole(sentence):
            seen.add(key)
            found.append(sentence)
    return tuple(found[:MAX_SENTENCES])


def folded_spaces(text: str) -> str:
    """Return the text on one line with single spaces."""
    return " ".join(text.split())


def compared(sentence: str) -> str:
    """Return a sentence as it is compared with others: whatever forms of letters it is written in."""
    return unicodedata.normalize("NFKC", sentence)


def _all(text: str, language: str | None, *, is_cut: bool) -> Iterator[str]:
    paragraphs = [line for line in map(folded_spaces, re.split(r"\n\s*\n|\n(?=\s*[-•*] )", text)) if line]
    for n, paragraph in enumerate(paragraphs):
        body = DATELINE.sub("", paragraph) if n == 0 else paragraph
        found = _joined([part.strip() for part in sentencex.segment(language or "en", body) if part.strip()])
        yield from found[:-1] if is_cut and n == len(paragraphs) - 1 else found


def _joined(parts: Sequence[str]) -> list[str]:
    """Return the sentences with those put together that the library divides inside."""
    found: list[str] = []
    for part in parts:
        if found and (GOES_ON.search(found[-1]) or (found[-1].endswith("」") and QUOTE_GOES_ON.match(part))):
            # in a text without spaces there was none between the two
            found[-1] += part if found[-1].endswith("」") else f" {part}"
        else:
            found.append(part)
    return found


def _is_whole(sentence: str) -> bool:
    least = MIN_WIDE_CHARS if WIDE.search(sentence) else MIN_CHARS
    if not least <= len(sentence) <= MAX_CHARS or CUT.search(sentence) or FURNITURE.search(compared(sentence)):
        return False
    return ENDED.search(sentence) is not None or len(sentence) >= MIN_OPEN_CHARS


def _letters(text: str) -> str:
    return "".join(letter for letter in compared(text).casefold() if letter.isalnum())
