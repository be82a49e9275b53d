"""Encrypted images that another program has saved again: docs/reference/format.md, "Detached decryption".

Such a picture has lost its chunk `qsIS`, and its samples may still be the same. Header and tag come from elsewhere. The
picture may be any PNG; what is read of it are the samples that the header describes, and only the tag decides whether
they are the right ones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core import recognition
from shield_core.encrypted import png
from shield_core.encrypted.header import SIZE, Header, parse
from shield_core.encrypted.tag import SIZE as TAG_SIZE
from shield_core.errors import FileTooLarge, ImageCorrupt, NotEncrypted, PictureConverted
from shield_core.image.formats.png_rows import read_palette, rows, unpack
from shield_core.image.formats.png_walk import PALETTE, SIGNATURE, PngWalk, walk_png
from shield_core.image.limits import MAX_ENCRYPTED_BYTES, MAX_METADATA, MAX_PIXELS, check_size
from shield_core.image.regions import MAX_REGIONS
from shield_core.progress import Advance, nothing

MAX_BYTES: Final = SIZE + MAX_REGIONS * 16 + MAX_METADATA + TAG_SIZE
"""Bytes of the longest header with its tag."""

_COLOR: Final = 2
_ALPHA: Final = 4  # bits of PNG's color types
_BYTE: Final = 8

Samples = NDArray[np.uint8]


def survey(data: png.Buffer) -> PngWalk:
    """Walk over the chunks of a picture, without its pixels; a chunk `qsIS` in it is not looked at.

    Args:
        data: the whole file.

    Raises:
        FileTooLarge: more than 112,000,000 bytes.
        PictureConverted: a JPEG.
        NotEncrypted: not a PNG.
        TooManyPixels: IHDR declares more than 25,000,000 pixels.
        ImageCorrupt: cut off, or not the structure of a PNG.

    Source: docs/reference/format.md, Detached decryption, steps 1 to 3.
    """
    view = memoryview(data).cast("B").toreadonly()
    if len(view) > MAX_ENCRYPTED_BYTES:
        raise FileTooLarge(f"A picture has at most {MAX_ENCRYPTED_BYTES:,} bytes")
    if bytes(view[: len(SIGNATURE)]) != SIGNATURE:
        _refuse(recognition.name_of(view))
    walk = walk_png(view)
    check_size(walk.frame.width, walk.frame.height, limit=MAX_PIXELS)
    return walk


def read_header(front: png.Buffer) -> Header:
    """Read a header that is followed by its tag: the data of the chunk `qsIS`.

    Args:
        front: header and 32-byte tag.

    Raises:
        LaterVersion, HeaderInvalid: as `header.parse`.
    """
    return parse(front[:-TAG_SIZE])


def check(header: Header, walk: PngWalk) -> None:
    """Refuse a picture that cannot have the samples of the encrypted image: their size or their kind is another.

    Args:
        header: of the encrypted image.
        walk: over the picture.

    Raises:
        PictureConverted: another width or height; gray for color, no alpha for alpha, 8 bits or fewer for 16.

    Source: docs/reference/format.md, Detached decryption, step 5a.
    """
    frame = walk.frame
    if (frame.width, frame.height) != (header.width, header.height):
        raise PictureConverted(
            f"It was resized, cropped or turned: it has {frame.width} x {frame.height} pixels, and the encrypted image "
            f"{header.width} x {header.height}"
        )
    palette = frame.color_type == PALETTE
    transparent = palette and any(chunk.name == b"tRNS" for chunk in walk.chunks)
    if header.color_type & _COLOR and not frame.color_type & _COLOR:
        raise PictureConverted("It was converted to gray, and the encrypted image is in color")
    if header.color_type & _ALPHA and not (frame.color_type & _ALPHA or transparent):
        raise PictureConverted("It was saved without its transparency, which is a part of the encrypted image")
    depth = _BYTE if palette else frame.bit_depth
    if depth < header.bit_depth:
        raise PictureConverted(
            f"It was converted to {depth} bits per sample, and the encrypted image has {header.bit_depth}"
        )


def read(walk: PngWalk, front: png.Buffer, *, progress: Advance = nothing) -> png.Parsed:
    """Read the samples of a picture as the header describes them.

    A picture of a kind that holds more gives the samples that the encrypted image had: the first channel of color for
    gray, no alpha where there was none, the high byte of 16 bits.

    Args:
        walk: over the picture.
        front: header and 32-byte tag of the encrypted image.
        progress: called with the bytes of file inflated.

    Returns:
        Header, tag and samples; nothing is authenticated yet.

    Raises:
        LaterVersion, HeaderInvalid: as `header.parse`.
        PictureConverted: as `check`.
        ImageCorrupt: a damaged PNG.

    Source: docs/reference/format.md, Detached decryption, steps 5 to 5b.
    """
    header = read_header(front)
    check(header, walk)
    samples = np.empty((header.height, header.width, header.bytes_per_pixel), np.uint8)
    palette = read_palette(walk) if walk.frame.color_type == PALETTE else None
    for down, across, band in rows(walk, progress=progress):
        target = samples[down, across]
        target[:] = _of_band(band, target.shape[1], header, walk, palette).reshape(target.shape)
    rest = bytes(front)
    return png.Parsed(
        header,
        rest[:-TAG_SIZE],
        rest[-TAG_SIZE:],
        samples.reshape(header.width * header.height, header.bytes_per_pixel),
    )


def _of_band(band: Samples, width: int, header: Header, walk: PngWalk, palette: Samples | None) -> Samples:
    """Return uint8 (rows, width, channels, bytes per sample), in the kind of the header."""
    if palette is None:
        pixels = band.reshape(len(band), width, walk.frame.channels, -1)
    else:
        pixels = _look_up(unpack(band, walk.frame.bit_depth)[:, :width], palette)[..., None]
    channels = [0, 1, 2] if header.color_type & _COLOR else [0]
    if header.color_type & _ALPHA:
        channels.append(pixels.shape[2] - 1)
    return pixels[:, :, channels, : header.bit_depth // _BYTE]


def _look_up(indices: Samples, palette: Samples) -> Samples:
    if indices.max() >= len(palette):
        raise ImageCorrupt("a pixel of the PNG has a color that is not in the palette")
    return palette[indices]


def _refuse(kind: str | None) -> None:
    """Raise the refusal of a file that is not a PNG."""
    if kind == recognition.JPEG:
        raise PictureConverted("A JPEG has lost the samples of the encrypted image, and nothing brings them back")
    told = f"This is {kind}" if kind is not None else "This is not a picture"
    hint = ": if it was saved without loss, save it as PNG" if recognition.is_picture(kind) else ""
    raise NotEncrypted(f"{told}, and detached decryption takes a PNG{hint}")
