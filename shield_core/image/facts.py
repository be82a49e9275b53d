from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from shield_core.image.limits import MAX_PIXELS

Buffer = bytes | bytearray | memoryview
"""A whole file in memory."""

Writable = Any
"""Something that has room for bytes: typeshed's name for it is private."""

Pieces = Sequence[memoryview]
"""Parts of a file, in order, that a decoder is shown as one file."""

TRAILING_DATA: Final = "trailing-data"
"""Warning: bytes stand after the end of the picture; `file` keeps them, `pixels` drops them."""

METADATA_DROPPED: Final = "metadata-dropped"
"""Warning: the `pixels` layout does not keep some of what the file says about the picture."""

FRAMES_DROPPED: Final = "frames-dropped"
"""Warning: the file holds more pictures than the first, and the `pixels` layout keeps only that."""

LOSSES: Final = (TRAILING_DATA, METADATA_DROPPED, FRAMES_DROPPED)
"""Warnings of what does not come back from the layout `pixels`."""

END_MISSING: Final = "end-missing"
"""Warning: the file has no end marker; all of its pixels are there."""

NOT_DECODED: Final = "not-decoded"
"""Warning: the file is kept as it is without decoding it, so damage in it is not noticed."""

OTHER: Final = "OTHER"
"""The format of a file that is kept and not decoded: docs/reference/format.md, "Source"."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the structure of a file says about the picture, without decoding it.

    `format` is PNG, JPEG, BMP, TIFF, WEBP or OTHER; `mode` is in Pillow's words, with `;16` for the 16-bit modes that
    it does not have; `bit_depth` is bits per sample; `exact` says that the `pixels` layout gives back every pixel in
    the same format, `complete` that it gives back everything else as well, `reason` why or why not; `warnings` are
    stable codes; `media_type` is None where the format has none that we serve.

    `largest_page` counts the pixels of the largest picture in the file, 0 where that is the first.

    Of OTHER, `mode` is empty and `bit_depth` is 0; `width` and `height` are 0 where the structure does not tell them.
    """

    format: str
    mode: str
    bit_depth: int
    width: int
    height: int
    frames: int
    exact: bool
    reason: str
    warnings: tuple[str, ...] = ()
    complete: bool = False
    media_type: str | None = None
    largest_page: int = 0

    @property
    def pixels(self) -> int:
        """Count the pixels; 0 where the size is not known."""
        return self.width * self.height

    @property
    def is_decoded(self) -> bool:
        """Tell whether a decoder ever sees the picture: a known format, and no more pixels than may be decoded."""
        return self.format != OTHER and max(self.pixels, self.largest_page) <= MAX_PIXELS


@dataclass(frozen=True, slots=True)
class SampleKind:
    """How samples of a mode stand in a payload: PNG's bit depth and color type, and bytes per pixel."""

    bit_depth: int
    color_type: int
    bytes_per_pixel: int


SAMPLE_KINDS: Final = {
    "L": SampleKind(8, 0, 1),
    "I;16": SampleKind(16, 0, 2),
    "RGB": SampleKind(8, 2, 3),
    "LA": SampleKind(8, 4, 2),
    "RGBA": SampleKind(8, 6, 4),
}
"""The modes that a payload holds as pixels."""

_WORDS: Final = {"1": "black or white", "L": "gray", "I": "gray", "LA": "gray and alpha", "P": "palette"}


def describe_samples(mode: str, bit_depth: int) -> str:
    """Name the samples of a mode in words, for the reason of a layout."""
    name = mode.partition(";")[0]
    return f"{bit_depth}-bit {_WORDS.get(name, name)} samples"


MEDIA_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
}
"""The formats that are decoded, and their media types."""

UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"
"""Of a file whose type is not in `shield_core.image.suffixes`: what a stranger wrote into an encrypted image does not
become the type of an answer."""


class Walk(Protocol):
    """What a walk over a file's structure found."""

    @property
    def facts(self) -> ImageFacts:
        """The facts, for everybody."""
        ...

    @property
    def shown(self) -> Sequence[Pieces]:
        """What a decoder is shown: for each page of a TIFF, or once for a whole file."""
        ...

    @property
    def dropped(self) -> tuple[str, ...]:
        """Warnings of what the `pixels` layout does not keep."""
        ...
