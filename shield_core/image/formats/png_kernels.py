"""Compiled kernels of the PNG reader, which undo the filters of rows. Imported on first use, as `cipher.kernels`.

A byte depends on the same byte of the pixel before, so each channel takes the time of one chain of additions. The
kernels process up to four channels of a pixel in parallel, each in a register.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202  - numba infers the types from the call

import numba
import numpy as np

_kernel = numba.njit(nogil=True, cache=True, error_model="numpy")

_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)
_BYTE = np.int32(255)


@_kernel
def _restore(number, difference, a, b, c):
    """Add the prediction from the neighbors to a byte: a to the left, b above, c above to the left."""
    if number == _SUB:
        predicted = a
    elif number == _AVERAGE:
        predicted = (a + b) >> np.int32(1)
    else:
        across, down = b - c, a - c
        from_a, from_b, from_c = abs(across), abs(down), abs(across + down)
        nearest = b if from_b <= from_c else c
        predicted = a if (from_a <= from_b) & (from_a <= from_c) else nearest
    return (np.int32(difference) + predicted) & _BYTE


@_kernel
def _undo(number, line, above, target, step):
    a0 = a1 = a2 = a3 = c0 = c1 = c2 = c3 = np.int32(0)
    for i in range(np.uint64(0), np.uint64(target.size), np.uint64(step)):
        b = np.int32(above[i])
        target[i] = a0 = _restore(number, line[i], a0, b, c0)
        c0 = b
        if step >= 2:  # noqa: PLR2004
            b = np.int32(above[i + np.uint64(1)])
            target[i + np.uint64(1)] = a1 = _restore(number, line[i + np.uint64(1)], a1, b, c1)
            c1 = b
        if step >= 3:  # noqa: PLR2004
            b = np.int32(above[i + np.uint64(2)])
            target[i + np.uint64(2)] = a2 = _restore(number, line[i + np.uint64(2)], a2, b, c2)
            c2 = b
        if step >= 4:  # noqa: PLR2004
            b = np.int32(above[i + np.uint64(3)])
            target[i + np.uint64(3)] = a3 = _restore(number, line[i + np.uint64(3)], a3, b, c3)
            c3 = b


@_kernel
def _undo_wide(number, line, above, target, step):
    """Undo a filter of pixels of 6 or 8 bytes, one channel after the other: they are rare."""
    for channel in range(np.uint64(0), np.uint64(step)):
        a = c = np.int32(0)
        for i in range(channel, np.uint64(target.size), np.uint64(step)):
            b = np.int32(above[i])
            target[i] = a = _restore(number, line[i], a, b, c)
            c = b


@_kernel
def unfilter(filtered, above, target, step):
    """Undo the filters of some rows.

    Args:
        filtered: uint8 (rows, 1 + row bytes), each row after the number of its filter.
        above: uint8 (row bytes,), the samples of the row before the first; zeros for the first of a picture.
        target: uint8 (rows, row bytes), written.
        step: int64, bytes of a pixel, 1 to 8.

    Returns:
        The number of rows done: fewer than there are if a filter does not exist.

    Source: Portable Network Graphics, third edition, section 9.
    """
    for row in range(target.shape[0]):
        line, out = filtered[row, 1:], target[row]
        number = np.int32(filtered[row, 0])
        if number > _PAETH:
            return row
        if number == _NONE:
            out[:] = line
        elif number == _UP:
            for i in range(out.size):
                out[i] = line[i] + above[i]
        elif step <= 4:  # noqa: PLR2004
            _undo(number, line, above, out, step)
        else:
            _undo_wide(number, line, above, out, step)
        above = out
    return target.shape[0]
