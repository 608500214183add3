"""The members of a window and those nearest to them -> evidence, as they were compared. Pure."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aggregator.models.evidence import Evidence
from aggregator.models.stories import WindowArticle
from aggregator.stories.clean import clean_text, clean_title
from aggregator.stories.explain import Pair, Rule, Weight, explain
from aggregator.stories.group import BAR, QUORUM, USUAL_LENGTH
from aggregator.stories.profiles import TYPICAL_WORDS
from aggregator.stories.similarity import (
    LOGITS_PER_DAY,
    PATIENCE_DAYS,
    VECTORS_ALONE,
    Compared,
    Rows,
    reserves,
)
from aggregator.stories.surfaces import Line, read_line
from aggregator.stories.vocabulary import WordMatrix
from aggregator.stories.window import Window


def find_evidence(
    window: Window,
    ids: Sequence[tuple[int, int]],
    scores: Sequence[float],
    said: Iterable[WindowArticle],
    *,
    bar: float = 0.0,
) -> list[Evidence | None]:
    """Return why each pair of articles, a member and the one nearest to it, is held for one happening.

    `scores` are those that the pairs were decided by; `said` has what the articles say. None for a pair of which one
    is not in the window, or says nothing. A bar of 0 means the engine's own.
    """
    there = {each.id: _lines(each) for each in said}
    there = {article.id: there[article.id] for article in window.articles if article.id in there}
    known = [i for i, pair in enumerate(ids) if there.keys() >= set(pair)]
    pairs = pairs_in(window, [ids[i] for i in known], [scores[i] for i in known])
    found: list[Evidence | None] = [None] * len(ids)
    for i, pair in zip(known, pairs, strict=True):
        found[i] = explain(pair, there[ids[i][0]], there[ids[i][1]], rule_of(window, pair, bar=bar))
    return found


def rule_of(window: Window, pair: Pair, *, bar: float = 0.0) -> Rule:
    """Return what decides on this pair: by its words alone where not both have a vector."""
    ending = "" if pair.has_vectors else "_by_words"
    return Rule(
        pair=window.decisions[f"pair{ending}"],
        join=window.decisions[f"join{ending}"],
        bar=bar or BAR,
        patience_days=PATIENCE_DAYS,
        logits_per_day=LOGITS_PER_DAY,
        quorum=QUORUM,
        ceiling=VECTORS_ALONE,
        usual_length=USUAL_LENGTH,
    )


def pairs_in(window: Window, ids: Sequence[tuple[int, int]], scores: Sequence[float]) -> list[Pair]:
    """Return these pairs of articles of the window as they were compared."""
    if not ids:
        return []
    row_of = {article.id: row for row, article in enumerate(window.articles)}
    left, right = (np.array([row_of[each] for each in side], dtype=np.int64) for side in zip(*ids, strict=True))
    compared = window.compared
    features = window.features(left, right)
    near = np.einsum("ij,ij->i", compared.vectors[left], compared.vectors[right]).tolist()
    both = (compared.has_vector[left] & compared.has_vector[right]).tolist()
    days = np.abs(compared.days[left] - compared.days[right])
    others = reserves(compared, left, right) - LOGITS_PER_DAY * np.maximum(days - PATIENCE_DAYS, 0)
    titles = _shared_words(compared.titles, left, right, window.words_of_titles())
    texts = _shared_words(compared.texts, left, right, window.words_of_texts())
    names = _shared_words(compared.names, left, right, window.words_of_names())
    covers = _covers(compared, left, right, window.words_of_texts())
    return [
        Pair(
            score=float(score),
            features={name: float(values[i]) for name, values in features.items()},
            titles=titles[i],
            texts=texts[i],
            names=names[i],
            cover=covers[i],
            days=float(days[i]),
            reserve=float(others[i]),
            likeness=near[i] if both[i] else None,
        )
        for i, score in enumerate(scores)
    ]


def _shared_words(matrix: WordMatrix, left: Rows, right: Rows, words: Sequence[str]) -> list[Mapping[str, Weight]]:
    """Return the words that the two rows of each pair share, with what they weigh in either."""
    found: list[Mapping[str, Weight]] = []
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        here, there = (slice(matrix.indptr[row], matrix.indptr[row + 1]) for row in (one, other))
        columns, at_here, at_there = np.intersect1d(
            matrix.indices[here], matrix.indices[there], assume_unique=True, return_indices=True
        )
        weights = zip(matrix.data[here][at_here].tolist(), matrix.data[there][at_there].tolist(), strict=True)
        found.append({words[column]: Weight(*pair) for column, pair in zip(columns.tolist(), weights, strict=True)})
    return found


def _covers(compared: Compared, left: Rows, right: Rows, words: Sequence[str]) -> list[dict[str, float]]:
    """Return what each shared word adds to the cover of two clusters of one article each (see group)."""
    found: list[dict[str, float]] = []
    for pair in zip(left.tolist(), right.tolist(), strict=True):
        there = [compared.texts.indices[slice(*compared.texts.indptr[row : row + 2])] for row in pair]
        both, parts = np.intersect1d(*there), dict[str, float]()
        for columns in there:
            typical = columns[np.lexsort((columns, -compared.rarity[columns]))][:TYPICAL_WORDS]
            share = compared.rarity[typical] / (2 * max(float(compared.rarity[typical].sum()), 1e-6))
            for column, part in zip(typical.tolist(), share.tolist(), strict=True):
                if column in both:
                    parts[words[column]] = parts.get(words[column], 0.0) + part
        found.append(parts)
    return found


def _lines(article: WindowArticle) -> tuple[Line, Line]:
    title = clean_title(article.title, article.publisher)
    return read_line(title, article.language), read_line(clean_text(article.text, title), article.language)
