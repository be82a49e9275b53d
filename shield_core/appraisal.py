"""Analysis of two untrusted files, an original and its encrypted picture: decode both and pass them to `analysis`."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.document import KEY_SPACE_BITS, Encrypt, analyze
from shield_core.analysis.measures import picture
from shield_core.analysis.measures.picture import Picture
from shield_core.cipher import keystream, permutation
from shield_core.cipher.threads import useful_threads
from shield_core.encrypted import png
from shield_core.encrypted.header import NONCE_SIZE
from shield_core.errors import HeaderInvalid, HeaderMissing, UnsupportedFormat
from shield_core.image import intake
from shield_core.image.facts import Buffer
from shield_core.image.regions import Region
from shield_core.keys import schedule
from shield_core.progress import Advance, nothing

STEPS: Final = 100
"""The total of the progress of one appraisal."""

# For a PNG of 25 million pixels, in ms: decoding 900, reading 60, two more encryptions 500, counting 200.
_DECODING: Final = 50
_READING: Final = 5
_ENCRYPTING: Final = 30
_PASSES: Final = 4  # two encryptions, each a keystream and a permutation over all bytes


def appraise(
    original: Buffer,
    encrypted: Buffer,
    *,
    timings_ms: Mapping[str, float] | None = None,
    threads: int = 1,
    progress: Advance = nothing,
) -> dict[str, Any]:
    """Measure an original and its encrypted picture.

    If the second file is an encrypted image of this product, the cipher is known: two more encryptions are compared,
    under keys that are drawn here and discarded. Nothing is decrypted, and no user's key is needed.

    Args:
        original: the whole file.
        encrypted: the whole file: an encrypted image, or any picture.
        timings_ms: of the job, copied into the report.
        threads: 1 or 2; it changes no number except those that depend on fresh keys.
        progress: called with hundredths of the work, `STEPS` in all.

    Returns:
        As `analysis.document.analyze`.

    Raises:
        ImageError: one of the files is not accepted.
        PicturesDiffer: they cannot be compared sample by sample.
    """
    scale = _Scale(progress)
    first = picture.read(original, progress=scale.part(_DECODING, len(original)))
    scale.reach(_DECODING)
    second, regions, is_own = _read_encrypted(encrypted)
    scale.reach(_DECODING + _READING)
    worth = useful_threads(len(first.samples), threads)
    advance = scale.part(_ENCRYPTING, _PASSES * first.samples.nbytes)
    report = analyze(
        first,
        second,
        encrypt=fresh_cipher(threads=worth, progress=advance) if is_own and not regions else None,
        timings_ms=timings_ms,
        key_space_bits=KEY_SPACE_BITS if is_own else None,
        regions=regions,
        threads=threads,
    )
    scale.reach(STEPS)
    return report


def fresh_cipher(*, threads: int = 1, progress: Advance = nothing) -> Encrypt:
    """Return the cipher as a function that draws a new key for every call and keeps none.

    Keystream and permutation follow docs/reference/format.md. The keys come from the operating system: the source of a
    seed does not change the cipher.

    Args:
        threads: 1 or 2.
        progress: called with the bytes done, for each call of the cipher in all twice those of the samples.
    """

    def encrypt(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        keys = schedule.derive(os.urandom(schedule.FILE_KEY_SIZE), os.urandom(NONCE_SIZE))
        keystream.apply(samples, keys.stream, threads=threads, progress=progress)
        return permutation.permute(samples, keys.permutation, out=samples, threads=threads, progress=progress)

    return encrypt


def _read_encrypted(data: Buffer) -> tuple[Picture, Sequence[Region], bool]:
    """Read an encrypted image as strictly as for decryption, and any other file, even a changed one, as a picture."""
    try:
        parsed = png.read(data)
    except (UnsupportedFormat, HeaderMissing, HeaderInvalid):
        return picture.decode(intake.survey(data)), (), False
    header = parsed.header
    samples = Picture(parsed.samples, header.width, header.height, header.bit_depth, holds_file=header.layout == "file")
    return samples, header.regions, True


class _Scale:
    """Converts the bytes of several steps into hundredths of the whole work."""

    def __init__(self, progress: Advance) -> None:
        self._progress = progress
        self._reported = 0

    def reach(self, step: int) -> None:
        if step > self._reported:
            reported, self._reported = self._reported, step
            self._progress(step - reported)

    def part(self, steps: int, total: int) -> Advance:
        start: int | None = None
        done = 0

        def advance(size: int) -> None:
            nonlocal start, done
            start = self._reported if start is None else start
            done += size
            self.reach(start + steps * min(done, total) // max(1, total))

        return advance
