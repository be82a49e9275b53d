"""Material: the bits of `multistage` and `maximum` that no key derives again. docs/format.md, Material.

It is encrypted under a key of the picture's own, so that its strength is that of the file key: never a one-time pad.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from shield_core.cipher import segments
from shield_core.cipher.purity import Purity
from shield_core.cipher.streams import Streams
from shield_core.container import chunks
from shield_core.container.header import Header
from shield_core.container.lanes import Recording, Replay
from shield_core.errors import MacMismatch, PayloadInvalid
from shield_core.keys.schedule import Schedule
from shield_core.progress import Advance, nothing

Buffer = bytes | bytearray | memoryview

MAGIC: Final = b"QSMT"
VERSION: Final = 1
_STEP: Final = 1 << 20  # one report of progress


def seal(
    secret: bytearray | Recording, *, key: bytes, key_id: UUID, progress: Advance = nothing
) -> bytearray | memoryview:
    """Encrypt the bits of one picture.

    Args:
        secret: the segment seeds, one after the other, or the lanes.
        key: 32 bytes, the material key.
        key_id: of the picture.
        progress: told the bytes done, where they are many.

    Returns:
        The whole material.
    """
    if isinstance(secret, Recording):
        return secret.seal(key=key, head=_head(key_id), progress=progress)
    return chunks.seal(secret, key=key, head=_head(key_id))


def digest(material: Buffer, *, progress: Advance = nothing) -> bytes:
    """Return what the header carries: the SHA-256 of the whole material.

    Args:
        material: as it stands in the key file or the `.qmat` file.
        progress: told the bytes done, in steps of 1 MiB.
    """
    hashed, view = hashlib.sha256(), memoryview(material).cast("B")
    for at in range(0, len(view), _STEP):
        piece = view[at : at + _STEP]
        hashed.update(piece)
        progress(len(piece))
    return hashed.digest()


def verify(header: Header, material: Buffer, *, progress: Advance = nothing) -> None:
    """Check that a material belongs to an image, whose tag was verified.

    Args:
        header: of the image.
        material: what was given with it.
        progress: as `digest`.

    Raises:
        MacMismatch: it is of another image, or was changed or cut.
    """
    if not hmac.compare_digest(digest(material, progress=progress), header.material_sha256 or b""):
        raise MacMismatch("The material is not the one that the image was encrypted with")


@contextmanager
def streams(header: Header, keys: Schedule, material: Buffer, *, payload_bytes: int, pixels: int) -> Iterator[Streams]:
    """Give the keystreams that an image was encrypted with; when the block ends well, all of them were consumed.

    Args:
        header: of the image.
        keys: derived from its file key.
        material: verified; not looked at for `fast` and `balanced`.
        payload_bytes: of the image.
        pixels: of its payload.

    Raises:
        MacMismatch: the material was not sealed under this picture's key.
        PayloadInvalid: it holds another number of seeds, or lanes that are not consumed exactly.
    """
    if header.purity is Purity.MULTISTAGE:
        seeds = chunks.open_sealed(material, key=keys.material, head=_head(header.key_id))
        if len(seeds) != segments.SEED_SIZE * segments.count(payload_bytes):
            raise PayloadInvalid("The material holds another number of seeds than the picture has segments")
        try:
            yield Streams(keys.stream, keys.permutation, seeds=seeds)
        finally:
            seeds[:] = bytes(len(seeds))
    elif header.purity is Purity.MAXIMUM:
        reader = chunks.Reader(material, key=keys.material, head=_head(header.key_id))
        replay = Replay(reader, payload_bytes=payload_bytes, pixels=pixels)
        yield Streams(keys.stream, keys.permutation, measured=replay)
        replay.finish()
    else:
        yield Streams(keys.stream, keys.permutation)


def _head(key_id: UUID) -> bytes:
    return MAGIC + bytes([VERSION]) + key_id.bytes
