"""The size of a JPEG XL picture, from the first bits of its codestream (ISO/IEC 18181-1, annex D.2)."""

from typing import Final

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.boxes import read_boxes

CODESTREAM: Final = b"\xff\x0a"
CONTAINER: Final = b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a"

_BITS = (9, 13, 18, 30)
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_HEADER_BYTES = 16
_PART_NUMBER = 4


def read_size(view: memoryview) -> tuple[int, int]:
    """Read width and height in pixels, as stored; 0 and 0 if the box file has no codestream.

    Args:
        view: the whole file, which starts with `CODESTREAM` or `CONTAINER`.

    Raises:
        ImageCorrupt: cut off.
    """
    if bytes(view[:2]) == CODESTREAM:
        return _read_header(view[2:])
    for box in read_boxes(view):
        if box.name in {b"jxlc", b"jxlp"}:
            body = box.body[_PART_NUMBER if box.name == b"jxlp" else 0 :]
            if bytes(body[:2]) == CODESTREAM:
                return _read_header(body[2:])
    return 0, 0


def _read_header(view: memoryview) -> tuple[int, int]:
    bits = _Bits(bytes(view[:_HEADER_BYTES]))
    small = bits.take(1)
    height = _side(bits, small=small)
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down, height
    return _side(bits, small=small), height


def _side(bits: "_Bits", *, small: int) -> int:
    return 8 * (1 + bits.take(5)) if small else 1 + bits.take(_BITS[bits.take(2)])


class _Bits:
    """A reader of bits, from the lowest bit of each byte on."""

    def __init__(self, data: bytes) -> None:
        self._left = 8 * len(data)
        self._value = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        if count > self._left:
            raise ImageCorrupt("the JPEG XL is cut off in its header")
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return taken
