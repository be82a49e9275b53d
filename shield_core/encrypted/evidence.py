"""Evidence from an encrypted image and its key file, to check a receipt against."""

import hashlib
from collections.abc import Sequence
from typing import Any

from shield_core.encrypted import metadata, png, tag
from shield_core.encrypted.header import Header, parse
from shield_core.encrypted.tag import SIZE as TAG_SIZE
from shield_core.errors import MacMismatch, PayloadInvalid, ShieldError
from shield_core.keys import keyfile, schedule
from shield_core.keys.keyfile import KeyFile
from shield_core.keys.schedule import Schedule
from shield_core.keys.stanzas import Opener
from shield_core.quantum.verdict import ImageEvidence, KeyEvidence


def look_at_image(data: png.Buffer) -> ImageEvidence:
    """Read what an image file shows without a key.

    Args:
        data: the whole file, of any kind.

    Returns:
        Its digest and the values of its header; they are not authenticated by themselves.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        front = png.find(data)
        header = parse(front[:-TAG_SIZE])
    except ShieldError as error:
        return ImageEvidence(sha256, None, None, fault=f"{error.title}: {error}")
    return ImageEvidence(sha256, header.key_id, bytes(front[-TAG_SIZE:]))


def fits(header: Header, key_file: KeyFile) -> bool:
    """Return whether an image and a key file name each other.

    The three compared values are public; only the tag, under keys derived from them, is protected against forgery.

    Args:
        header: of the image.
        key_file: one with a checked commitment.
    """
    mine = (header.commitment, header.nonce, header.key_id)
    return mine == (key_file.commitment, key_file.nonce, key_file.key_id)


def read_metadata(header: Header, key_file: KeyFile, keys: Schedule) -> dict[str, Any]:
    """Decrypt the metadata of an image with a verified tag, and check header and key file against it.

    Args:
        header: of the image.
        key_file: unlocked.
        keys: derived from its file key.

    Returns:
        The object, as `metadata.decrypt` returns it.

    Raises:
        PayloadInvalid: the metadata does not decrypt; or its purity, the header's and the key file's differ; or the key
            file names another statement.

    Source: docs/reference/format.md, Decryption, step 11.
    """
    purity = header.purity.value
    if key_file.purity != purity:
        raise PayloadInvalid("The key file names another purity than the image")
    return metadata.decrypt(header.metadata, keys.metadata, purity=purity, statement_sha256=key_file.statement_sha256)


def look_at_key(
    key_file: bytes | KeyFile, *, openers: Sequence[Opener], image: png.Buffer | None = None
) -> KeyEvidence:
    """Read what an unlocked key file shows and, with an image, what the image shows under that key.

    Args:
        key_file: the bytes of the file, or the parsed file.
        openers: tried in their order.
        image: the whole encrypted image, or None.

    Returns:
        Whether they belong together, whether the image is authentic under the key, and the digest of the statement in
        the encrypted metadata. No pixel is decrypted.

    Raises:
        KeyFileInvalid: the data is not a key file.
        NoMatch: no opener opens it.
        CommitmentMismatch, MacMismatch: the key file was changed.
        ShieldError: the image cannot be read; the subclasses are those of `png.read`.
    """
    parsed = key_file if isinstance(key_file, KeyFile) else keyfile.parse(key_file)
    keys = schedule.derive(keyfile.unlock(parsed, openers), parsed.nonce)
    if image is None:
        return KeyEvidence(parsed.key_id, parsed.statement_sha256)
    return _look_together(parsed, keys, png.read(image))


def _look_together(key_file: KeyFile, keys: Schedule, image: png.Parsed) -> KeyEvidence:
    header = image.header
    if not fits(header, key_file):
        return KeyEvidence(key_file.key_id, key_file.statement_sha256, of_image=False)
    holds = _tag_holds(keys, image)
    return KeyEvidence(
        key_file.key_id,
        key_file.statement_sha256,
        of_image=True,
        tag_holds=holds,
        # Nothing that the tag covers is decrypted before the tag is verified.
        metadata_sha256=_metadata_digest(key_file, keys, image) if holds else None,
    )


def _tag_holds(keys: Schedule, image: png.Parsed) -> bool:
    try:
        tag.verify(keys.mac, image.header_bytes, image.samples, image.tag)
    except MacMismatch:
        return False
    return True


def _metadata_digest(key_file: KeyFile, keys: Schedule, image: png.Parsed) -> str:
    """Return the digest in the metadata; `read_metadata` requires it to equal the key file's."""
    try:
        read_metadata(image.header, key_file, keys)
    except PayloadInvalid:
        return ""
    return key_file.statement_sha256
