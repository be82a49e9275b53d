"""CRC-32, by ISA-L."""

from typing import Final

import numpy as np
from isal import isal_zlib

from shield_core.image.facts import Buffer

_NUMBERS: Final = np.zeros(64, np.uint64)


def crc32(data: Buffer, start: int = 0) -> int:
    """Compute a checksum of PNG.

    Args:
        data: any bytes, contiguous.
        start: the checksum of what stands before them.

    Source: Portable Network Graphics, third edition, annex D.
    """
    value: int = isal_zlib.crc32(data, start)
    clear_registers()
    return value


def clear_registers() -> None:
    """Do arithmetic after which the processor takes vector registers for narrow again.

    ISA-L's CRC-32 and inflate end with wide ones in use (AVX-512 without VZEROUPPER). Whatever this thread hashes after
    that then takes a third longer: SHA-256 over 36 MB 27 ms instead of 20 (Zen 4). NumPy's loops clean up behind them.
    """
    np.add(_NUMBERS, _NUMBERS)
