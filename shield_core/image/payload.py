"""The payload of an encrypted image: the choice of the layout, and the conversion of a file into samples."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt, LayoutNotExact, RegionInvalid
from shield_core.image import pixels
from shield_core.image.facts import END_MISSING, NOT_DECODED, OTHER, SAMPLE_KINDS, TRAILING_DATA, Buffer, ImageFacts
from shield_core.image.formats.jpeg_walk import JpegWalk
from shield_core.image.formats.webp_walk import WebpWalk
from shield_core.image.framing import FRAME_MODE, frame, frame_size
from shield_core.image.handover import Finished, ignore
from shield_core.image.intake import AnyWalk, survey
from shield_core.image.kept_data import keep
from shield_core.image.limits import MAX_PIXELS, check_size
from shield_core.image.names import harmless_name
from shield_core.image.orientation import ORIENTATION_NOT_APPLIED, UPRIGHT, read_orientation
from shield_core.image.regions import SMALL, Region, count_pixels, hash_pixels, normalize
from shield_core.image.undecoded import NotDecoded, OtherWalk, keep_undecoded
from shield_core.progress import Advance, nothing

ASKED_FOR = "asked for"
REGIONS_ARE_PIXELS = "regions are encrypted as pixels"

REGION_SMALL = "region-small"
"""Warning: so few pixels are encrypted that their number and position reveal much about their content."""


class Layout(StrEnum):
    """What is encrypted: the pixels, or the file as it is; `auto` takes pixels if they restore everything."""

    AUTO = "auto"
    PIXELS = "pixels"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Payload:
    """A picture that is ready to encrypt.

    `samples` has the shape (width · height, bytes per pixel), uint8, C-contiguous, and belongs to the holder of the
    payload, who may encrypt it in place. `bit_depth` and `color_type` are PNG's, of the encrypted image. `metadata` has
    `payload_sha256`, `original_sha256` and `source` of docs/reference/format.md, "Metadata". With `regions`, only their
    pixels are the payload, but `samples` are those of the whole picture. `facts` are those of `intake.examine`, or
    `OTHER` if the decoder does not support this kind of picture.
    """

    layout: Layout
    reason: str
    samples: NDArray[np.uint8]
    width: int
    height: int
    bit_depth: int
    color_type: int
    metadata: dict[str, Any]
    warnings: tuple[str, ...]
    facts: ImageFacts
    regions: tuple[Region, ...] = ()

    @property
    def version(self) -> int:
        """Return the version of the header that this payload needs: 2 for a file that is not decoded, otherwise 1."""
        return 2 if self.facts.format == OTHER else 1

    @property
    def encrypted_pixels(self) -> int:
        """The number of encrypted pixels."""
        return count_pixels(self.regions) if self.regions else self.width * self.height

    @property
    def share_encrypted(self) -> float:
        """Return the share of the picture's pixels that are encrypted: above 0, at most 1."""
        return self.encrypted_pixels / (self.width * self.height)


@dataclass(frozen=True, slots=True)
class _Taken:
    samples: NDArray[np.uint8]
    mode: str
    size: tuple[int, int]
    rebuild: dict[str, Any] | None
    warnings: tuple[str, ...]
    sha256: str


def build(
    data: Buffer,
    facts: ImageFacts,
    *,
    layout: Layout = Layout.AUTO,
    regions: Iterable[Region] = (),
    file_name: str | None = None,
    threads: int = 1,
    progress: Advance = nothing,
) -> Payload:
    """Turn a file into samples. It decodes the whole file once, so it refuses a damaged file in every layout.

    A picture that no decoder here reads, or with more pixels than may be decoded, is taken as a file and not decoded.

    Args:
        data: The whole file.
        facts: The result of `intake.examine`.
        layout: The requested layout.
        regions: The only parts to encrypt, or none for everything; they require the layout `pixels`.
        file_name: The name of the restored file; only its harmless parts are kept.
        threads: 1, or 2 to hash the decoded samples on another thread.
        progress: Called with the bytes of the file that the decoder reads, in all about as many as the file has.

    Returns:
        The payload, with its own copy of the samples.

    Raises:
        LayoutNotExact: `pixels` or regions were requested, and cannot hold this picture.
        RegionInvalid: regions do not fit the picture, or the layout is `file`.
        ImageCorrupt: cut off or damaged.
        ImageError: as `intake.examine`.
    """
    walk = survey(data)
    if walk.facts != facts:
        raise ImageCorrupt("the facts are of another picture")
    regions = tuple(regions)
    chosen, reason = choose(walk, layout, regions)
    parts = normalize(regions, width=facts.width, height=facts.height) if regions else ()
    if chosen is Layout.PIXELS:
        taken = _take_pixels(walk, parts, threads, progress)
        if layout is Layout.AUTO and not regions and TRAILING_DATA in taken.warnings:
            chosen, reason = Layout.FILE, f"a {facts.format} with bytes behind the end of its pixels"
            taken = _frame(data, taken.warnings)
    else:
        sound = walk
        walk, taken = _take_file(walk, data, progress)
        reason = reason if layout is Layout.FILE or walk is sound else walk.facts.reason
    facts = walk.facts
    kind = SAMPLE_KINDS[taken.mode]
    return Payload(
        layout=chosen,
        reason=reason,
        samples=taken.samples,
        width=taken.size[0],
        height=taken.size[1],
        bit_depth=kind.bit_depth,
        color_type=kind.color_type,
        metadata={
            "payload_sha256": taken.sha256,
            "original_sha256": hashlib.sha256(data).hexdigest(),
            "source": _describe(facts, taken, file_name, chosen),
        },
        facts=facts,
        warnings=tuple(dict.fromkeys(facts.warnings + taken.warnings + warn_of(walk, parts))),
        regions=parts,
    )


def _describe(facts: ImageFacts, taken: _Taken, file_name: str | None, layout: Layout) -> dict[str, Any]:
    """Write the object `source` of docs/reference/format.md."""
    about = {"file_name": harmless_name(file_name), "format": facts.format, "rebuild": taken.rebuild}
    if facts.format == OTHER:
        return about | {"bit_depth": None, "media_type": facts.media_type, "mode": None}
    return about | {"bit_depth": facts.bit_depth, "mode": taken.mode if layout is Layout.PIXELS else facts.mode}


def choose(walk: AnyWalk, layout: Layout, regions: Sequence[Region] = ()) -> tuple[Layout, str]:
    """Choose the layout from the structure alone, so that a gateway can call it before it accepts the picture.

    Args:
        walk: the result of `intake.survey`.
        layout: the requested layout.
        regions: the requested regions; they require the layout `pixels`.

    Returns:
        `pixels` or `file`, and the reason.

    Raises:
        LayoutNotExact: `pixels` or regions were requested, and cannot restore this picture exactly.
        TooManyPixels: `pixels` or regions were requested, and the picture has more than `MAX_PIXELS`.
        RegionInvalid: regions were requested with the layout `file`.

    Source: docs/reference/format.md, Payload and Regions.
    """
    facts = walk.facts
    if regions:
        return Layout.PIXELS, _hold_regions(walk, layout)
    if layout is Layout.FILE:
        return layout, ASKED_FOR
    if layout is Layout.AUTO:
        if facts.pixels > MAX_PIXELS:
            return Layout.FILE, f"a picture of more than {MAX_PIXELS:,} pixels, which is not decoded"
        return (Layout.PIXELS if facts.complete else Layout.FILE), facts.reason
    check_size(facts.width, facts.height, limit=MAX_PIXELS)
    if facts.exact:
        return layout, ASKED_FOR
    if _comes_back_as_png(walk):
        return Layout.PIXELS, f"{ASKED_FOR}; comes back as PNG"
    raise LayoutNotExact(f"the picture is {facts.reason}; the layout `file` keeps it byte for byte")


def warn_of(walk: AnyWalk, regions: Sequence[Region]) -> tuple[str, ...]:
    """Return warnings about effects of regions that the user may not expect.

    Args:
        walk: the result of `intake.survey`.
        regions: as `regions.normalize` returns them, or none.

    Returns:
        Stable codes: `REGION_SMALL` and `ORIENTATION_NOT_APPLIED`.
    """
    if not regions:
        return ()
    small = (REGION_SMALL,) if count_pixels(regions) < SMALL else ()
    turned = (ORIENTATION_NOT_APPLIED,) if read_orientation(walk) != UPRIGHT else ()
    return small + turned


def _hold_regions(walk: AnyWalk, layout: Layout) -> str:
    if layout is Layout.FILE:
        raise RegionInvalid("the layout `file` encrypts the whole file: regions go with `pixels` or `auto`")
    check_size(walk.facts.width, walk.facts.height, limit=MAX_PIXELS)
    if walk.facts.exact:
        return REGIONS_ARE_PIXELS
    if _comes_back_as_png(walk):
        return f"{REGIONS_ARE_PIXELS}; comes back as PNG"
    raise LayoutNotExact(
        f"the picture is {walk.facts.reason}: its pixels do not come back exactly, so no region of it can be encrypted "
        "alone; without regions all of it can"
    )


def _comes_back_as_png(walk: AnyWalk) -> bool:
    whole = isinstance(walk, JpegWalk) and END_MISSING not in walk.facts.warnings
    lossless = isinstance(walk, WebpWalk) and walk.lossless
    return (whole or lossless) and walk.facts.mode in SAMPLE_KINDS


def _take_pixels(walk: AnyWalk, regions: Sequence[Region], threads: int, progress: Advance) -> _Taken:
    rebuild = keep(walk)
    if rebuild is None:
        raise LayoutNotExact("profiles and EXIF of the picture have more than 3 MB; the layout `file` keeps them")
    sha256 = hashlib.sha256()
    finished: Finished = ignore if regions else lambda samples: sha256.update(samples.data)
    mode, samples, found = pixels.decode(walk, finished=finished, threads=threads, progress=progress)
    if walk.facts.exact and mode != walk.facts.mode:
        raise ImageCorrupt("the decoder finds other samples than the header declares")
    size = walk.facts.width, walk.facts.height
    digest = hash_pixels(samples, regions, width=size[0]) if regions else sha256.hexdigest()
    return _Taken(samples, mode, size, rebuild, found + walk.dropped, digest)


def _take_file(walk: AnyWalk, data: Buffer, progress: Advance) -> tuple[AnyWalk, _Taken]:
    """Frame a file that is sound, or of a kind that no decoder reads; in that case return a new walk, too."""
    try:
        found = pixels.check(walk, progress=progress)
    except NotDecoded as error:
        walk, found = _without_decoder(walk, error), ()
    if not walk.facts.is_decoded:
        found += (NOT_DECODED,)
    return walk, _frame(data, found)


def _without_decoder(walk: AnyWalk, error: NotDecoded) -> OtherWalk:
    facts = walk.facts
    return keep_undecoded(error.reason, facts.media_type or "", width=facts.width, height=facts.height)


def _frame(data: Buffer, warnings: tuple[str, ...]) -> _Taken:
    samples = frame(data)
    digest = hashlib.sha256(samples.reshape(-1).data).hexdigest()
    return _Taken(samples, FRAME_MODE, frame_size(len(data)), None, warnings, digest)
