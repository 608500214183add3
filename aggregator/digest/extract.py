"""Which sentences give a story in short, and what one publisher says alone. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from aggregator.digest.claims import Stated
from aggregator.digest.lines import Nearness
from aggregator.digest.sentences import WIDE

N_SENTENCES = 5

N_ALONE = 6

ALONE_EACH = 2
"""Of one publisher."""

MIN_CHARS, MAX_CHARS = 40, 320
"""Letters of a sentence that is quoted; of a script without spaces a third."""

WIDE_PART = 3

READS_ON = re.compile(
    r"^(?:[\"“”«»„‘'–—-]|(?:but|and|he|she|they|it|this|that|these|those|however|meanwhile|mais|et|il|elle|ils|elles|"
    r"cela|ce|aber|und|er|sie|es|dies|diese[rs]?|pero|y|él|ella|ellos|esto|eso|esa|ese|ma|e|lui|lei|questo)\b)",
    re.IGNORECASE,
)
"""How sentences begin that lean on the one before them, and quotations: out of their place they say little."""


def in_short(
    claims: Sequence[Stated], near: Nearness, shared: Collection[str], language: str | None, bar: float
) -> tuple[int, ...]:
    """Return the positions of the claims that give the story in a few sentences, those of most voices first.

    Among equals, that comes first which brings most of the particulars that several publishers have: `shared`. What
    one says alone is among them only where it brings some of those. None says what another of them says, and all are
    in one language.
    """
    fit = [
        at
        for at, claim in enumerate(claims)
        if claim.line.language == language and is_quotable(claim) and claim.line.particulars
    ]
    n_shared = {at: len(claims[at].line.particulars.intersection(shared)) for at in fit}
    fit = [at for at in fit if claims[at].n_voices > 1 or n_shared[at]]
    fit.sort(key=lambda at: (-claims[at].n_voices, -n_shared[at], claims[at].line.place, at))
    picked: list[int] = []
    for at in fit:
        row = claims[at].row
        if all(max(near[row, claims[other].row], near[claims[other].row, row]) < bar for other in picked):
            picked.append(at)
        if len(picked) == N_SENTENCES:
            break
    return tuple(picked)


def alone(
    claims: Sequence[Stated],
    publishers: Sequence[str],
    shared: Collection[str],
    taken: Collection[int],
) -> tuple[int, ...]:
    """Return the positions of claims that one publisher makes alone, with a name or a number that no other has."""
    brings = {
        at: len(claim.line.particulars.difference(shared))
        for at, claim in enumerate(claims)
        if claim.n_publishers == 1 and at not in taken and is_quotable(claim)
    }
    turns: list[tuple[int, int]] = []
    of_publisher: Counter[str] = Counter()
    for at in sorted(brings, key=lambda at: (-brings[at], claims[at].line.place, at)):
        publisher = publishers[claims[at].line.article]
        if brings[at] and of_publisher[publisher] < ALONE_EACH:
            turns.append((of_publisher[publisher], at))
            of_publisher[publisher] += 1
    # the second of each publisher comes after the first of all; sorting keeps the order of equals
    return tuple(at for _, at in sorted(turns, key=lambda turn: turn[0])[:N_ALONE])


def is_quotable(claim: Stated) -> bool:
    """Whether its sentence can stand by itself: no title, neither scrap nor screed, and no leaning on others."""
    text = claim.line.text
    part = WIDE_PART if WIDE.search(text) else 1
    return not claim.line.is_title and MIN_CHARS / part <= len(text) <= MAX_CHARS / part and not READS_ON.match(text)


def main_language(languages: Sequence[str | None], lead: int) -> str | None:
    """Return the language of most articles of a story; at a tie that of the lead article."""
    counts = Counter(languages)
    return max(counts, key=lambda language: (counts[language], language == languages[lead], language or ""))
