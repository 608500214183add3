"""Lines that say the same -> claims, each with one sentence that stands for it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.digest.lines import Line, Nearness

MAX_CLAIMS = 150
"""Kept of those that most articles make, and again of the newest."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A claim of a story, by the positions of its articles."""

    row: int
    """Of the line that stands for it."""
    line: Line
    said_by: tuple[int, ...]
    near: tuple[int, ...]
    n_publishers: int
    n_voices: int


def state(
    lines: Sequence[Line],
    near: Nearness,
    said: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    voices: Sequence[int],
    publishers: Sequence[str],
    bar: float,
) -> list[Stated]:
    """Return the claims of a story, those of the most voices first, then in the order in which articles say them.

    `said` has which articles say each line, and which say it or nearly it, both of shape (lines, articles). A line
    that says what one before it says, and brings no particular that this has not, makes no claim of its own.
    """
    by, nearly = said
    stated = [_stated(row, line, (by[row], nearly[row]), voices, publishers) for row, line in enumerate(lines)]
    stated.sort(key=lambda each: (-each.n_voices, -each.n_publishers, each.line.is_title, each.line.place, each.row))
    absorbed = np.zeros(len(lines), dtype=bool)
    found: list[Stated] = []
    for each in stated:
        if absorbed[each.row]:
            continue
        found.append(each)
        for row in np.flatnonzero((near[:, each.row] >= bar) & ~absorbed).tolist():
            absorbed[row] = lines[row].particulars <= each.line.particulars
    return _fewer(found)


def _stated(
    row: int,
    line: Line,
    said: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    voices: Sequence[int],
    publishers: Sequence[str],
) -> Stated:
    by = np.flatnonzero(said[0]).tolist()
    return Stated(
        row=row,
        line=line,
        said_by=(line.article, *(at for at in by if at != line.article)),
        near=tuple(np.flatnonzero(said[0] | said[1]).tolist()),
        n_publishers=len({publishers[at] for at in by}),
        n_voices=len({voices[at] for at in by}),
    )


def _fewer(found: Sequence[Stated]) -> list[Stated]:
    """Return the claims of most voices and those of the newest articles, in the order they came in."""
    if len(found) <= 2 * MAX_CLAIMS:
        return list(found)
    newest = sorted(found[MAX_CLAIMS:], key=lambda each: (-each.line.article, each.line.place))[:MAX_CLAIMS]
    kept = {each.row for each in (*found[:MAX_CLAIMS], *newest)}
    return [each for each in found if each.row in kept]
