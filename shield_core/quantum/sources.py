"""The interface of sources of raw bits, and the two sources that need only Python.

A source may implement two further protocols: `UnevenSource` for biased bits, and `RemoteSource` for a source with a
deadline. A source raises `SourceFailed` with its own message, which appears in statements: it must not contain a
credential, a bit, or untrusted text.
"""

import hashlib
import os
import threading
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol

from shield_core.errors import SourceFailed


class SourceKind(StrEnum):
    """The kinds of sources, with the names of the entropy statement."""

    SIMULATED = "simulated"
    HARDWARE = "hardware"
    OS = "os"


class EntropySource(Protocol):
    """A source of raw bits; hashable and compared by identity, because its health is tracked from block to block."""

    @property
    def name(self) -> str:
        """A short name, bound into every seed and written into every statement."""
        ...

    @property
    def kind(self) -> SourceKind:
        """The kind of the source."""
        ...

    @property
    def credited_bits_per_bit(self) -> Fraction:
        """Min-entropy credited to each raw bit: zero for a simulator."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return its entry in a statement: canonical JSON without seeds and bits, known beforehand. It never fails."""
        ...

    def measure(self, n_bits: int) -> bytes:
        """Return `n_bits` fresh bits (a multiple of 8), packed, first bit highest; may raise anything."""
        ...


class UnevenSource(EntropySource, Protocol):
    """A source with biased bits, which pass an extractor before use: hardware, and simulations of it."""

    @property
    def min_entropy_per_bit(self) -> Fraction:
        """The min-entropy that the extractor assumes: over 0, at most 1. It is an assumption, not a credit."""
        ...


class RemoteSource(EntropySource, Protocol):
    """A source that may keep its caller waiting."""

    @property
    def deadline_seconds(self) -> float:
        """The time that an image waits for the source; after that it continues without it."""
        ...


class OsSource:
    """The operating system's generator, for an installation without a simulator."""

    name = "os"
    kind = SourceKind.OS
    credited_bits_per_bit = Fraction(1)

    def describe(self) -> dict[str, Any]:
        """Return the name of the system call."""
        return {"backend": "os.urandom"}

    def measure(self, n_bits: int) -> bytes:
        """Return `n_bits` bits of `os.urandom`.

        Raises:
            ValueError: not a positive multiple of 8.
        """
        return os.urandom(whole_bytes(n_bits))


class DeterministicSource:
    """A predictable source for tests: the same seed gives the same bits, and one object never repeats its bits.

    Raises:
        SourceFailed: the environment says that this is production.
    """

    name = "deterministic"
    kind = SourceKind.SIMULATED
    credited_bits_per_bit = Fraction(0)

    def __init__(self, seed: int = 0) -> None:
        if os.environ.get("ENVIRONMENT", "").strip().lower() == "production":
            raise SourceFailed("The deterministic source is for tests and refuses to start in production")
        self._seed = seed
        self._blocks = 0
        self._lock = threading.Lock()

    def describe(self) -> dict[str, Any]:
        """Return an entry that says that it is predictable."""
        return {"backend": "shake-256 of a counter", "warning": "predictable: for tests only"}

    def measure(self, n_bits: int) -> bytes:
        """Return the next `n_bits` bits of the sequence.

        Raises:
            ValueError: not a positive multiple of 8.
        """
        size = whole_bytes(n_bits)
        with self._lock:
            self._blocks += 1
            message = f"{self._seed}/{self._blocks}".encode()
        return hashlib.shake_256(message).digest(size)


def whole_bytes(n_bits: int) -> int:
    """Return the number of bytes that hold `n_bits`.

    Raises:
        ValueError: not a positive multiple of 8.
    """
    if n_bits < 1 or n_bits % 8:
        raise ValueError("bits are measured in whole bytes")
    return n_bits // 8
