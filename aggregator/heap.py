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


def resident_bytes() -> int:
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
