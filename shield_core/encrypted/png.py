"""The PNG of an encrypted image: any viewer opens it, and it shows noise. docs/reference/format.md, "PNG".

The reader accepts exactly the files that the writer writes: it takes the samples from their fixed positions, generates
the file again piece by piece, and compares every byte. An ordinary reader ignores flipped bits in checksums, in chunk
borders and after the end.
"""

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core import recognition
from shield_core.encrypted import stream
from shield_core.encrypted.header import Header, pack, parse
from shield_core.encrypted.tag import SIZE as TAG_SIZE
from shield_core.errors import FileTooLarge, HeaderInvalid, HeaderMissing, NotEncrypted, TooManyPixels
from shield_core.image.checksums import crc32
from shield_core.image.limits import MAX_CHUNKS, MAX_ENCRYPTED_BYTES, MAX_PIXELS
from shield_core.progress import Advance, nothing

Buffer = bytes | bytearray | memoryview

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
CHUNK_TYPE: Final = b"qsIS"
"""Ancillary, private, unsafe to copy: an editor that changes the picture must drop it."""

_NO_HEADER: Final = (
    "A PNG without the chunk qsIS: another program has saved it again, or it was never encrypted. If its samples are "
    "the same, detached decryption opens it: key_id and detached=true at the service, --header on the command line"
)

_IHDR: Final = struct.Struct(">II5B")
_FRAME: Final = 12
_FIRST_CHUNK: Final = len(SIGNATURE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An encrypted image with valid framing; nothing is authenticated yet.

    `header_bytes` is what the tag covers; `tag` has 32 bytes; `samples` is uint8 (pixels, bytes per pixel).
    """

    header: Header
    header_bytes: bytes
    tag: bytes
    samples: NDArray[np.uint8] = field(repr=False)


class Draft:
    """An encrypted image that is being written, so that its pixels are drawn while the tag is still being computed."""

    def __init__(self, header: Header, memory: NDArray[np.uint8] | None = None) -> None:
        """Reserve the memory of the whole file.

        Args:
            header: of the image.
            memory: uint8 (bytes,), contiguous, used for the file if it is large enough: allocating new memory takes a
                third of the time of writing.
        """
        self._header = header
        self._plan = _plan(header)
        self._front = len(_front(header, bytes(TAG_SIZE)))
        size = self._front + self._plan.total + _FRAME
        self._file = memory[:size] if memory is not None and memory.size >= size else np.empty(size, np.uint8)

    def draw(self, samples: NDArray[np.uint8]) -> None:
        """Write the samples.

        Args:
            samples: uint8, C-contiguous, `header.sample_bytes` bytes in any shape.

        Raises:
            ValueError: the number of samples is not the header's.
        """
        at = self._front
        for piece in stream.pieces(samples.reshape(self._plan.height, self._plan.row_bytes), self._plan):
            self._file[at : at + piece.size] = piece
            at += piece.size

    def finish(self, tag: bytes) -> memoryview:
        """Write everything around the samples and return the file.

        Args:
            tag: 32 bytes.

        Returns:
            The file; its memory belongs to the caller.
        """
        self._file[: self._front] = np.frombuffer(_front(self._header, tag), np.uint8)
        self._file[-_FRAME:] = np.frombuffer(_chunk(b"IEND", b""), np.uint8)
        return self._file.data


def write(header: Header, tag: bytes, samples: NDArray[np.uint8]) -> memoryview:
    """Write an encrypted image.

    Args:
        header: with the geometry of the samples.
        tag: 32 bytes.
        samples: uint8, C-contiguous, in any shape, as the encrypted image holds them.

    Returns:
        The file. A copy as `bytes` would cost as much as writing it.

    Raises:
        ValueError: another number of samples than the header says.

    Source: docs/reference/format.md, PNG; PNG 3rd edition.
    """
    draft = Draft(header)
    draft.draw(samples)
    return draft.finish(tag)


def read(data: Buffer, *, progress: Advance = nothing) -> Parsed:
    """Read an encrypted image strictly.

    It checks the geometry against the limits and the file before it allocates memory of the size of the picture.

    Args:
        data: the whole file.
        progress: called with the bytes of the file compared, about a megabyte at a time.

    Raises:
        FileTooLarge: more than 112,000,000 bytes.
        NotEncrypted: no PNG signature.
        TooManyPixels: IHDR declares more than 25,000,000 pixels.
        HeaderMissing: a PNG without the chunk `qsIS`.
        HeaderInvalid: a byte differs from what the writer writes.

    Source: docs/reference/format.md, Decryption, steps 1 to 3 and 5.
    """
    front = find(data)
    header = parse(front[:-TAG_SIZE])
    tag = bytes(front[-TAG_SIZE:])
    plan = _plan(header)
    start = _FIRST_CHUNK + _FRAME + _IHDR.size + _FRAME + len(front)
    file = np.frombuffer(data, np.uint8)
    if file.size != start + plan.total + _FRAME:
        raise HeaderInvalid("The file is longer or shorter than its geometry says")
    if bytes(file[:start]) != _front(header, tag) or bytes(file[-_FRAME:]) != _chunk(b"IEND", b""):
        raise HeaderInvalid("The file's frame is not what the writer writes")
    samples = stream.extract(file[start : start + plan.total], plan)
    at = start
    for piece in stream.pieces(samples, plan):
        if not np.array_equal(file[at : at + piece.size], piece):
            raise HeaderInvalid("The image data is not what the writer writes")
        at += piece.size
        progress(piece.size)
    return Parsed(header, bytes(front[:-TAG_SIZE]), tag, samples.reshape(-1, header.bytes_per_pixel))


def find(data: Buffer) -> memoryview:
    """Find the data of the chunk `qsIS`, reading only chunk lengths and types.

    Args:
        data: the whole file.

    Returns:
        The bytes of header and tag.

    Raises:
        FileTooLarge, NotEncrypted, TooManyPixels, HeaderMissing: as `read`.
        HeaderInvalid: the walk over the chunks does not reach IEND.

    Source: docs/reference/format.md, Decryption, steps 1 to 3.
    """
    view = memoryview(data).cast("B")
    if len(view) > MAX_ENCRYPTED_BYTES:
        raise FileTooLarge(f"An encrypted image has at most {MAX_ENCRYPTED_BYTES:,} bytes")
    if bytes(view[:_FIRST_CHUNK]) != SIGNATURE:
        raise NotEncrypted(_what_it_is(view))
    at = _FIRST_CHUNK
    for _ in range(MAX_CHUNKS):
        kind, body, at = _next_chunk(view, at)
        if kind == b"IHDR":
            _check_pixels(body)
        if kind == CHUNK_TYPE:
            return body
        if kind == b"IEND":
            raise HeaderMissing(_NO_HEADER)
    raise HeaderInvalid("More chunks than a writer writes")


def _what_it_is(view: memoryview) -> str:
    kind = recognition.name_of(view)
    if kind is None:
        return "An encrypted image is a PNG"
    told = f"This is {kind}: an encrypted image is a PNG"
    if not recognition.is_picture(kind):
        return told
    return f"{told}; another program has saved this one again, or it was never encrypted"


def _next_chunk(view: memoryview, at: int) -> tuple[bytes, memoryview, int]:
    size = int.from_bytes(view[at : at + 4], "big")
    end = at + _FRAME + size
    if end > len(view):
        raise HeaderInvalid("The file is cut short")
    return bytes(view[at + 4 : at + 8]), view[at + 8 : at + 8 + size], end


def _check_pixels(ihdr: memoryview) -> None:
    if len(ihdr) == _IHDR.size and int.from_bytes(ihdr[:4], "big") * int.from_bytes(ihdr[4:8], "big") > MAX_PIXELS:
        raise TooManyPixels(f"The limit is {MAX_PIXELS:,} pixels")


def _plan(header: Header) -> stream.Plan:
    return stream.Plan(header.height, header.row_bytes)


def _front(header: Header, tag: bytes) -> bytes:
    ihdr = _IHDR.pack(header.width, header.height, header.bit_depth, header.color_type, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", ihdr) + _chunk(CHUNK_TYPE, pack(header) + tag)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + crc32(kind + body).to_bytes(4, "big")
