"""A decoded picture as the measures need it, and the decoder for untrusted files."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import PicturesDiffer
from shield_core.image import pixels
from shield_core.image.facts import SAMPLE_KINDS, Buffer
from shield_core.image.intake import AnyWalk, survey
from shield_core.progress import Advance, nothing

_BYTE: Final = 8
_DEPTHS: Final = (8, 16)
_NAMES: Final = {
    (8, 1): ("gray",),
    (8, 2): ("gray", "alpha"),
    (8, 3): ("red", "green", "blue"),
    (8, 4): ("red", "green", "blue", "alpha"),
    (16, 2): ("gray, high byte", "gray, low byte"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Decoded samples and their geometry.

    `samples` is uint8 (width · height, bytes per pixel), C-contiguous, row by row; 16-bit samples are big-endian, as in
    a payload. `bit_depth` is 8 or 16, per sample. `holds_file` is true for the noise that the layout `file` draws: the
    size of that picture is independent of the size of the original. `converted_from` names the mode of the file where
    its samples had to be converted before measuring.
    """

    samples: NDArray[np.uint8] = field(repr=False)
    width: int
    height: int
    bit_depth: int = 8
    holds_file: bool = False
    converted_from: str | None = None

    def __post_init__(self) -> None:
        """Refuse samples that do not fit the geometry.

        Raises:
            ValueError: another type, shape or depth.
        """
        samples = self.samples
        if samples.dtype != np.uint8 or samples.ndim != 2 or not samples.flags.c_contiguous:  # noqa: PLR2004
            raise ValueError("samples are uint8 (pixels, bytes per pixel), contiguous")
        if not samples.size or len(samples) != self.width * self.height:
            raise ValueError("a picture has width x height pixels, at least one")
        if self.bit_depth not in _DEPTHS or (self.bit_depth, samples.shape[1]) not in _NAMES:
            raise ValueError("samples have 8 bits in 1 to 4 channels, or 16 bits in one")

    @property
    def channels(self) -> int:
        """The number of samples of a pixel."""
        return int(self.samples.shape[1]) * _BYTE // self.bit_depth

    @property
    def byte_names(self) -> tuple[str, ...]:
        """The names of the bytes of a pixel; a 16-bit sample has two."""
        return _NAMES[self.bit_depth, self.samples.shape[1]]

    @property
    def top(self) -> int:
        """The greatest value of a sample: 255 or 65,535."""
        return (1 << self.bit_depth) - 1

    def rows(self) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return the samples row by row.

        Returns:
            (height, width · channels), uint8 without a copy, or uint16 in the machine's byte order as a copy.
        """
        if self.bit_depth == _BYTE:
            return self.samples.reshape(self.height, -1)
        return self.samples.view(">u2").astype(np.uint16).reshape(self.height, -1)

    def is_like(self, other: "Picture") -> bool:
        """Return whether two pictures have the same width, height, channels and depth."""
        return self.shape == other.shape

    def describe(self) -> str:
        """Describe size and kind in words."""
        return f"{self.width} x {self.height} pixels of {self.channels} x {self.bit_depth} bits"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Width, height, channels and bits per sample."""
        return self.width, self.height, self.channels, self.bit_depth


def read(data: Buffer, *, progress: Advance = nothing) -> Picture:
    """Decode an untrusted file: limits and structure are checked before anything is decoded.

    Args:
        data: the whole file: PNG, JPEG, BMP, TIFF or WebP.
        progress: called with the bytes of the file that the decoder reads.

    Raises:
        ImageError: as `intake.examine` and `pixels.decode_shown`.
    """
    return decode(survey(data), progress=progress)


def decode(walk: AnyWalk, *, progress: Advance = nothing) -> Picture:
    """Decode a picture that a walk has already accepted.

    Args:
        walk: of `intake.survey`, or of a single format.
        progress: called with the bytes of the file that the decoder reads.

    Raises:
        ImageCorrupt: the decoder refuses it.
    """
    facts = walk.facts
    mode, samples = pixels.decode_shown(walk, progress=progress)
    return Picture(
        samples,
        facts.width,
        facts.height,
        SAMPLE_KINDS[mode].bit_depth,
        converted_from=None if facts.mode == mode else facts.mode,
    )


def check_alike(original: Picture, encrypted: Picture) -> None:
    """Refuse two pictures that cannot be compared sample by sample.

    Raises:
        PicturesDiffer: they differ in size, number of channels or depth, and neither holds a file.
    """
    if not (original.holds_file or encrypted.holds_file or original.is_like(encrypted)):
        raise PicturesDiffer(
            f"the original has {original.describe()}, the encrypted picture {encrypted.describe()}; "
            "sample by sample only pictures of the same size and kind can be compared"
        )
