"""Which pairs of articles are worth comparing: near by vector, or with rare words in common. Pure."""

from collections.abc import Iterator

import numpy as np

from aggregator.models.values import Vectors
from aggregator.stories.similarity import Compared, Rows
from aggregator.stories.vocabulary import WordMatrix

BLOCK_ROWS, TILE_ROWS = 1024, 2048
"""Articles that are held against the window, and of it, at once: 1024 × 2048 × 4 bytes = 8 MB, thrice."""

VECTOR_SHARE = 0.4
"""What a vector's cosine counts beside that of the words: as in the learned decision, whose factors are 7 and 17."""

FLOOR = 0.22
"""The least sum that makes a candidate. Below, hardly any pair is decided to be one happening; see docs/decisions."""


def candidates(compared: Compared, first: int = 0) -> Iterator[tuple[Rows, Rows]]:
    """Give the pairs that may be about one happening, each once, right before left, block by block.

    Articles from `first` on are fresh: each pair has at least one. Costs fresh articles × articles, whatever is
    archived.
    """
    return (candidates_in(compared, block) for block in blocks(len(compared), first))


def blocks(n: int, first: int = 0) -> list[range]:
    """Return the articles from `first` to n in blocks that are looked at by themselves."""
    return [range(start, min(start + BLOCK_ROWS, n)) for start in range(first, n, BLOCK_ROWS)]


def candidates_in(compared: Compared, block: range) -> tuple[Rows, Rows]:
    """Return the pairs of these articles with those before them, and among one another: (left, right), right first."""
    here = slice(block.start, block.stop)
    by_word = compared.texts[here].T.tocsr()
    weighted = (VECTOR_SHARE * compared.vectors[here]).T
    tops = range(0, block.stop, TILE_ROWS)
    found = [_near(compared, top, min(top + TILE_ROWS, block.stop), by_word, weighted) for top in tops]
    left, right = (np.concatenate(parts) for parts in zip(*found, strict=True))
    once = right < block.start + left
    return block.start + left[once], right[once]


def _near(compared: Compared, top: int, bottom: int, by_word: WordMatrix, weighted: Vectors) -> tuple[Rows, Rows]:
    """Return which columns of a block, and which of these rows of the window, reach the floor together."""
    likeness = (compared.texts[top:bottom] @ by_word).toarray()
    if len(weighted):
        likeness += compared.vectors[top:bottom] @ weighted
    right, left = np.divmod(np.flatnonzero(likeness >= FLOOR), likeness.shape[1])
    return left, top + right
