"""A reader of any PNG, for pictures that were saved again (docs/reference/format.md, "Detached decryption")."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .failures import demand
from .png import SIGNATURE, Geometry

Chunks = list[tuple[bytes, bytes, bytes]]
"""Type, data and checksum."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_MOST_CHUNKS = 65_536


@dataclass(frozen=True)
class Frame:
    """IHDR of any PNG."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: bool

    @property
    def pixel_bits(self) -> int:
        return self.depth * _CHANNELS[self.color]


def walk(picture: bytes) -> tuple[Frame, Chunks]:
    """Return IHDR and all chunks up to IEND, without a look at checksums and image data."""
    frame = _frame(picture)
    chunks = list(_chunks(picture))
    kinds = [kind for kind, _, _ in chunks]
    demand(b"IDAT" in kinds, "no image data")
    first, count = kinds.index(b"IDAT"), kinds.count(b"IDAT")
    demand(set(kinds[first : first + count]) == {b"IDAT"}, "chunks between the image data")
    demand(kinds.count(b"IHDR") == 1 and kinds.count(b"PLTE") <= 1, "a chunk that stands twice")
    demand(chunks[-1][1] == b"", "an end with data")
    demand(frame.color != 3 or b"PLTE" in kinds[:first], "no palette")
    return frame, chunks


def check_kind(frame: Frame, chunks: Chunks, header: Geometry) -> None:
    """Refuse a picture that cannot have the samples of the header."""
    palette = frame.color == 3
    alpha = frame.color & 4 or (palette and any(kind == b"tRNS" for kind, _, _ in chunks))
    demand((frame.width, frame.height) == (header.width, header.height), "another size")
    demand(not header.color & 2 or frame.color & 2 != 0, "gray in place of color")
    demand(not header.color & 4 or bool(alpha), "no alpha")
    demand((8 if palette else frame.depth) >= header.depth, "fewer bits")


def read_samples(picture: bytes, frame: Frame, chunks: Chunks, header: Geometry) -> bytes:
    for kind, data, checksum in chunks:
        demand(zlib.crc32(kind + data).to_bytes(4, "big") == checksum, "another checksum")
    palette = _palette(chunks) if frame.color == 3 else None
    passes = list(_passes(frame))
    lines = _inflate(chunks, sum(height * (1 + _row_size(frame, width)) for *_, width, height in passes))
    samples = bytearray(header.pixels * header.pixel_size)
    for left, top, across, down, width, height in passes:
        size = _row_size(frame, width)
        above, lines_of_pass, lines = bytes(size), lines[: height * (1 + size)], lines[height * (1 + size) :]
        for row in range(height):
            line = lines_of_pass[row * (1 + size) : (row + 1) * (1 + size)]
            above = _unfilter(line[0], line[1:], above, max(1, frame.pixel_bits // 8))
            for column in range(width):
                place = (top + row * down) * header.width + left + column * across
                pixel = _as_header(_pixel(above, column, frame, palette), header)
                samples[place * header.pixel_size : (place + 1) * header.pixel_size] = pixel
    return bytes(samples)


def _frame(picture: bytes) -> Frame:
    demand(picture[8:16] == b"\0\0\0\x0dIHDR" and len(picture) >= 33, "no IHDR")
    width, height = int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    depth, color, *methods, interlace = picture[24:29]
    demand(0 < width < 2**31 and 0 < height < 2**31, "an impossible size")
    demand(depth in _DEPTHS.get(color, ()) and methods == [0, 0] and interlace < 2, "impossible samples")
    return Frame(width, height, depth, color, interlace == 1)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    at = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        kind, end = picture[at + 4 : at + 8], at + 8 + int.from_bytes(picture[at : at + 4], "big")
        demand(re.fullmatch(b"[A-Za-z]{4}", kind) is not None and end + 4 <= len(picture), "a cut chunk")
        yield kind, picture[at + 8 : end], picture[end : end + 4]
        if kind == b"IEND":
            return
        at = end + 4
    raise ValueError("too many chunks")


def _palette(chunks: Chunks) -> list[bytes]:
    data = {kind: data for kind, data, _ in chunks}
    colors, alpha = data[b"PLTE"], data.get(b"tRNS", b"")
    demand(len(colors) % 3 == 0 and 0 < len(colors) <= 768, "a palette of another length")
    return [colors[3 * n : 3 * n + 3] + (alpha[n : n + 1] or b"\xff") for n in range(len(colors) // 3)]


def _passes(frame: Frame) -> Iterator[tuple[int, int, int, int, int, int]]:
    for left, top, across, down in _ADAM7 if frame.interlaced else ((0, 0, 1, 1),):
        width, height = -((left - frame.width) // across), -((top - frame.height) // down)
        if width > 0 and height > 0:
            yield left, top, across, down, width, height


def _row_size(frame: Frame, width: int) -> int:
    return (width * frame.pixel_bits + 7) // 8


def _inflate(chunks: Chunks, size: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        lines = stream.decompress(b"".join(data for kind, data, _ in chunks if kind == b"IDAT"), size + 1)
    except zlib.error as error:
        raise ValueError("damaged image data") from error
    demand(len(lines) == size and stream.eof, "image data of another length")
    return lines


def _unfilter(number: int, line: bytes, above: bytes, step: int) -> bytes:
    demand(number <= 4, "a filter that does not exist")
    row = bytearray(line)
    for i in range(len(row)):
        a, b, c = (row[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
        row[i] = row[i] + (0, a, b, (a + b) // 2, _paeth(a, b, c))[number] & 255
    return bytes(row)


def _paeth(a: int, b: int, c: int) -> int:
    return min((a, b, c), key=lambda near: abs(a + b - c - near))


def _pixel(row: bytes, column: int, frame: Frame, palette: list[bytes] | None) -> list[bytes]:
    """Return the channels of a pixel, each in 1 or 2 bytes; of a palette red, green, blue and alpha."""
    if palette is None:
        step, size = frame.pixel_bits // 8, frame.depth // 8
        return [row[at : at + size] for at in range(column * step, (column + 1) * step, size)]
    byte, bit = divmod(column * frame.depth, 8)
    index = row[byte] >> (8 - frame.depth - bit) & ((1 << frame.depth) - 1)
    demand(index < len(palette), "a color that is not in the palette")
    return [palette[index][at : at + 1] for at in range(4)]


def _as_header(channels: list[bytes], header: Geometry) -> bytes:
    chosen = channels[:3] if header.color & 2 else channels[:1]
    if header.color & 4:
        chosen = [*chosen, channels[-1]]
    return b"".join(channel[: header.depth // 8] for channel in chosen)
