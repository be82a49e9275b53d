"""Sealing of large secrets at rest with AES-256-GCM in 64 KiB chunks, without a second copy in memory.

docs/reference/format.md, "Material": chunk i is sealed under the nonce of 7 zero bytes ‖ u32 i ‖ u8 last with the
head as associated data, and exactly the final chunk has last = 1, so a truncated, reordered or extended value does not
open.
The key must be fresh for every sealed value.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from shield_core.errors import MacMismatch
from shield_core.progress import Advance, nothing

CHUNK: Final = 65_536
TAG: Final = 16
HEAD_SIZE: Final = 21
"""Bytes of every head: magic (4) ‖ u8 version ‖ id (16)."""

_FRAME: Final = CHUNK + TAG


def seal(data: bytes | bytearray | memoryview, *, key: bytes, head: bytes) -> bytearray:
    """Encrypt a secret under a key that is used for nothing else.

    Args:
        data: The secret, of any length.
        key: 32 bytes, fresh for this value.
        head: 21 bytes: magic, version and id of the value; written first and authenticated with every chunk.

    Returns:
        `head` followed by the sealed chunks, each 16 bytes longer than its plaintext.
    """
    view = memoryview(data).cast("B")
    out = bytearray(sealed_size(len(view)))
    out[: len(view)] = view
    seal_in_place(np.frombuffer(out, np.uint8), len(view), key=key, head=head)
    return out


def sealed_size(size: int) -> int:
    """Return the length of a secret after sealing.

    Args:
        size: of the secret, in bytes.
    """
    return HEAD_SIZE + size + _count(size) * TAG


def seal_in_place(
    memory: NDArray[np.uint8], size: int, *, key: bytes, head: bytes, progress: Advance = nothing
) -> memoryview:
    """Seal as `seal` does, in the memory of the secret, so that it is never held twice.

    Args:
        memory: uint8 (m,), contiguous, writable, at least `sealed_size`; the secret is at its beginning.
        size: of the secret, in bytes.
        key: as `seal`.
        head: as `seal`.
        progress: called with the bytes of the secret done, in chunks.

    Returns:
        The first `sealed_size` bytes of the memory; no plaintext remains in it.
    """
    cipher = AESGCM(key)
    end = sealed_size(size)
    memory[end:] = 0
    plain = np.empty(CHUNK, np.uint8)
    count = _count(size)
    # From the last chunk to the first: each is written after all chunks that have not been read.
    for index in reversed(range(count)):
        piece = memory[index * CHUNK : min(size, (index + 1) * CHUNK)]
        copy = plain[: piece.size]
        copy[:] = piece
        at = HEAD_SIZE + index * _FRAME
        target = memory[at : at + copy.size + TAG].data
        cipher.encrypt_into(_nonce(index, last=index == count - 1), copy.data, head, target)
        progress(copy.size)
    plain[:] = 0
    memory[:HEAD_SIZE] = np.frombuffer(head, np.uint8)
    return memory[:end].data


def open_sealed(sealed: bytes | bytearray | memoryview, *, key: bytes, head: bytes) -> bytearray:
    """Decrypt what `seal` wrote.

    Args:
        sealed: Head and chunks.
        key: The 32 bytes it was sealed under.
        head: The head that is expected.

    Returns:
        The secret.

    Raises:
        MacMismatch: another head or key, or any change, cut or extension.
    """
    reader = Reader(sealed, key=key, head=head)
    out = bytearray(reader.size)
    target = memoryview(out)
    for index in range(reader.count):
        at = index * CHUNK
        reader.open_chunk(index, target[at : at + CHUNK])
    return out


def frame_of(size: int, start: int, stop: int) -> tuple[int, int]:
    """Find the range of a sealed value that holds a part of its secret.

    Args:
        size: of the secret, in bytes.
        start: where the part begins in the secret.
        stop: where it ends, at most `size` and more than `start`.

    Returns:
        The begin and end of that part's chunks in the sealed value.
    """
    return HEAD_SIZE + start // CHUNK * _FRAME, min(sealed_size(size), HEAD_SIZE + -(-stop // CHUNK) * _FRAME)


def open_part(
    sealed: bytes | bytearray | memoryview, *, size: int, start: int, stop: int, key: bytes, head: bytes
) -> bytearray:
    """Decrypt a part of what `seal` wrote, without checking the rest.

    Args:
        sealed: the chunks that hold the part, as `frame_of` finds them.
        size: of the whole secret, in bytes.
        start: where the part begins in the secret.
        stop: where it ends, at most `size` and more than `start`.
        key: The 32 bytes it was sealed under.
        head: The head that is expected.

    Returns:
        The bytes of the secret from `start` on and before `stop`.

    Raises:
        MacMismatch: another head, key or size, or any change, cut or extension of these chunks.
    """
    view, cipher, out = memoryview(sealed).cast("B"), AESGCM(key), bytearray()
    begin, end = frame_of(size, start, stop)
    if len(view) != end - begin:
        raise MacMismatch("Not what was sealed, or cut short")
    first, last = start // CHUNK, _count(size) - 1
    for at in range(0, len(view), _FRAME):
        index = first + at // _FRAME
        try:
            out += cipher.decrypt(_nonce(index, last=index == last), view[at : at + _FRAME], head)
        except InvalidTag as error:
            raise MacMismatch("A chunk was changed, or sealed under another key") from error
    del out[stop - first * CHUNK :]
    del out[: start - first * CHUNK]
    return out


class Sealer:
    """Seals a secret that arrives in pieces, as `seal` does, with the memory of one chunk."""

    def __init__(self, *, key: bytes, head: bytes) -> None:
        """Begin a sealed value.

        Args:
            key: 32 bytes, fresh for this value.
            head: as `seal`.
        """
        self._cipher = AESGCM(key)
        self._head = self._unwritten = head
        self._waiting = bytearray()
        self._index = 0
        self.size = 0
        """Bytes of the secret so far."""

    def seal(self, piece: bytes | memoryview) -> bytes:
        """Take the next piece of the secret.

        Args:
            piece: of any length.

        Returns:
            The bytes of the sealed value that it completes.
        """
        out = bytearray(self._take_head())
        self.size += len(piece)
        self._waiting += piece
        # The last chunk differs from all others, so a full one waits until more follows.
        while len(self._waiting) > CHUNK:
            out += self._seal(last=False)
        return bytes(out)

    def end(self) -> bytes:
        """Return the rest of the sealed value."""
        return self._take_head() + self._seal(last=True)

    def _take_head(self) -> bytes:
        head, self._unwritten = self._unwritten, b""
        return head

    def _seal(self, *, last: bool) -> bytes:
        chunk = bytes(self._waiting[:CHUNK])
        del self._waiting[:CHUNK]
        sealed = self._cipher.encrypt(_nonce(self._index, last=last), chunk, self._head)
        self._index += 1
        return sealed


class Reader:
    """Decrypts parts of a sealed value on demand, so that the whole plaintext is never in memory.

    Only a reader that reads all parts has checked that the whole value is sound.
    """

    def __init__(self, sealed: bytes | bytearray | memoryview, *, key: bytes, head: bytes) -> None:
        """Check the head of a sealed value.

        Args:
            sealed: Head and chunks; the caller must not change them while the reader is in use.
            key: The 32 bytes it was sealed under.
            head: The head that is expected.

        Raises:
            MacMismatch: another head, or too short for one.
        """
        view = memoryview(sealed).cast("B")
        self._body = view[HEAD_SIZE:]
        self.count = max(1, -(-len(self._body) // _FRAME))
        self.size = len(self._body) - self.count * TAG
        if view[:HEAD_SIZE] != head or self.size < 0 or _count(self.size) != self.count:
            raise MacMismatch("Not what was sealed, or cut short")
        self._cipher = AESGCM(key)
        self._head = head

    def open_chunk(self, index: int, target: memoryview) -> None:
        """Decrypt one chunk.

        Args:
            index: of the chunk, from 0.
            target: as long as the plaintext of the chunk, written.

        Raises:
            MacMismatch: another key, or any change.
        """
        piece = self._body[index * _FRAME : (index + 1) * _FRAME]
        try:
            self._cipher.decrypt_into(_nonce(index, last=index == self.count - 1), piece, self._head, target)
        except (InvalidTag, ValueError) as error:
            raise MacMismatch("A chunk was changed, or sealed under another key") from error

    def pieces(self, at: int, size: int) -> Iterator[NDArray[np.uint8]]:
        """Decrypt a part of the secret, one chunk at a time.

        Args:
            at: Where the part begins in the secret.
            size: Its length; it ends inside the secret.

        Yields:
            uint8 arrays, one after the other; each is valid until the next is requested.

        Raises:
            MacMismatch: another key, or any change in what is read.
        """
        memory = np.empty(CHUNK, np.uint8)
        try:
            for index in range(at // CHUNK, -(-(at + size) // CHUNK)):
                start = index * CHUNK
                self.open_chunk(index, memory[: min(CHUNK, self.size - start)].data)
                yield memory[max(0, at - start) : min(CHUNK, at + size - start)]
        finally:
            memory[:] = 0


def _count(size: int) -> int:
    return max(1, -(-size // CHUNK))


def _nonce(index: int, *, last: bool) -> bytes:
    return bytes(7) + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")
