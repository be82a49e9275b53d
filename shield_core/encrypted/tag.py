"""The tag of an encrypted image: HMAC-SHA-256 over header and samples, each preceded by its length.

Without the lengths the tag would stay valid when the border between header and samples moves.
"""

import hmac
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import MacMismatch
from shield_core.progress import Advance, nothing

SIZE: Final = 32
_STEP: Final = 1 << 20  # bytes per report of progress; the hash releases the GIL meanwhile
_AHEAD: Final = 0.5  # drawing the pixels takes two fifths of the time that the tag over them takes


class Tag:
    """A tag over samples that become final from the first to the last."""

    def __init__(self, key: bytes, header: bytes, samples: NDArray[np.uint8]) -> None:
        """Begin with the header.

        Args:
            key: 32 bytes, the MAC key.
            header: packed, as in the chunk.
            samples: uint8, C-contiguous, all samples of the encrypted image, row-major, without filter bytes.
        """
        self._mac = hmac.new(key, len(header).to_bytes(4, "big"), "sha256")
        self._mac.update(header)
        self._mac.update(samples.size.to_bytes(8, "big"))
        self._samples = samples.reshape(-1).data
        self.covered = 0

    def cover(self, stop: int, *, progress: Advance = nothing) -> None:
        """Authenticate the samples up to a byte; they must be final.

        Args:
            stop: bytes from the first sample on; bytes that are already covered are skipped.
            progress: called with the bytes done, in steps of 1 MiB.
        """
        while self.covered < stop:
            piece = self._samples[self.covered : min(stop, self.covered + _STEP)]
            self._mac.update(piece)
            self.covered += len(piece)
            progress(len(piece))

    def finish(self, *, progress: Advance = nothing) -> bytes:
        """Authenticate the remaining samples, and return the 32 bytes.

        Args:
            progress: as for `cover`.
        """
        self.cover(len(self._samples), progress=progress)
        return self._mac.digest()


def compute(key: bytes, header: bytes, samples: NDArray[np.uint8], *, progress: Advance = nothing) -> bytes:
    """Authenticate an encrypted image.

    Args:
        key: 32 bytes, the MAC key.
        header: packed, as in the chunk.
        samples: uint8, C-contiguous, all samples of the encrypted image, row-major, without filter bytes.
        progress: called with the bytes of samples done, in steps of 1 MiB.

    Returns:
        32 bytes.

    Source: docs/reference/format.md, Encryption, step 4; RFC 2104.
    """
    return Tag(key, header, samples).finish(progress=progress)


def verify(key: bytes, header: bytes, samples: NDArray[np.uint8], tag: bytes, *, progress: Advance = nothing) -> None:
    """Check the tag of an encrypted image in constant time.

    Args:
        key: 32 bytes, the MAC key.
        header: as in the chunk.
        samples: as `compute`.
        tag: 32 bytes.
        progress: as `compute`.

    Raises:
        MacMismatch: header, samples or tag were changed.
    """
    if not hmac.compare_digest(compute(key, header, samples, progress=progress), tag):
        raise MacMismatch("The tag does not fit the image")


def ahead(tag: Tag, samples: NDArray[np.uint8]) -> Advance:
    """Let a tag follow a permutation, so that the thread that computes it is not the last to finish.

    Args:
        tag: over the samples.
        samples: uint8 (pixels, bytes per pixel).

    Returns:
        A function to call with the number of final pixels. It leaves a part of the samples, to be authenticated while
        the pixels are drawn.
    """
    pixels, width = samples.shape
    most = int(pixels * _AHEAD)

    def settled(places: int) -> None:
        tag.cover(min(places, most) * width)

    return settled
