"""Return of freed memory to the machine.

glibc maps a large buffer by itself and unmaps it when it is freed; but the first that is freed raises what counts as
large to its size, up to 32 MB. From then on pictures are on the heap, where a small object behind them keeps them.
"""

import ctypes
from contextlib import suppress

M_MMAP_THRESHOLD = -3
"""mallopt(3)"""

LARGE_BYTES = 1024 * 1024
"""Smaller ones come and go with each request, and mapping them would cost more than they take."""


def return_large_buffers() -> None:
    """Let what is large stay what it is, for the life of this process; without glibc nothing is done."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
