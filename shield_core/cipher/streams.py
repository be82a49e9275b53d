"""The two steps of the cipher over one picture, with the keystreams of each purity."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher import keystream, permutation, segments
from shield_core.cipher.keystream import Measured
from shield_core.progress import Advance, nothing


@dataclass(frozen=True, slots=True)
class Streams:
    """Every keystream of one picture.

    `stream` and `permutation` are the keys of 32 bytes. With neither `seeds` nor `measured` both are plain ChaCha20;
    `seeds`, 32 bytes for each mebibyte, give each mebibyte of the picture a new stream (`multistage`); `measured` bytes
    are XORed with every stream (`maximum`).
    """

    stream: bytes = field(repr=False)
    permutation: bytes = field(repr=False)
    seeds: bytes | bytearray | None = field(default=None, repr=False)
    measured: Measured | None = field(default=None, repr=False)

    def encrypt(
        self,
        samples: NDArray[np.uint8],
        *,
        memory: NDArray[np.uint8] | None = None,
        threads: int = 1,
        settled: Advance = nothing,
        progress: Advance = nothing,
    ) -> NDArray[np.uint8]:
        """XOR, then permute, in place.

        Args:
            samples: uint8 (pixels, bytes per pixel), C-contiguous, writable.
            memory: work space, as for `permutation.permute`.
            threads: 1 or 2; the result is the same.
            settled: as for `permutation.permute`.
            progress: called with the bytes done, in all three times `samples.nbytes`.

        Returns:
            `samples`.

        Source: docs/reference/format.md, Encryption, steps 1 and 2.
        """
        self._xor(samples, threads=threads, progress=progress)
        return permutation.permute(
            samples,
            self.permutation,
            measured=self.measured,
            out=samples,
            memory=memory,
            threads=threads,
            settled=settled,
            progress=progress,
        )

    def decrypt(
        self, samples: NDArray[np.uint8], *, threads: int = 1, progress: Advance = nothing
    ) -> NDArray[np.uint8]:
        """Undo `encrypt`.

        Args:
            samples: uint8 (pixels, bytes per pixel), C-contiguous, writable; used as work space.
            threads: 1 or 2; the result is the same.
            progress: called with the bytes done, in all three times `samples.nbytes`.

        Returns:
            An array of the same shape, which may be the same memory.
        """
        samples = permutation.unpermute(
            samples, self.permutation, measured=self.measured, threads=threads, progress=progress
        )
        self._xor(samples, threads=threads, progress=progress)
        return samples

    def _xor(self, samples: NDArray[np.uint8], *, threads: int, progress: Advance) -> None:
        if self.seeds is not None:
            segments.apply(samples, self.stream, self.seeds, threads=threads, progress=progress)
        else:
            keystream.apply(samples, self.stream, measured=self.measured, threads=threads, progress=progress)
