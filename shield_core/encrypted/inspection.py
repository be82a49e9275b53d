"""Description of an encrypted image or material from its public parts, without a key."""

from typing import Any
from uuid import UUID

from shield_core.encrypted import png
from shield_core.encrypted.chunks import HEAD_SIZE
from shield_core.encrypted.chunks import TAG as CHUNK_TAG
from shield_core.encrypted.header import SUITE, Header, parse
from shield_core.encrypted.material import MAGIC, check_version, digest
from shield_core.encrypted.material import VERSION as MATERIAL_VERSION
from shield_core.encrypted.tag import SIZE as TAG_SIZE
from shield_core.errors import HeaderInvalid
from shield_core.keys.keyfile import key_id_text


def inspect(data: png.Buffer) -> dict[str, Any]:
    """Describe an encrypted image.

    Nothing here is authenticated: anyone who can change the file can change these values.

    Args:
        data: the whole file.

    Returns:
        A JSON-able dictionary: `version`, `suite`, `layout`, `purity`, `flags`, `key_id`, `width`, `height`,
        `bit_depth`, `color_type`, `bytes`, `sample_bytes`, `metadata_bytes`, `regions` (objects of `x`, `y`, `width`,
        `height`), `material_sha256` (or null), `nonce`, `commitment` and `tag` in hexadecimal, `sound` (whether the
        framing and checksums are exactly those that the writer produces) and `fault` (why not, or null).

    Raises:
        FileTooLarge, NotEncrypted, TooManyPixels, HeaderMissing: as `png.read`.
        LaterVersion: an image of a later version.
        HeaderInvalid: the header cannot be read.
    """
    front = png.find(data)
    header = parse(front[:-TAG_SIZE])
    fault = _fault(data)
    return {
        "version": header.version,
        "suite": SUITE,
        "layout": header.layout,
        "purity": header.purity.value,
        "flags": header.flags,
        "key_id": key_id_text(header.key_id),
        "width": header.width,
        "height": header.height,
        "bit_depth": header.bit_depth,
        "color_type": header.color_type,
        "bytes": memoryview(data).nbytes,
        "sample_bytes": header.sample_bytes,
        "metadata_bytes": len(header.metadata),
        "material_sha256": None if header.material_sha256 is None else header.material_sha256.hex(),
        "regions": [region.to_json() for region in header.regions],
        "nonce": header.nonce.hex(),
        "commitment": header.commitment.hex(),
        "tag": bytes(front[-TAG_SIZE:]).hex(),
        "sound": fault is None,
        "fault": fault,
    }


def header_of(data: png.Buffer) -> Header:
    """Return the header of an encrypted image; it is not authenticated.

    Args:
        data: the whole file.

    Raises:
        FileTooLarge, NotEncrypted, TooManyPixels, HeaderMissing: as `png.read`.
        HeaderInvalid: the header cannot be read.
    """
    return parse(png.find(data)[:-TAG_SIZE])


def inspect_material(data: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Describe a material file; its values are not authenticated.

    Args:
        data: the whole file.

    Returns:
        A JSON-able dictionary: `version`, `key_id`, `bytes` and `sha256`, which is the `material_sha256` of its image.

    Raises:
        LaterMaterial: material of a later version.
        HeaderInvalid: the data is not material of version 1.
    """
    check_version(data)
    view = memoryview(data).cast("B")
    if len(view) < HEAD_SIZE + CHUNK_TAG or view[:5] != MAGIC + bytes([MATERIAL_VERSION]):
        raise HeaderInvalid("Not a material of version 1, or cut short")
    return {
        "version": MATERIAL_VERSION,
        "key_id": key_id_text(UUID(bytes=bytes(view[5:HEAD_SIZE]))),
        "bytes": len(view),
        "sha256": digest(view).hex(),
    }


def _fault(data: png.Buffer) -> str | None:
    try:
        png.read(data)
    except HeaderInvalid as error:
        return str(error)
    return None
