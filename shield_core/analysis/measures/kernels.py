"""Compiled kernels of the measures: loops over samples that release the GIL and compute exact sums.

Only `tally` imports this module, on first use: the gateway starts without numba. `cipher.kernels` says where compiled
code is cached.

A product of two 8-bit samples has 16 bits, so 65,536 of them fit an unsigned sum of 32 bits: with 32 bits the compiler
multiplies and adds 16 samples in one instruction, with 64 bits only 4.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202  - numba infers the types from the call

import numba
import numpy as np

CHUNK = 65_536
"""Samples whose products fit 32 bits: 65,536 · 255² < 2³²."""

TABLES = 12
"""Histograms that are filled in turn: a multiple of 1, 2, 3 and 4, so that each counts one byte of the pixels only."""

_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


@_kernel
def count(data, tables):
    """Add how often each value occurs.

    Args:
        data: uint8 (c,); its first byte is the first of a pixel.
        tables: uint32 (12, 256), updated: byte i counts in table i mod 12. With several tables, equal neighbors do not
            wait for each other.
    """
    whole = data.size // TABLES * TABLES
    for i in range(0, whole, TABLES):
        for t in range(TABLES):
            tables[t, data[i + t]] += np.uint32(1)
    for i in range(whole, data.size):
        tables[i - whole, data[i]] += np.uint32(1)


@_kernel
def _dot_chunk(a, b):
    total = np.uint32(0)
    for i in range(a.size):
        total = np.uint32(total + np.uint32(np.uint16(a[i]) * np.uint16(b[i])))
    return total


@_kernel
def dot(a, b):
    """Sum the products of 8-bit samples.

    Args:
        a: uint8 (c,).
        b: uint8 (c,).

    Returns:
        uint64.
    """
    total = np.uint64(0)
    for at in range(0, a.size, CHUNK):
        total += np.uint64(_dot_chunk(a[at : at + CHUNK], b[at : at + CHUNK]))
    return total


@_kernel
def dot_wide(a, b):
    """Sum the products of 16-bit samples.

    Args:
        a: uint16 (c,), at most 2³² of them.
        b: uint16 (c,).

    Returns:
        uint64.
    """
    total = np.uint64(0)
    for i in range(a.size):
        total += np.uint64(a[i]) * np.uint64(b[i])
    return total


@_kernel
def _gaps_chunk(p, c):
    equal, absolute, squared = np.uint32(0), np.uint32(0), np.uint32(0)
    for i in range(p.size):
        gap = np.int32(p[i]) - np.int32(c[i])
        equal = np.uint32(equal + np.uint32(gap == 0))
        absolute = np.uint32(absolute + np.uint32(abs(gap)))
        squared = np.uint32(squared + np.uint32(gap * gap))
    return equal, absolute, squared


@_kernel
def gaps(p, c):
    """Compare 8-bit samples.

    Args:
        p: uint8 (c,).
        c: uint8 (c,).

    Returns:
        The number of equal samples, and the sums of |p - c| and (p - c)²: uint64 each.
    """
    equal, absolute, squared = np.uint64(0), np.uint64(0), np.uint64(0)
    for at in range(0, p.size, CHUNK):
        some = _gaps_chunk(p[at : at + CHUNK], c[at : at + CHUNK])
        equal += np.uint64(some[0])
        absolute += np.uint64(some[1])
        squared += np.uint64(some[2])
    return equal, absolute, squared


@_kernel
def gaps_wide(p, c):
    """Compare 16-bit samples.

    Args:
        p: uint16 (c,), at most 2³² of them.
        c: uint16 (c,).

    Returns:
        As `gaps`.
    """
    equal, absolute, squared = np.uint64(0), np.uint64(0), np.uint64(0)
    for i in range(p.size):
        gap = abs(np.int64(p[i]) - np.int64(c[i]))
        equal += np.uint64(gap == 0)
        absolute += np.uint64(gap)
        squared += np.uint64(gap * gap)
    return equal, absolute, squared
