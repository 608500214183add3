"""Which pairs of articles are worth comparing: near by vector, or with rare words in common. Pure."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aggregator.stories.similarity import Compared, Rows

BLOCK_ROWS = 256
"""Articles that are held against the whole window at once: 256 × 50,000 × 4 bytes = 51 MB, three times."""

VECTOR_SHARE = 0.4
"""What a vector's cosine counts beside that of the words: as in the learned decision, whose factors are 7 and 17."""

FLOOR = 0.22
"""The least sum that makes a candidate. Below, hardly any pair is decided to be one happening; see docs/decisions."""


def candidates(compared: Compared, fresh: NDArray[np.bool_]) -> Iterator[tuple[Rows, Rows]]:
    """Give the pairs with at least one fresh article that may be about one happening, each once, block by block.

    `fresh` has shape (n,). Costs fresh articles × articles, whatever is archived.
    """
    rows = np.flatnonzero(fresh)
    by_word = compared.texts.T.tocsr()
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        likeness = (compared.texts[block] @ by_word).toarray()
        if compared.vectors.shape[1]:
            likeness += (VECTOR_SHARE * compared.vectors[block]) @ compared.vectors.T
        left, right = np.nonzero(likeness >= FLOOR)
        left = block[left]
        # A pair of two fresh articles is met from either side.
        once = (left < right) | ((left > right) & ~fresh[right])
        yield left[once], right[once]
