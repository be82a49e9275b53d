"""Decoding with Pillow, in this module only, and only of files that a walk has accepted.

Two kinds of files are read without Pillow, because all of their bytes are needed anyway: exact BMP and exact PNG.
"""

import hashlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from shield_core.errors import ImageCorrupt, ShieldError
from shield_core.image.facts import END_MISSING, SAMPLE_KINDS, ImageFacts, Pieces, Walk
from shield_core.image.formats import png_read
from shield_core.image.formats.bmp_walk import BmpWalk, read_rows
from shield_core.image.formats.png_walk import PngWalk, check_checksums, check_png
from shield_core.image.formats.tiff_strips import check_strips
from shield_core.image.formats.tiff_walk import TiffWalk
from shield_core.image.handover import Finished, handover, ignore
from shield_core.image.limits import MAX_DECODED_PIXELS, MAX_PIXELS, MIN_FRAME_COST, check_size
from shield_core.image.splice import spliced
from shield_core.image.undecoded import NotDecoded, OtherWalk
from shield_core.progress import Advance, nothing

# Filters of `warnings` belong to the process, not to the thread.
_DECODING: Final = threading.Lock()
_STRIP_BYTES = 1 << 18
# Data appended to a JPEG without an end marker: bits that change the pixels if the decoder still needs data.
_FILLINGS: Final = tuple(bytes.fromhex(pattern) * 64 for pattern in ("5533a5c3", "91e44b26"))
_VARIOUS: Final = frozenset({"BMP", "TIFF"})
"""Formats with more kinds than any decoder supports: a sound file that Pillow does not open is of another kind."""


class Decoded(NamedTuple):
    """A decoded picture.

    `mode` is one of `SAMPLE_KINDS`; `samples` has the shape (pixels, bytes per pixel), uint8, C-contiguous, owned,
    16-bit samples big-endian; `warnings` are those that only decoding finds.
    """

    mode: str
    samples: NDArray[np.uint8]
    warnings: tuple[str, ...] = ()


def decode(
    walk: Walk,
    *,
    finished: Finished = ignore,
    threads: int = 1,
    progress: Advance = nothing,
) -> Decoded:
    """Decode the first picture of a file, and run the checks that a decoder omits.

    Args:
        walk: The walk over the file; its mode is one of `SAMPLE_KINDS`.
        finished: Called with the samples piece by piece, in order, on either thread.
        threads: 1, or 2 to do some of the work on another thread.
        progress: Called with the bytes of the file that the decoder reads; an exception from it ends the decoding.

    Returns:
        The decoded picture.

    Raises:
        NotDecoded: no decoder here reads this kind of picture.
        TooManyPixels: the picture has more pixels than may be decoded.
        ImageCorrupt: the decoder refuses it, or what it decodes is not what the walk found.
    """
    _demand_decoder(walk)
    if isinstance(walk, BmpWalk) and walk.facts.exact:
        samples = read_rows(walk)
        finished(samples.reshape(-1))
        return Decoded(walk.facts.mode, samples)
    if isinstance(walk, PngWalk) and png_read.reads(walk):
        read = png_read.read(walk, finished=finished, threads=threads, progress=progress)
        return Decoded(walk.facts.mode, *read)
    found = _check_more(walk)
    size = walk.facts.width, walk.facts.height
    with _decoding(walk), _opened(walk.shown[0], walk.facts, size=size, progress=progress) as image:
        image.load()
        # A 16-bit picture is I;16B where the file is big-endian.
        mode = "I;16" if image.mode.startswith("I;16") else image.mode
        if mode not in SAMPLE_KINDS:
            raise ImageCorrupt(f"the picture decodes to {image.mode}")
        with handover(finished, threads=threads) as hand_over:
            return Decoded(mode, _copy_samples(image, SAMPLE_KINDS[mode].bytes_per_pixel, hand_over), found)


def decode_shown(walk: Walk, *, progress: Advance = nothing) -> tuple[str, NDArray[np.uint8]]:
    """Decode the first picture of any file as a viewer shows it, to measure it; the result cannot restore the file.

    Args:
        walk: The walk over the file, with any mode.
        progress: Called with the bytes of the file that the decoder reads.

    Returns:
        Mode and samples, as of `decode`. A mode that is not one of `SAMPLE_KINDS` is converted to the nearest one:
        palettes and other colors become RGB, or RGBA if there is transparency; black and white and wide gray become L.

    Raises:
        ImageError: as `decode`.
    """
    _demand_decoder(walk)
    if walk.facts.mode in SAMPLE_KINDS:
        return decode(walk, progress=progress)[:2]
    size = walk.facts.width, walk.facts.height
    with _decoding(walk), _opened(walk.shown[0], walk.facts, size=size, progress=progress) as image:
        image.load()
        shown = image.convert(_nearest(image))
        return shown.mode, _copy_samples(shown, SAMPLE_KINDS[shown.mode].bytes_per_pixel, ignore)


def check(walk: Walk, *, progress: Advance = nothing) -> tuple[str, ...]:
    """Decode a file to check that it is complete, and discard the pixels.

    Frames of an animation or a file of many pages are decoded until `MAX_DECODED_PIXELS`; the structure of later frames
    is checked, which finds a truncated file. For a picture with more pixels than may be decoded, only checksums are
    checked.

    Returns:
        Warnings that only decoding finds.

    Raises:
        NotDecoded: no decoder here reads this kind of picture.
        ImageCorrupt: the decoder refuses it, or what it decodes is not what the walk found.
    """
    if not walk.facts.is_decoded:
        if isinstance(walk, PngWalk):
            check_checksums(walk)
        return ()
    if isinstance(walk, BmpWalk) and walk.facts.exact:
        return ()  # uncompressed rows; the walk has checked that the last one is complete
    if END_MISSING in walk.facts.warnings:
        _check_end(walk, progress)
        return ()
    found = _check_more(walk)
    left = MAX_DECODED_PIXELS
    with _decoding(walk):
        for page, pieces in enumerate(walk.shown):
            size = (walk.facts.width, walk.facts.height) if page == 0 else None
            with _opened(pieces, walk.facts, size=size, progress=progress) as image:
                for frame in range(walk.facts.frames if len(walk.shown) == 1 else 1):
                    left -= max(MIN_FRAME_COST, image.width * image.height)
                    if left < 0 and (page or frame):
                        return found
                    if frame:
                        image.seek(frame)
                    image.load()
    return found


@contextmanager
def _decoding(walk: Walk) -> Iterator[None]:
    """Convert all warnings and exceptions of decoders into ImageCorrupt or NotDecoded."""
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        except (ShieldError, MemoryError):
            raise
        except Exception as error:
            # Decoders raise nearly every type on hostile bytes: OSError, SyntaxError, struct.error, IndexError …
            # Their messages may contain bytes of the picture, so they are not repeated here.
            if isinstance(walk, BmpWalk) and walk.has_sound_runs:
                raise NotDecoded("a run-length encoded BMP of a kind that is rarely written") from error
            raise ImageCorrupt("the decoder finds the pixels damaged") from error


@contextmanager
def _opened(
    pieces: Pieces, facts: ImageFacts, *, size: tuple[int, int] | None, progress: Advance
) -> Iterator[Image.Image]:
    with _open(pieces, facts, progress) as image:
        if size is not None and image.size != size:
            raise ImageCorrupt("the decoder finds another size than the header declares")
        yield image


def _open(pieces: Pieces, facts: ImageFacts, progress: Advance) -> Image.Image:
    try:
        return Image.open(spliced(pieces, progress), formats=[facts.format])
    except (ShieldError, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except Exception as error:
        if facts.format in _VARIOUS:
            raise NotDecoded(f"a {facts.format} of a kind that is rarely written") from error
        raise


def _check_more(walk: Walk) -> tuple[str, ...]:
    """Run the checks that no decoder makes; return warnings that only they find."""
    if isinstance(walk, PngWalk):
        return check_png(walk)
    return check_strips(walk.strips) if isinstance(walk, TiffWalk) and walk.strips is not None else ()


def _demand_decoder(walk: Walk) -> None:
    if isinstance(walk, OtherWalk):
        raise NotDecoded(walk.facts.reason.removesuffix(", which is not decoded"))
    check_size(walk.facts.width, walk.facts.height, limit=MAX_PIXELS)


def _check_end(walk: Walk, progress: Advance) -> None:
    """Refuse a JPEG that was truncated in its pixels: the decoder then reads appended data as more pixels.

    The first decoding appends only the end marker; a complete JPEG needs no other. `MAX_UNENDED_SCANS` bounds the cost
    of all three.
    """
    [(*pieces, end)] = walk.shown
    size = walk.facts.width, walk.facts.height
    digests = set()
    with _decoding(walk):
        for filling in (b"", *_FILLINGS):
            with _opened([*pieces, memoryview(filling), end], walk.facts, size=size, progress=progress) as image:
                image.load()
                digests.add(hashlib.sha256(image.tobytes()).digest())
    if len(digests) > 1:
        raise ImageCorrupt("the JPEG is cut off in its pixels")


def _nearest(image: Image.Image) -> str:
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in {"1", "I", "F"} or image.mode.startswith("I;16") else "RGB"


def _copy_samples(image: Image.Image, bytes_per_pixel: int, finished: Finished) -> NDArray[np.uint8]:
    """Copy the pixels strip by strip: Pillow holds RGB in 4 bytes, and a conversion at once would be a third copy."""
    width, height = image.size
    samples = np.empty((height * width, bytes_per_pixel), np.uint8)
    rows = max(1, _STRIP_BYTES // (width * bytes_per_pixel))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        strip = np.frombuffer(image.crop((0, top, width, bottom)).tobytes(), np.uint8).reshape(-1, bytes_per_pixel)
        little = image.mode == "I;16"
        samples[top * width : bottom * width] = strip[:, ::-1] if little else strip
        finished(samples[top * width : bottom * width].reshape(-1))
    return samples
