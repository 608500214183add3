"""What the articles of a story say, line by line, and how near each line is to each other. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.digest.particulars import known_names, numbers, particulars
from aggregator.digest.sentences import compared, folded_spaces, sentences
from aggregator.models.digests import ToldArticle
from aggregator.models.values import Vectors
from aggregator.stories.clean import clean_title
from aggregator.stories.words import Runs, tokens

MAX_LINES = 2_000
"""Of one story: all pairs of so many take 16 MB and half a second. Where there are more articles, each gives fewer."""

MIN_LINES_EACH = 3

SAME = 0.5
"""Nearness from which a sentence says what another says. Source: bench/novelty.md."""

NEAR = 0.45
"""Nearness from which a sentence brings little that another has not: under it, it may be new. Source: as above."""

SAME_BY_WORDS = 0.55
"""The same where words alone are compared: from here on a model agrees, and "said by 8" is worth more right than often.
Source: bench/novelty.md, its last table."""

NEAR_BY_WORDS = 0.3
"""As above, by words alone. Source: bench/novelty.md."""

Nearness = NDArray[np.float32]
"""How near line i is to line j, 0..1, shape (n, n): not symmetric, for a short line may be all in a long one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or a title of an article."""

    article: int
    """Its position in the story."""
    place: int
    """Its position in the article: 0 is the title."""
    text: str
    """Word for word, spaces folded."""
    language: str | None
    words: frozenset[str]
    numbers: frozenset[str]
    particulars: frozenset[str]

    @property
    def is_title(self) -> bool:
        """Whether it is the article's title."""
        return self.place == 0


def passages(article: ToldArticle) -> list[str]:
    """Return the title and the sentences of an article, as they are encoded and shown."""
    return [folded_spaces(article.title), *sentences(article.text, article.title, article.language)]


def lines_of(articles: Sequence[ToldArticle], said: Sequence[Sequence[str]]) -> list[Line]:
    """Return the lines of a story, article by article; `said` are the passages of each.

    A title without words is left out, and of each article of a very large story all but the first few.
    """
    each = max(MAX_LINES // max(len(articles), 1), MIN_LINES_EACH)
    plain = [_compared(article, texts[:each]) for article, texts in zip(articles, said, strict=True)]
    known = known_names(
        (text, article.language) for article, texts in zip(articles, plain, strict=True) for text in texts
    )
    runs = Runs()
    return [
        Line(
            article=at,
            place=place,
            text=written,
            language=article.language,
            words=frozenset(tokens(text, article.language, runs)),
            numbers=numbers(text, article.language, runs),
            particulars=particulars(text, article.language, known, runs),
        )
        for at, article in enumerate(articles)
        for place, (written, text) in enumerate(zip(said[at], plain[at], strict=False))
        if text.strip()
    ]


def nearness(lines: Sequence[Line], vectors: Vectors | None) -> Nearness:
    """Return how near each line is to each other: the mean of their cosine and of the share of words they share.

    `vectors` has a unit row per line, shape (n, dim); where there are none, the share of words is all there is.
    """
    columns = {word: at for at, word in enumerate(sorted({word for line in lines for word in line.words}))}
    starts = np.cumsum([0, *(len(line.words) for line in lines)], dtype=np.int64)
    places = np.array([columns[word] for line in lines for word in sorted(line.words)], dtype=np.int32)
    has = sparse.csr_matrix(
        (np.ones(len(places), dtype=np.float32), places, starts), shape=(len(lines), max(len(columns), 1))
    )
    n_words = np.maximum(np.diff(starts), 1).astype(np.float32)
    shared = np.asarray((has @ has.T).todense(), dtype=np.float32) / n_words[:, None]
    return shared if vectors is None else np.asarray((shared + np.clip(vectors @ vectors.T, 0, 1)) / 2)


def holders(lines: Sequence[Line], near: Nearness, languages: Sequence[str | None], bar: float) -> NDArray[np.bool_]:
    """Return which articles say what each line says: shape (lines, articles).

    They are in one language with it, have a line that is near enough, and every number that it has.
    """
    by_article = np.zeros((len(lines), len(languages)), dtype=np.float32)
    there, first = np.unique([line.article for line in lines], return_index=True)
    by_article[:, there] = np.maximum.reduceat(near, first, axis=1)
    found = by_article >= bar
    of_article: dict[int, set[str]] = {}
    for line in lines:
        of_article.setdefault(line.article, set()).update(line.numbers)
    for row, at in np.argwhere(found).tolist():
        line = lines[row]
        found[row, at] = _is_one_language(line.language, languages[at]) and line.numbers <= of_article[at]
    found[np.arange(len(lines)), [line.article for line in lines]] = True
    return found


def particulars_by_article(lines: Sequence[Line]) -> Mapping[str, Collection[int]]:
    """Return of each particular of a story the positions of the articles that have it."""
    found: dict[str, dict[int, None]] = {}
    for line in lines:
        for each in sorted(line.particulars):
            found.setdefault(each, {})[line.article] = None
    return found


def _compared(article: ToldArticle, texts: Sequence[str]) -> list[str]:
    title, *rest = texts
    return [clean_title(title, article.publisher), *map(compared, rest)]


def _is_one_language(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
