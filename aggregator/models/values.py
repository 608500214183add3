"""Arrays that several nouns hold."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Unit-length embeddings, one row per article: shape (n, dim)."""

Halves = NDArray[np.float16]
"""The same as they are kept: up to a thousandth off length one."""
