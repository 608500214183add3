"""The window as the engine keeps it in memory between runs: what arrives is compared once, what is gone forgotten.

A window can be thrown away at any time: it is made of what the store knows.
"""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from aggregator.models.encoders import Calibration
from aggregator.models.stories import WindowArticle
from aggregator.models.values import Halves, Vectors
from aggregator.stories.calibrate import near_best
from aggregator.stories.candidates import blocks, candidates_in
from aggregator.stories.clean import clean_text, clean_title, is_round_up
from aggregator.stories.copies import CopyIndex, Told, agency
from aggregator.stories.furniture import Furniture, Piece
from aggregator.stories.names import names
from aggregator.stories.rows import rows_for
from aggregator.stories.similarity import (
    Background,
    Compared,
    Decisions,
    Features,
    HalfLinks,
    Rows,
    Scores,
    Words,
    appended,
    background,
    compare,
    keep,
    pair_features,
    pair_scores,
    widened,
)
from aggregator.stories.threads import side_by_side
from aggregator.stories.vocabulary import stacked
from aggregator.stories.words import Runs, tokens

LEAST_LINK = 0.2
"""Pair score from which two articles are linked. Lower ones hold nothing together, and are most of the candidates."""

FORM_SHARE = 0.3
"""Of a text: where less is left without furniture, it is a form (weather, horoscopes, notices of deaths)."""

MAX_DRIFT = 0.1
"""Share of the window that may come or go before all of it is read and grouped anew. Source: on the largest labelled
set a live replay is like its rebuild by .934 (adjusted Rand index), and by .978 with half of this, which groups worse
and moves more articles; see docs/decisions/0010-the-decision.md."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An article of the window, less its words."""

    id: int
    publisher: str
    published_at: datetime
    url: str
    origin: str
    """Whose reporting it is: an agency's where one is named, else the owner's or the publisher's."""
    is_readable: bool
    """Whether it has a title and a text, and is no round-up."""
    is_round_up: bool

    @property
    def place(self) -> tuple[datetime, str, int]:
        """By what articles are put in order of publication."""
        return self.published_at, self.url, self.id


class _Said(NamedTuple):
    """What a text says without its publisher's furniture."""

    words: tuple[str, ...]
    names: tuple[str, ...]
    """Those of title and text that are among their words."""
    is_form: bool


class Window:
    """The articles of a window, what is compared of them, and the links between them."""

    def __init__(self, decisions: Decisions, calibration: Calibration | None = None) -> None:
        self.decisions = decisions
        self._calibration = calibration
        self.articles: list[Standing] = []
        self.links: HalfLinks = sparse.csr_matrix((0, 0), dtype=np.float32)
        self._compared: Compared | None = None
        self._background: Background | None = None
        self._copies = CopyIndex()
        self._furniture = Furniture()
        self._n_measured = 0
        self._n_changes = 0

    def __len__(self) -> int:
        return len(self.articles)

    @property
    def ids(self) -> Rows:
        """The articles' ids, shape (n,)."""
        return np.array([article.id for article in self.articles], dtype=np.int64)

    @property
    def compared(self) -> Compared:
        """What is compared of the articles; ValueError while there is none."""
        if self._compared is None:
            raise ValueError("An empty window compares nothing.")
        return self._compared

    def would_drift(self, n_changes: int) -> bool:
        """Whether the background has to be measured anew if so many more articles come and go: make a new window."""
        return self._n_changes + n_changes > MAX_DRIFT * self._n_measured

    def copy_of(self) -> dict[int, int]:
        """Return {copy: original}, by article id."""
        return self._copies.originals()

    def advance(
        self,
        arrived: Sequence[WindowArticle],
        vector_ids: Sequence[int] = (),
        vectors: Vectors | Halves | None = None,
        gone: Collection[int] = (),
    ) -> None:
        """Take in articles, in whatever order, and forget others; one that is there already is replaced.

        `vector_ids` names the rows of `vectors`, shape (len(vector_ids), dim); articles without a row are compared by
        their words. Raises EncoderError where the two do not belong together.
        """
        ordered = sorted(arrived, key=lambda article: (article.published_at, article.url or "", article.id))
        self._forget({*gone, *(article.id for article in ordered)})
        self._compare(ordered, rows_for([article.id for article in ordered], vector_ids, vectors), gone)
        if ordered:
            self.articles += [_standing(article) for article in ordered]
            self._link(len(self) - len(ordered))

    def says_something(self, sentence: str, publisher: str) -> bool:
        """Whether a sentence is a piece's own, and not what its publisher puts under all pieces."""
        return bool(self._furniture.text(unicodedata.normalize("NFKC", sentence), publisher))

    def words_of_titles(self) -> list[str]:
        """Return the word of each column of the titles."""
        return list(self._background.titles.columns) if self._background else []

    def words_of_texts(self) -> list[str]:
        """Return the word of each column of the texts."""
        return list(self._background.texts.columns) if self._background else []

    def words_of_names(self) -> list[str]:
        """Return the word of each column of the names."""
        return list(self._background.names.columns) if self._background else []

    def scores(self, left: Rows, right: Rows) -> Scores:
        """Return the learned chance of each pair of positions: shape (pairs,)."""
        return pair_scores(self.compared, left, right, self.decisions, self._calibration)

    def features(self, left: Rows, right: Rows) -> Features:
        """Return what each pair of positions is judged by, by name: each of shape (pairs,)."""
        return pair_features(self.compared, left, right, self._calibration)

    def _is_no_mere_likeness(self, left: Rows, right: Rows, scores: Scores) -> NDArray[np.bool_]:
        """Return which pairs are of one language, or near the best that either has in the other's."""
        languages = self.compared.languages
        same = languages[left] == languages[right]
        return np.ones_like(same) if self._calibration is None else same | near_best(left, right, scores, languages)

    def _forget(self, gone: Collection[int]) -> None:
        stays = np.array([article.id not in gone for article in self.articles], dtype=bool)
        if self._compared is not None and not stays.all():
            rows = np.flatnonzero(stays)
            self._compared = keep(self._compared, rows)
            self.links = self.links[rows][:, rows]
            self.articles = [self.articles[row] for row in rows]
            self._n_changes += int((~stays).sum())

    def _compare(self, ordered: Sequence[WindowArticle], unit: Vectors, gone: Collection[int]) -> None:
        """Read these articles, and keep what is compared of them."""
        words, is_form = self._read(ordered, gone)
        unit[is_form] = 0
        if self._background is None:
            self._background, self._n_measured = background(words, unit), len(ordered)
        else:
            self._background, self._n_changes = widened(self._background, words), self._n_changes + len(ordered)
        if ordered:
            more = compare(words, unit, self._background)
            self._compared = more if self._compared is None else appended(self._compared, more)

    def _read(self, ordered: Sequence[WindowArticle], gone: Collection[int]) -> tuple[Words, NDArray[np.bool_]]:
        """Return what is compared of these articles, clean, without furniture, and which are forms; copies are sought.

        A form is filled in by its title alone: its vector is that of all its like.
        """
        runs = Runs()
        titles = [clean_title(article.title, article.publisher) for article in ordered]
        bodies = [clean_text(article.text, title) for article, title in zip(ordered, titles, strict=True)]
        heads = [tokens(title, article.language, runs) for article, title in zip(ordered, titles, strict=True)]
        read = zip(ordered, titles, heads, bodies, strict=True)
        pieces = ((article.id, Piece(article.publisher, title, head, body)) for article, title, head, body in read)
        self._furniture.advance(pieces, gone)
        heads = [self._furniture.title(head, article.publisher) for article, head in zip(ordered, heads, strict=True)]
        said = [
            self._read_text(article, title, head, body, runs)
            for article, title, head, body in zip(ordered, titles, heads, bodies, strict=True)
        ]
        del bodies, read, pieces  # of a whole window many megabytes
        texts = [each.words for each in said]
        self._copies.advance(
            (
                (article.id, Told(article.publisher, head, (*head, *text), article.published_at, article.url or ""))
                for article, head, text in zip(ordered, heads, texts, strict=True)
            ),
            gone,
        )
        words = Words(
            titles=heads,
            texts=texts,
            names=[each.names for each in said],
            languages=[article.language for article in ordered],
            publishers=[article.publisher for article in ordered],
            published_at=[article.published_at for article in ordered],
        )
        return words, np.array([each.is_form for each in said], dtype=bool)

    def _read_text(self, article: WindowArticle, title: str, head: Sequence[str], body: str, runs: Runs) -> _Said:
        """Return what a text says, and its names right after its words, while those are remembered."""
        text = self._furniture.text(body, article.publisher)
        words = tokens(text, article.language, runs)
        known = {*head, *words}
        named = names(f"{title}.\n{text}", article.language, runs)
        return _Said(words, tuple([name for name in named if name in known]), len(text) < FORM_SHARE * len(body))

    def _link(self, first: int) -> None:
        """Score the candidate pairs of the articles from the first fresh one on, and keep what may hold together."""
        n = len(self)
        found = side_by_side(self._links_in, blocks(n, first))
        rows, columns, data = (np.concatenate(parts) for parts in zip(*found, strict=True))
        del found
        fresh = sparse.csr_matrix((data, (rows - first, columns)), shape=(n - first, n))
        self.links = stacked(self.links, fresh)

    def _links_in(self, block: range) -> tuple[NDArray[np.int32], NDArray[np.int32], Scores]:
        """Return the links of a block of articles with those before them: two positions and a score each."""
        left, right = candidates_in(self.compared, block)
        scores = self.scores(left, right)
        kept = (scores >= LEAST_LINK) & self._is_no_mere_likeness(left, right, scores)
        return left[kept].astype(np.int32), right[kept].astype(np.int32), scores[kept]


def _standing(article: WindowArticle) -> Standing:
    round_up = is_round_up(article.title)
    return Standing(
        id=article.id,
        publisher=article.publisher,
        published_at=article.published_at,
        url=article.url or "",
        origin=agency(article.text, article.origin) or article.owner or article.publisher,
        is_readable=bool(article.title and article.text) and not round_up,
        is_round_up=round_up,
    )
