"""Blocks of a computation side by side: products of matrices, dense and sparse, run outside the interpreter's lock."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Block = TypeVar("Block")
Outcome = TypeVar("Outcome")

THREADS = 2
"""As many as the cores that Broadsheet promises to do with."""


def side_by_side(compute: Callable[[Block], Outcome], blocks: Sequence[Block]) -> list[Outcome]:
    """Return what comes of each block, in order; what one raises is raised."""
    if len(blocks) < 2:
        return [compute(block) for block in blocks]
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(compute, blocks))
