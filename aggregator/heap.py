"""The memory of this process, as Python and the C library hold it."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def give_back() -> None:
    """Hand what was freed back to the machine, where the C library keeps it otherwise (200 MB after a large window)."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):  # glibc
        library.malloc_trim(0)


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
