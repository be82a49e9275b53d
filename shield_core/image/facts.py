"""The facts about an image file, the protocol of a walk, and the warnings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from shield_core.image.limits import MAX_PIXELS

Buffer = bytes | bytearray | memoryview
"""A whole file in memory."""

Writable = Any
"""A writable buffer: typeshed's name for it is private."""

Pieces = Sequence[memoryview]
"""Parts of a file, in order, that a decoder reads as one file."""

TRAILING_DATA: Final = "trailing-data"
"""Warning: there are bytes after the end of the picture; `file` keeps them, `pixels` drops them."""

METADATA_DROPPED: Final = "metadata-dropped"
"""Warning: the `pixels` layout does not keep some of the metadata of the file."""

FRAMES_DROPPED: Final = "frames-dropped"
"""Warning: the file holds several pictures, and the `pixels` layout keeps only the first."""

LOSSES: Final = (TRAILING_DATA, METADATA_DROPPED, FRAMES_DROPPED)
"""The warnings about data that the layout `pixels` does not keep."""

END_MISSING: Final = "end-missing"
"""Warning: the file has no end marker, but all of its pixels."""

NOT_DECODED: Final = "not-decoded"
"""Warning: the file is kept unchanged and not decoded, so damage in it is not noticed."""

OTHER: Final = "OTHER"
"""The format of a file that is kept and not decoded: docs/reference/format.md, "Source"."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The facts about a picture that the structure of its file tells, without decoding it.

    `format` is PNG, JPEG, BMP, TIFF, WEBP or OTHER; `mode` is Pillow's name, with `;16` for 16-bit modes that Pillow
    lacks; `bit_depth` is bits per sample; `exact` means that the `pixels` layout restores every pixel in the same
    format, `complete` that it restores everything else too, `reason` says why or why not; `warnings` are stable codes;
    `media_type` is None where the format has none that the service uses.

    `largest_page` is the number of pixels of the largest picture in the file, or 0 if that is the first.

    For OTHER, `mode` is empty and `bit_depth` is 0; `width` and `height` are 0 where the structure does not state them.
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
        """The number of pixels; 0 where the size is not known."""
        return self.width * self.height

    @property
    def is_decoded(self) -> bool:
        """Whether a decoder reads the picture: its format is known, and it has not more pixels than may be decoded."""
        return self.format != OTHER and max(self.pixels, self.largest_page) <= MAX_PIXELS


@dataclass(frozen=True, slots=True)
class SampleKind:
    """The form of a mode's samples in a payload: PNG's bit depth and color type, and bytes per pixel."""

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
    """Describe the samples of a mode in words, for the reason of a layout."""
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
"""The media type of a file whose type is not in `shield_core.image.suffixes`: an untrusted type in an encrypted image
never becomes the media type of a response."""


class Walk(Protocol):
    """The result of a walk over a file's structure."""

    @property
    def facts(self) -> ImageFacts:
        """The facts about the picture."""
        ...

    @property
    def shown(self) -> Sequence[Pieces]:
        """The parts that a decoder reads: for each page of a TIFF, or once for a whole file."""
        ...

    @property
    def dropped(self) -> tuple[str, ...]:
        """Warnings about data that the `pixels` layout does not keep."""
        ...
