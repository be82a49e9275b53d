"""AES-256-GCM in 64 KiB chunks: how a large secret is kept at rest without holding a second copy of it.

The frame of docs/format.md, "Material": chunk i is sealed under the nonce of 7 zero bytes ‖ u32 i ‖ u8 last with the
head as associated data, and exactly the final chunk has last = 1, so that a cut, a swap or an extension does not open.
The key must be fresh for every sealed value.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.errors import MacMismatch

CHUNK = 65_536
TAG = 16


def seal(data: bytes | bytearray | memoryview, *, key: bytes, head: bytes) -> bytearray:
    """Encrypt under a key that is used for nothing else.

    Args:
        data: The secret, of any length.
        key: 32 bytes, fresh for this value.
        head: Magic, version and id of the value; written in front and authenticated with every chunk.

    Returns:
        `head` followed by the sealed chunks, 16 bytes longer each.
    """
    cipher = AESGCM(key)
    view = memoryview(data).cast("B")
    count = max(1, -(-len(view) // CHUNK))
    out = bytearray(len(head) + len(view) + count * TAG)
    out[: len(head)] = head
    target = memoryview(out)
    at = len(head)
    for index in range(count):
        piece = view[index * CHUNK : (index + 1) * CHUNK]
        end = at + len(piece) + TAG
        cipher.encrypt_into(_nonce(index, last=index == count - 1), piece, head, target[at:end])
        at = end
    return out


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
    view = memoryview(sealed).cast("B")
    body = view[len(head) :]
    count = max(1, -(-len(body) // (CHUNK + TAG)))
    if view[: len(head)] != head or len(body) < count * TAG:
        raise MacMismatch
    cipher = AESGCM(key)
    out = bytearray(len(body) - count * TAG)
    target = memoryview(out)
    for index in range(count):
        piece = body[index * (CHUNK + TAG) : (index + 1) * (CHUNK + TAG)]
        at = index * CHUNK
        try:
            cipher.decrypt_into(_nonce(index, last=index == count - 1), piece, head, target[at : at + len(piece) - TAG])
        except (InvalidTag, ValueError) as error:
            raise MacMismatch from error
    return out


def _nonce(index: int, *, last: bool) -> bytes:
    return bytes(7) + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")
