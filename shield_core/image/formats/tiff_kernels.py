"""Compiled kernels that measure how many bytes compressed TIFF strips unpack to. Imported on first use."""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202  - numba infers the types from the call

import numba
import numpy as np

_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")

_CLEAR, _END, _FIRST = 256, 257, 258
_MOST_BITS, _CODES = 12, 4096
_NO_OPERATION = 128


@_kernel
def measure_packbits(data, wanted):
    """Find the end of the packets that unpack to exactly `wanted` bytes; -1 if there are none.

    Source: TIFF 6.0, section 9.
    """
    at = unpacked = np.int64(0)
    while unpacked < wanted:
        if at >= data.size:
            return -1
        header = np.int64(data[at])
        if header < _NO_OPERATION:
            unpacked += header + 1
            at += header + 2
        elif header > _NO_OPERATION:
            unpacked += 257 - header
            at += 2
        else:
            at += 1
    return at if unpacked == wanted and at <= data.size else -1


@_kernel
def _read_code(data, at, bits):
    """Read a code, high bit first, from three bytes: it begins in the first byte and has at most 12 bits."""
    first = at >> 3
    window = np.int64(data[first]) << 16
    if first + 1 < data.size:
        window |= np.int64(data[first + 1]) << 8
    if first + 2 < data.size:
        window |= np.int64(data[first + 2])
    return (window >> (24 - bits - (at & 7))) & ((1 << bits) - 1)


@_kernel
def measure_lzw(data, wanted):
    """Find the end of the codes that unpack to exactly `wanted` bytes; -1 if there are none.

    Source: TIFF 6.0, section 13.
    """
    lengths = np.ones(_CODES, np.int64)
    bits, following, before = 9, _FIRST, np.int64(-1)
    at, unpacked = 0, np.int64(0)
    while at + bits <= 8 * data.size:
        code = _read_code(data, at, bits)
        at += bits
        if code == _END:
            break
        if code == _CLEAR:
            bits, following, before = 9, _FIRST, np.int64(-1)
            continue
        if code > following or (code == following and before < 0) or (before < 0 and code >= _CLEAR):
            return -1
        if before >= 0 and following < _CODES:
            lengths[following] = lengths[before] + 1
            following += 1
        elif code == following:
            return -1
        unpacked += lengths[code]
        if unpacked > wanted:
            return -1
        # The code length grows with the largest code in the table, one code earlier than necessary.
        if following == (1 << bits) - 1 and bits < _MOST_BITS:
            bits += 1
        before = code
    return (at + 7) >> 3 if unpacked == wanted else -1
