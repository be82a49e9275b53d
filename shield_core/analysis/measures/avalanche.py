"""The avalanche test: how many bits of the result change when one bit is flipped, adapted to a stream cipher.

There are three experiments, because one number would mislead. Under one key a flipped bit of the picture changes one
bit of the result: this is how a stream cipher works. The service never uses a key twice, so an outsider can only
compare pictures under fresh keys, and pictures under keys that differ in one bit.
"""

import math
import os
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.findings import Finding, Verdict, find
from shield_core.cipher import keystream, permutation
from shield_core.keys.schedule import FILE_KEY_SIZE, NONCE_SIZE, derive
from shield_core.progress import Advance, nothing

VERSION: Final = 1
FLIPS: Final = 64
ENCRYPTIONS: Final = 1 + 3 * FLIPS
LIMITS: Final = (
    "A diffusion check, not a proof. Shares near one half are what noise gives, and many weak ciphers give them too; "
    "that a picture cannot be read or changed rests on ChaCha20, HMAC-SHA-256 and the secrecy of the key."
)

_BITS: Final = 8
_KEY: Final = (
    "One bit of the 256-bit file key is flipped; picture and nonce stay. Half of all bits should change: keys that are "
    "close to each other make pictures that have nothing in common."
)
_FRESH: Final = (
    "One bit of the picture is flipped and it is encrypted as the service does it, under a fresh key. Half of all bits "
    "should change, as they do between two encryptions of the very same picture: it shows that keys are fresh, and "
    "nothing about the cipher."
)
_SAME: Final = (
    "One bit of the picture is flipped and it is encrypted under the same key, which the service never does. Exactly "
    "one bit changes: this is a stream cipher with a permutation of whole pixels, and it spreads nothing. So a key is "
    "used for one picture only, and a changed result is found by its tag, not by its look."
)


def avalanche(samples: NDArray[np.uint8], *, threads: int = 1, progress: Advance = nothing) -> dict[str, Any]:
    """Flip 64 bits one by one, and count the bits of the result that change.

    The keys are drawn here and discarded; no user's key is used.

    Args:
        samples: uint8 (pixels, bytes per pixel), C-contiguous, at least one; not changed.
        threads: 1 or 2, for the cipher.
        progress: called with the bytes encrypted, in all `ENCRYPTIONS` times those of the picture if it has 64 bits.

    Returns:
        A JSON-able dictionary: `version`, `flips`, `picture` (`pixels`, `bytes_per_pixel`), `limits`, and in
        `experiments` for each of `key`, `picture_fresh_keys` and `picture_same_key`: `flipped` (the numbers of the
        bits, most significant first), `changed` (a finding; for the first two the share of bits, for the last the
        number of bits), `lowest` and `highest` of any flip in the same unit, and `says`.

    Raises:
        ValueError: no samples.

    Source: Webster & Tavares 1985, On the Design of S-Boxes (strict avalanche criterion), with shares pooled over all
    bits of the result: each is a fair coin for noise, so the pooled share has the standard deviation 1 / (2 √bits).
    """
    if not samples.size:
        raise ValueError("a picture has at least one sample")
    counter = _FlipCounter(samples, threads, progress)
    in_key = _spread(_BITS * FILE_KEY_SIZE)
    in_picture = _spread(_BITS * samples.nbytes)
    bits = _BITS * samples.nbytes
    return {
        "version": VERSION,
        "flips": FLIPS,
        "picture": {"pixels": len(samples), "bytes_per_pixel": samples.shape[1]},
        "experiments": [
            _shares("key", _KEY, in_key, counter.with_flipped_keys(in_key), bits),
            _shares("picture_fresh_keys", _FRESH, in_picture, counter.with_fresh_keys(in_picture), bits),
            _counts("picture_same_key", _SAME, in_picture, counter.with_the_same_key(in_picture)),
        ],
        "limits": LIMITS,
    }


class _FlipCounter:
    """Encrypts one picture again and again, and counts the bits that differ from the first result."""

    def __init__(self, samples: NDArray[np.uint8], threads: int, progress: Advance) -> None:
        self._samples = samples
        self._threads = threads
        self._progress = progress
        self._nonce = os.urandom(NONCE_SIZE)
        self._file_key = os.urandom(FILE_KEY_SIZE)
        self._first = self._encrypt(samples, self._file_key)

    def with_flipped_keys(self, positions: Iterable[int]) -> Iterator[int]:
        for position in positions:
            key = np.frombuffer(self._file_key, np.uint8).copy()
            _flip(key, position)
            yield self._changed(self._encrypt(self._samples, key.tobytes()))

    def with_fresh_keys(self, positions: Iterable[int]) -> Iterator[int]:
        for position in positions:
            yield self._changed(self._encrypt(self._flipped(position), os.urandom(FILE_KEY_SIZE)))

    def with_the_same_key(self, positions: Iterable[int]) -> Iterator[int]:
        for position in positions:
            yield self._changed(self._encrypt(self._flipped(position), self._file_key))

    def _flipped(self, position: int) -> NDArray[np.uint8]:
        copy = self._samples.copy()
        _flip(copy.reshape(-1), position)
        return copy

    def _encrypt(self, samples: NDArray[np.uint8], file_key: bytes) -> NDArray[np.uint8]:
        keys = derive(file_key, self._nonce)
        noise = samples.copy()
        keystream.apply(noise, keys.stream, threads=self._threads)
        permutation.permute(noise, keys.permutation, out=noise, threads=self._threads)
        self._progress(noise.nbytes)
        return noise

    def _changed(self, result: NDArray[np.uint8]) -> int:
        return int(np.bitwise_count(result ^ self._first).sum(dtype=np.int64))


def _spread(bits: int) -> list[int]:
    """Choose positions spread evenly over `bits` bits, each at another place in its byte than the one before."""
    return [min(bits - 1, index * bits // FLIPS + index % _BITS) for index in range(FLIPS)]


def _flip(flat: NDArray[np.uint8], position: int) -> None:
    flat[position // _BITS] ^= 128 >> position % _BITS


def _shares(id_: str, says: str, flipped: list[int], counts: Iterable[int], bits: int) -> dict[str, Any]:
    shares = [count / bits for count in counts]
    mean, sd = sum(shares) / FLIPS, 0.5 / math.sqrt(bits * FLIPS)
    p_value = math.erfc(abs(mean - 0.5) / sd / math.sqrt(2))
    changed = find(id_, "share of bits", mean, expected=0.5, sd=sd, p_value=p_value)
    return _experiment(changed, says, flipped, shares)


def _counts(id_: str, says: str, flipped: list[int], found: Iterable[int]) -> dict[str, Any]:
    counts = list(found)
    verdict = Verdict.AS_EXPECTED if set(counts) == {1} else Verdict.FAILED
    return _experiment(Finding(id_, "bits", sum(counts) / FLIPS, 1.0, verdict=verdict), says, flipped, counts)


def _experiment(changed: Finding, says: str, flipped: list[int], values: list[Any]) -> dict[str, Any]:
    return {
        "id": changed.id,
        "says": says,
        "flipped": flipped,
        "changed": changed.to_json(),
        "lowest": min(values),
        "highest": max(values),
    }
