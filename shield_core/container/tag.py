"""The tag of an encrypted image: HMAC-SHA-256 over header and samples, both framed by their lengths.

Without the frame the tag would stay valid when the border between header and samples moves.
"""

import hmac
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import MacMismatch
from shield_core.progress import Advance, nothing

SIZE: Final = 32
_STEP: Final = 1 << 20  # one report of progress; the hash releases the GIL meanwhile


def compute(key: bytes, header: bytes, samples: NDArray[np.uint8], *, progress: Advance = nothing) -> bytes:
    """Authenticate an encrypted image.

    Args:
        key: 32 bytes, the MAC key.
        header: packed, as it stands in the chunk.
        samples: uint8, C-contiguous, all samples of the encrypted image, row-major, without filter bytes.
        progress: told the bytes of samples done, in steps of 1 MiB.

    Returns:
        32 bytes.

    Source: docs/format.md, Encryption, step 4; RFC 2104.
    """
    mac = hmac.new(key, len(header).to_bytes(4, "big"), "sha256")
    mac.update(header)
    mac.update(samples.size.to_bytes(8, "big"))
    flat = samples.reshape(-1).data
    for at in range(0, len(flat), _STEP):
        piece = flat[at : at + _STEP]
        mac.update(piece)
        progress(len(piece))
    return mac.digest()


def verify(key: bytes, header: bytes, samples: NDArray[np.uint8], tag: bytes, *, progress: Advance = nothing) -> None:
    """Check the tag of an encrypted image, in a time that does not depend on where it differs.

    Args:
        key: 32 bytes, the MAC key.
        header: as it stands in the chunk.
        samples: as `compute`.
        tag: 32 bytes.
        progress: as `compute`.

    Raises:
        MacMismatch: header, samples or tag were changed.
    """
    if not hmac.compare_digest(compute(key, header, samples, progress=progress), tag):
        raise MacMismatch("The tag does not fit the image")
