"""Material: the bits of `multistage` and `maximum` that no key can derive again. docs/reference/format.md, Material.

It is encrypted under a key derived for the picture, so its strength is that of the file key: never a one-time pad.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher import segments
from shield_core.cipher.purity import Purity
from shield_core.cipher.streams import Streams
from shield_core.encrypted import chunks
from shield_core.encrypted.header import Header
from shield_core.encrypted.lanes import Recording, Replay
from shield_core.errors import FileTooLarge, LaterMaterial, MacMismatch, MaterialRequired, PayloadInvalid
from shield_core.image.limits import MAX_MATERIAL_BYTES
from shield_core.keys.keyfile import KeyFile
from shield_core.keys.schedule import Schedule
from shield_core.progress import Advance, nothing

Buffer = bytes | bytearray | memoryview

MAGIC: Final = b"QSMT"
VERSION: Final = 1
_STEP: Final = 1 << 20  # bytes per report of progress


def seal(secret: bytearray | Recording, *, key: bytes, key_id: UUID, progress: Advance = nothing) -> memoryview:
    """Encrypt the bits of one picture.

    Args:
        secret: the segment seeds, one after the other, or the lanes.
        key: 32 bytes, the material key.
        key_id: of the picture.
        progress: called with the bytes done; seeds are too few to report.

    Returns:
        The whole material.
    """
    if isinstance(secret, Recording):
        return secret.seal(key=key, head=_head(key_id), progress=progress)
    return memoryview(chunks.seal(secret, key=key, head=_head(key_id)))


def digest(material: Buffer, *, progress: Advance = nothing) -> bytes:
    """Return the SHA-256 of the whole material, which the header contains.

    Args:
        material: the bytes in the key file or the `.qmat` file.
        progress: called with the bytes done, in steps of 1 MiB.
    """
    hashed, view = hashlib.sha256(), memoryview(material).cast("B")
    for at in range(0, len(view), _STEP):
        piece = view[at : at + _STEP]
        hashed.update(piece)
        progress(len(piece))
    return hashed.digest()


def of_image(header: Header, key_file: KeyFile, given: Buffer | None) -> Buffer:
    """Find the material that an image needs: in the key file, or the given one.

    Args:
        header: of the image.
        key_file: not unlocked yet.
        given: the `.qmat` file, or None; used for `maximum` only.

    Returns:
        The bytes of the material; empty if none is needed or the key file lacks it.

    Raises:
        MaterialRequired: the image has the purity `maximum`, and no material was given.
        FileTooLarge: more than 320,000,000 bytes were given.
        LaterMaterial: the given material has a later version of the format.
    """
    if header.purity is not Purity.MAXIMUM:
        return key_file.material or b""
    if given is None:
        raise MaterialRequired("An image of the purity maximum needs the .qmat file that was written beside it")
    if memoryview(given).nbytes > MAX_MATERIAL_BYTES:
        raise FileTooLarge(f"Material has at most {MAX_MATERIAL_BYTES:,} bytes")
    check_version(given)
    return given


def check_version(material: Buffer) -> None:
    """Refuse material of a later version; the digest check refuses other data.

    Raises:
        LaterMaterial: a version that this release does not know.
    """
    start = bytes(memoryview(material).cast("B")[: len(MAGIC) + 1])
    if start[:-1] == MAGIC and start[-1] > VERSION:
        raise LaterMaterial(start[-1])


def verify(header: Header, material: Buffer, *, progress: Advance = nothing) -> None:
    """Check that material belongs to an image with a verified tag.

    Args:
        header: of the image; if its purity needs no material, nothing is checked.
        material: the material found for the image.
        progress: as `digest`.

    Raises:
        MacMismatch: the material belongs to another image, or was changed or truncated.
    """
    expected = header.material_sha256
    if expected is not None and not hmac.compare_digest(digest(material, progress=progress), expected):
        raise MacMismatch("The material is not the one that the image was encrypted with")


@contextmanager
def streams(header: Header, keys: Schedule, material: Buffer, *, payload: NDArray[np.uint8]) -> Iterator[Streams]:
    """Open the keystreams that an image was encrypted with; if the block ends without an error, all were consumed.

    Args:
        header: of the image.
        keys: derived from its file key.
        material: verified; not used for `fast` and `balanced`.
        payload: uint8 (pixels, bytes per pixel), only its shape is used.

    Raises:
        MacMismatch: the material was not sealed under this picture's key.
        PayloadInvalid: the number of seeds is wrong, or the lanes are not consumed exactly.
    """
    if header.purity is Purity.MULTISTAGE:
        seeds = chunks.open_sealed(material, key=keys.material, head=_head(header.key_id))
        if len(seeds) != segments.SEED_SIZE * segments.count(payload.nbytes):
            raise PayloadInvalid("The material holds another number of seeds than the picture has segments")
        try:
            yield Streams(keys.stream, keys.permutation, seeds=seeds)
        finally:
            seeds[:] = bytes(len(seeds))
    elif header.purity is Purity.MAXIMUM:
        reader = chunks.Reader(material, key=keys.material, head=_head(header.key_id))
        replay = Replay(reader, payload_bytes=payload.nbytes, pixels=len(payload))
        yield Streams(keys.stream, keys.permutation, measured=replay)
        replay.finish()
    else:
        yield Streams(keys.stream, keys.permutation)


def _head(key_id: UUID) -> bytes:
    return MAGIC + bytes([VERSION]) + key_id.bytes
