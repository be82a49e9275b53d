"""The measured lanes of `maximum`: recorded during encryption, replayed during decryption.

docs/reference/format.md, Material:

    u16 lanes ‖ (u64 length ‖ bytes) …        lane 0 the picture, 1 the bucket bytes, 2 + b the words of bucket b

The number of words that a bucket takes is known only when its pixels are shuffled, because some words are rejected. The
bits are measured before, with some spare room for each bucket, because the entropy statement states their number; the
unused rest of each bucket is discarded.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher import permutation
from shield_core.encrypted import chunks
from shield_core.encrypted.chunks import Reader
from shield_core.errors import EntropyError, PayloadInvalid
from shield_core.progress import Advance, nothing

SPARE_WORDS: Final = 64
"""Room for rejected words in each bucket. At most two are expected; 65 occur once in 10^69 pictures."""

_WORD: Final = 4
_COUNT: Final = 2
_LENGTH: Final = 8
_FIRST_WORDS: Final = 2


class Recording:
    """Measured bytes for the keystreams of one encryption, in the memory of its material.

    Implements `shield_core.cipher.keystream.Measured`.
    """

    def __init__(self, payload_bytes: int, pixels: int) -> None:
        """Reserve the memory of the material.

        Args:
            payload_bytes: at least 1.
            pixels: of the payload.
        """
        self._choices, self._buckets = permutation.lane_sizes(pixels)
        self._words = _COUNT + 2 * _LENGTH + payload_bytes + self._choices  # where the first lane of words begins
        self._room = self._words + _WORD * pixels + self._buckets * (_LENGTH + _WORD * SPARE_WORDS)
        self._memory = np.empty(chunks.sealed_size(self._room), np.uint8)
        self._starts = [_COUNT + _LENGTH, self._words - self._choices, self._words + _LENGTH]
        self._ends = [self._starts[0] + payload_bytes, self._words, self._room]
        self._used = [payload_bytes, self._choices] + [0] * self._buckets

    @property
    def memory(self) -> NDArray[np.uint8]:
        """The memory to fill with measured bytes before the encryption: uint8 (m,)."""
        return self._memory[: self._room]

    def expect(self, bounds: Sequence[tuple[int, int]]) -> None:
        """Assign every bucket its room."""
        rooms = [_LENGTH + _WORD * (stop - start + SPARE_WORDS) for start, stop in bounds]
        edges = list(accumulate(rooms, initial=self._words))
        self._starts[_FIRST_WORDS:] = [edge + _LENGTH for edge in edges[:-1]]
        self._ends[_FIRST_WORDS:] = edges[1:]

    def xor(self, lane: int, at: int, target: NDArray[np.uint8]) -> None:
        """XOR bytes in place with those of a lane.

        Raises:
            EntropyError: more words were rejected than there is room for; another attempt draws other words.
        """
        start = self._starts[lane] + at
        stop = start + target.size
        if stop > self._ends[lane]:
            raise EntropyError("More words were rejected than bits were measured for")
        target ^= self._memory[start:stop]
        self._used[lane] = max(self._used[lane], at + target.size)

    def seal(self, *, key: bytes, head: bytes, progress: Advance = nothing) -> memoryview:
        """Encrypt the used bytes and discard the rest.

        Args:
            key: 32 bytes, the material key.
            head: of the material.
            progress: called with the bytes done.

        Returns:
            The material; its memory belongs to the caller.
        """
        size = self._close_up()
        sealed = chunks.seal_in_place(self._memory, size, key=key, head=head, progress=progress)
        self._memory = np.empty(0, np.uint8)
        return sealed

    def wipe(self) -> None:
        """Overwrite the measured bytes, unless they were sealed."""
        self._memory[:] = 0

    def _close_up(self) -> int:
        """Write the lengths, and move every lane of words to the end of the one before; return the end of the last."""
        self._write(0, len(self._used), _COUNT)
        at = _COUNT
        for start, used in zip(self._starts, self._used, strict=True):
            self._write(at, used, _LENGTH)
            at += _LENGTH
            self._memory[at : at + used] = self._memory[start : start + used]
            at += used
        return at

    def _write(self, at: int, number: int, size: int) -> None:
        self._memory[at : at + size] = np.frombuffer(number.to_bytes(size, "big"), np.uint8)


class Replay:
    """The lanes of a material, to decrypt the picture that was encrypted with them.

    Implements `shield_core.cipher.keystream.Measured`.
    """

    def __init__(self, reader: Reader, *, payload_bytes: int, pixels: int) -> None:
        """Read the lengths.

        Args:
            reader: of the material.
            payload_bytes: of the picture.
            pixels: of the payload.

        Raises:
            PayloadInvalid: the number of lanes is wrong, or a length does not fit picture or material.
            MacMismatch: the material does not decrypt.
        """
        choices, buckets = permutation.lane_sizes(pixels)
        self._reader = reader
        self._lengths = self._read_lengths(_FIRST_WORDS + buckets)
        if self._lengths[:_FIRST_WORDS] != [payload_bytes, choices]:
            raise PayloadInvalid("The lanes of picture or bucket bytes are longer or shorter than the picture")
        self._used = [payload_bytes, choices] + [0] * buckets

    def expect(self, bounds: Sequence[tuple[int, int]]) -> None:
        """Refuse lanes that are too short for their buckets.

        Raises:
            PayloadInvalid: a word is missing.
        """
        needed = [_WORD * max(0, stop - start - 1) for start, stop in bounds]
        if any(length < least for length, least in zip(self._lengths[_FIRST_WORDS:], needed, strict=True)):
            raise PayloadInvalid("A lane is too short for its bucket")

    def xor(self, lane: int, at: int, target: NDArray[np.uint8]) -> None:
        """XOR bytes in place with those of a lane.

        Raises:
            PayloadInvalid: the lane ends too early.
            MacMismatch: the material does not decrypt.
        """
        end = at + target.size
        if end > self._lengths[lane]:
            raise PayloadInvalid("A lane is too short for its bucket")
        done = 0
        for piece in self._reader.pieces(self._starts[lane] + at, target.size):
            target[done : done + piece.size] ^= piece
            done += piece.size
        self._used[lane] = max(self._used[lane], end)

    def finish(self) -> None:
        """Refuse a lane that was not consumed completely.

        Raises:
            PayloadInvalid: bytes of a lane are left.
        """
        if self._used != self._lengths:
            raise PayloadInvalid("A lane was not consumed exactly")

    def _read_lengths(self, lanes: int) -> list[int]:
        if self._number(0, _COUNT) != lanes:
            raise PayloadInvalid("Another number of lanes than the picture has")
        at, lengths = _COUNT, []
        self._starts = []
        for _ in range(lanes):
            lengths.append(self._number(at, _LENGTH))
            self._starts.append(at + _LENGTH)
            at = self._starts[-1] + lengths[-1]
        if at != self._reader.size:
            raise PayloadInvalid("The material is longer or shorter than its lanes")
        return lengths

    def _number(self, at: int, size: int) -> int:
        if at + size > self._reader.size:
            raise PayloadInvalid("The material is shorter than its lanes")
        return int.from_bytes(b"".join(piece.tobytes() for piece in self._reader.pieces(at, size)), "big")
