"""The same articles at other bars: what would be one story, what several, and what of it the owner has said. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from aggregator.models.bars import Remade, Trial, TriedBar
from aggregator.models.corrections import Correction, CorrectionKind
from aggregator.stories.corrections import Constraints
from aggregator.stories.group import BAR, Part, group
from aggregator.stories.similarity import Labels, Rows, both_ways
from aggregator.stories.window import Window

BARS = (0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95)
"""Bars that are tried, further apart in the middle: the decision is sure of most pairs, one way or the other."""

SHOWN = 12
"""Of the stories that would be joined, and of those that would be taken apart, the largest, that are kept to show."""


def try_bars(
    window: Window,
    story_of: Mapping[int, int],
    corrections: Sequence[Correction],
    *,
    since: datetime,
    bar: float,
    now: datetime,
    bars: Sequence[float] = BARS,
) -> Trial:
    """Return what the articles published since then would come to at each of these bars, beside the present one.

    The stories that the owner spoke of are looked at whole, however old, so that every correction can be judged.
    Nothing is held to what the owner said: that is what the bars are judged by. A bar of 0 means the engine's own.
    """
    present = bar or BAR
    rows = _rows(window, story_of, corrections, since)
    ids = window.ids[rows]
    labels = {tried: _grouped(window, rows, tried) for tried in sorted({*bars, present})}
    return Trial(
        made_at=now,
        since=since,
        bar=present,
        n_articles=len(rows),
        n_corrections=len(_judged(corrections, ids)),
        bars=tuple(
            TriedBar(
                bar=tried,
                n_stories=int((np.bincount(found) > 1).sum()) if len(found) else 0,
                n_honoured=_n_honoured(_judged(corrections, ids), ids, found),
                joined=_remade(ids, labels[present], found),
                parted=_remade(ids, found, labels[present]),
            )
            for tried, found in labels.items()
        ),
    )


def _rows(window: Window, story_of: Mapping[int, int], corrections: Sequence[Correction], since: datetime) -> Rows:
    """Return the articles that are tried, in order of publication, by position."""
    named = frozenset().union(*(each.left | each.right for each in corrections))
    stories = {story_of[each] for each in named & story_of.keys()}
    wanted = [
        row
        for row, article in enumerate(window.articles)
        if article.published_at >= since or article.id in named or story_of.get(article.id) in stories
    ]
    return np.array(sorted(wanted, key=lambda row: window.articles[row].place), dtype=np.int64)


def _grouped(window: Window, rows: Rows, bar: float) -> Labels:
    """Return a cluster for each of these articles, made from nothing; a copy goes with its original."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    copy_of, place = window.copy_of(), {each: i for i, each in enumerate(window.ids[rows].tolist())}
    original = np.array([place.get(copy_of.get(each, each), i) for each, i in place.items()], dtype=np.int64)
    plain = np.flatnonzero(original == np.arange(len(rows)))
    bridges = np.array([window.articles[row].is_round_up for row in rows[plain]], dtype=bool)
    links = both_ways(window.links[rows[plain]][:, rows[plain]])
    labels = np.empty(len(rows), dtype=np.int64)
    part = Part(window.compared, rows[plain])
    labels[plain] = group(part, links, window.decisions, held=Constraints(), bridges=bridges, bar=bar)
    return labels[original]


def _judged(corrections: Sequence[Correction], ids: Rows) -> list[Correction]:
    """Return the corrections of which both sides are among these articles."""
    there = frozenset(ids.tolist())
    return [each for each in corrections if each.left & there and each.right & there]


def _n_honoured(corrections: Sequence[Correction], ids: Rows, labels: Labels) -> int:
    """Return how many of the corrections these clusters come to by themselves."""
    label_of = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    return sum(_is_honoured(each, label_of) for each in corrections)


def _is_honoured(correction: Correction, label_of: Mapping[int, int]) -> bool:
    left, right = (_labels(side, label_of) for side in (correction.left, correction.right))
    return len(left | right) == 1 if correction.kind is CorrectionKind.TOGETHER else not left & right


def _labels(article_ids: Collection[int], label_of: Mapping[int, int]) -> set[int]:
    return {label_of[each] for each in article_ids if each in label_of}


def _remade(ids: Rows, before: Labels, after: Labels) -> Remade:
    """Return what is one cluster after and was several before, by the first article of each of those."""
    parts: dict[int, dict[int, int]] = defaultdict(dict)
    sizes: NDArray[np.int64] = np.bincount(after) if len(after) else after
    for article_id, was, now in zip(ids.tolist(), before.tolist(), after.tolist(), strict=True):
        parts[now].setdefault(was, article_id)
    found = sorted((label for label, each in parts.items() if len(each) > 1), key=lambda label: (-sizes[label], label))
    return Remade(n=len(found), shown=tuple(tuple(parts[label].values()) for label in found[:SHOWN]))
