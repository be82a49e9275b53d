"""A walk over the runs of a BMP (RLE8 and RLE4, "Bitmap Compression" of the Windows GDI reference)."""

from typing import Final

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2
_SAMPLES_PER_BYTE: Final = {8: 1, 4: 2}


def are_sound(runs: memoryview, *, width: int, height: int, bits: int) -> bool:
    """Return whether runs stay inside the picture and end with the end mark; they need not color every pixel.

    Args:
        runs: the data at the offset of the pixels; bytes after the end of the bitmap do not matter.
        width: pixels.
        height: pixels.
        bits: of a pixel, 8 or 4; nothing else is sound.
    """
    if bits not in _SAMPLES_PER_BYTE:
        return False
    x = y = at = 0
    while at + 2 <= len(runs):
        count, value = runs[at], runs[at + 1]
        at += 2
        if count:
            x += count
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
        elif value == _END_OF_BITMAP:
            return True
        elif value == _DELTA:
            if at + 2 > len(runs):
                return False
            x, y = x + runs[at], y + runs[at + 1]
            at += 2
        else:
            x += value
            size = -(-value // _SAMPLES_PER_BYTE[bits])
            at += size + size % 2
        if x > width or y > height or (x and y == height):
            return False
    return False
