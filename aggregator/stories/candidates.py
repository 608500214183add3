"""Which pairs of articles are worth comparing: near by vector, or with rare words in common. Pure."""

from collections.abc import Iterator

import numpy as np

from aggregator.stories.similarity import Compared, Rows

BLOCK_ROWS = 256
"""Articles that are held against the whole window at once: 256 × 50,000 × 4 bytes = 51 MB, three times."""

VECTOR_SHARE = 0.4
"""What a vector's cosine counts beside that of the words: as in the learned decision, whose factors are 7 and 17."""

FLOOR = 0.22
"""The least sum that makes a candidate. Below, hardly any pair is decided to be one happening; see docs/decisions."""


def candidates(compared: Compared, first: int = 0) -> Iterator[tuple[Rows, Rows]]:
    """Give the pairs that may be about one happening, each once, right before left, block by block.

    Articles from `first` on are fresh: each pair has at least one. Costs fresh articles × articles, whatever is
    archived.
    """
    for start in range(first, len(compared), BLOCK_ROWS):
        end = min(start + BLOCK_ROWS, len(compared))
        likeness = (compared.texts[:end] @ compared.texts[start:end].T.tocsr()).toarray()
        if compared.vectors.shape[1]:
            likeness += compared.vectors[:end] @ (VECTOR_SHARE * compared.vectors[start:end]).T
        right, left = np.divmod(np.flatnonzero(likeness >= FLOOR), end - start)
        once = right < start + left
        yield start + left[once], right[once]
