"""Kinds of value that several nouns hold."""

from typing import NewType

import numpy as np
from numpy.typing import NDArray

SafeHtml = NewType("SafeHtml", str)
"""HTML that may stand on a page; made only by `aggregator.parse.html.sanitise`."""


Vectors = NDArray[np.float32]
"""Unit-length embeddings, one row per article: shape (n, dim)."""

Halves = NDArray[np.float16]
"""The same as they are kept: up to a thousandth off length one."""
