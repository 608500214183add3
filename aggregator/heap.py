"""The memory of this process, as Python and the C library hold it."""

import ctypes
import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def give_back() -> None:
    """Hand what was freed back to the machine, where the C library keeps it otherwise (200 MB after a large window)."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):  # glibc
        library.malloc_trim(0)


class Spare:
    """What this process holds beyond what it did when it last handed memory back."""

    def __init__(self, much_bytes: int) -> None:
        self._much_bytes = much_bytes
        self._rest_bytes = 0

    def give_back(self, *, at_once: bool = False) -> None:
        """Find garbage and hand back what was freed, if it has become much."""
        if at_once or _resident_bytes() - self._rest_bytes > self._much_bytes:
            gc.collect()
            give_back()
            self._rest_bytes = _resident_bytes()


def _resident_bytes() -> int:
    """Return how much memory this process has now; 0 where the machine does not say (/proc is Linux's)."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()


@contextmanager
def growing() -> Iterator[None]:
    """Leave out the search for garbage cycles while much is made that stays: it walks through all of it every time."""
    is_searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_searched:
            gc.enable()
