"""The key file, which is required to decrypt an encrypted image. docs/reference/format.md, "Key file"."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shield_core import recognition
from shield_core.errors import CommitmentMismatch, KeyFileInvalid, MacMismatch, NoMatch
from shield_core.keys import canonical, fields, schedule, spelling, stanzas
from shield_core.keys.passphrase import Kdf
from shield_core.keys.schedule import NONCE_SIZE, Schedule
from shield_core.keys.stanzas import Opener, Stanza, Wrap

MAX_BYTES: Final = 1_048_576
"""Bytes of a key file. Twenty stanzas and the material of a `multistage` image of 25 million pixels are far smaller."""

_COMMITMENT_SIZE: Final = 32
_MAC_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file in memory: well formed, but not yet unlocked.

    `key_id` is the id in the image's header; `created` is UTC, in whole seconds; `nonce` (24 bytes) and `commitment`
    (32 bytes) are the image's; `statement_sha256` is 64 hexadecimal digits; `mac` has 32 bytes; `material` is set for
    `multistage` only.
    """

    key_id: UUID
    created: datetime
    purity: str
    nonce: bytes
    commitment: bytes
    stanzas: tuple[Stanza, ...] = field(repr=False)
    statement_sha256: str
    mac: bytes = field(repr=False)
    material: bytes | None = field(default=None, repr=False)
    version: int = fields.VERSION


def build(
    *,
    file_key: bytes,
    nonce: bytes,
    key_id: UUID,
    purity: str,
    statement_sha256: str,
    wraps: Iterable[Wrap],
    material: bytes | memoryview | None = None,
    created: datetime | None = None,
) -> KeyFile:
    """Make the key file of one image.

    Args:
        file_key: The image's 32-byte file key.
        nonce: The image's 24-byte nonce.
        key_id: The id in the image's header.
        purity: As in the image's header.
        statement_sha256: The digest of the entropy statement, 64 hexadecimal digits.
        wraps: 1..20 ways to open it.
        material: The sealed segment seeds of `multistage`, None for every other purity.
        created: Defaults to now; kept in whole seconds of UTC.

    Raises:
        KeyFileInvalid: stanzas that exclude each other (a passphrase with `plain` or `vault`, a recipient with
            `plain`), or a malformed field.
    """
    keys = schedule.derive(file_key, nonce)
    draft = KeyFile(
        key_id=key_id,
        created=(created or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
        purity=purity,
        nonce=nonce,
        commitment=keys.commitment,
        stanzas=_wrapped(file_key, key_id, wraps),
        statement_sha256=statement_sha256,
        mac=bytes(_MAC_SIZE),
        material=None if material is None else bytes(material),
    )
    return parse(encode(_authenticated(draft, keys)))


def encode(key_file: KeyFile) -> bytes:
    """Write the bytes of a key file: canonical JSON, indented by two, with a final line feed."""
    return canonical.dumps_indented({**_fields(key_file), "mac_b64": canonical.b64encode(key_file.mac)})


def parse(data: bytes) -> KeyFile:
    """Read a key file strictly, without deriving or opening anything.

    Args:
        data: At most 1,048,576 bytes.

    Raises:
        KeyFileInvalid: too large, not byte for byte what `encode` writes, a missing, additional or reserved field, or a
            parameter over its cap. The message says what was changed.
    """
    _check_length(data)
    try:
        value = canonical.loads_indented(data)
    except canonical.NotCanonical:
        raise KeyFileInvalid(spelling.explain(data, _from_json)) from None
    return _from_json(value)


def parse_respelled(data: bytes) -> KeyFile:
    """Read a key file that another program has rewritten; `encode` restores its canonical bytes.

    Its value must be exactly that of a key file; only the JSON spelling may differ. It is authentic once `unlock` has
    verified its MAC, which covers the canonical form.

    Args:
        data: At most 1,048,576 bytes; a leading byte order mark is ignored.

    Raises:
        KeyFileInvalid: too large, no JSON, a duplicate, missing or additional field, Base64 that is not canonical, or a
            parameter over its cap.
    """
    _check_length(data)
    try:
        value = canonical.loads_respelled(data.removeprefix(recognition.BYTE_ORDER_MARK))
    except canonical.NotCanonical:
        raise KeyFileInvalid(spelling.explain(data, _from_json)) from None
    return _from_json(value)


def unlock(key_file: KeyFile, openers: Sequence[Opener]) -> bytes:
    """Open a key file.

    Args:
        key_file: As parsed.
        openers: Tried in their order on every stanza; the first file key that is found decides.

    Returns:
        The 32-byte file key; it belongs to this key file, and the key file was not changed since it was made.

    Raises:
        NoMatch: no stanza opens.
        CommitmentMismatch: the file key is of another image.
        MacMismatch: the key file was changed.
    """
    file_key = _open(key_file, openers)
    _verify(key_file, schedule.derive(file_key, key_file.nonce))
    return file_key


def rewrap(key_file: KeyFile, file_key: bytes, wraps: Iterable[Wrap]) -> KeyFile:
    """Replace all stanzas; the image, its nonce and its commitment stay.

    Raises:
        CommitmentMismatch: the file key is of another image.
        MacMismatch: the key file was changed.
        KeyFileInvalid: stanzas that exclude each other.
    """
    keys = schedule.derive(file_key, key_file.nonce)
    _verify(key_file, keys)
    draft = replace(key_file, stanzas=_wrapped(file_key, key_file.key_id, wraps))
    return _authenticated(draft, keys)


def passphrase_kdf(key_file: KeyFile) -> Kdf | None:
    """Return the key derivation parameters of the passphrase stanza, or None if there is no such stanza."""
    for stanza in key_file.stanzas:
        if stanza["type"] == "passphrase":
            return Kdf.from_json(stanza["kdf"])
    return None


def key_id_text(key_id: UUID) -> str:
    """Return the text form of a key id in key files, statements and URLs: `key_` and 32 hexadecimal digits."""
    return f"key_{key_id.hex}"


def _wrapped(file_key: bytes, key_id: UUID, wraps: Iterable[Wrap]) -> tuple[Stanza, ...]:
    return stanzas.check([wrap.wrap(file_key, key_id) for wrap in wraps])


def _open(key_file: KeyFile, openers: Sequence[Opener]) -> bytes:
    for opener in openers:
        for stanza in key_file.stanzas:
            file_key = opener.open(stanza, key_file.key_id)
            if file_key is not None:
                return file_key
    raise NoMatch("No stanza of the key file opens with what was given")


def _verify(key_file: KeyFile, keys: Schedule) -> None:
    if not hmac.compare_digest(keys.commitment, key_file.commitment):
        raise CommitmentMismatch("The file key is not the one that the key file was made for")
    if not hmac.compare_digest(_mac(key_file, keys), key_file.mac):
        raise MacMismatch("The key file was changed")


def _authenticated(key_file: KeyFile, keys: Schedule) -> KeyFile:
    return replace(key_file, mac=_mac(key_file, keys))


def _mac(key_file: KeyFile, keys: Schedule) -> bytes:
    return hmac.digest(keys.key_file, canonical.dumps(_fields(key_file)), "sha256")


def _fields(key_file: KeyFile) -> dict[str, Any]:
    material = {} if key_file.material is None else {"material_b64": canonical.b64encode(key_file.material)}
    return material | {
        "format": fields.FORMAT,
        "version": key_file.version,
        "key_id": key_id_text(key_file.key_id),
        "created": key_file.created.strftime(fields.TIME),
        "purity": key_file.purity,
        "nonce_b64": canonical.b64encode(key_file.nonce),
        "commitment_b64": canonical.b64encode(key_file.commitment),
        "stanzas": list(key_file.stanzas),
        "statement_sha256": key_file.statement_sha256,
    }


def _check_length(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise KeyFileInvalid("A key file has at most 1 MiB")


def _from_json(value: object) -> KeyFile:
    try:
        return _from_fields(value)
    except canonical.NotCanonical as error:
        raise KeyFileInvalid(f"The key file has a value that is not canonical: {error}") from error


def _from_fields(value: object) -> KeyFile:
    found = fields.check_shape(value)
    return KeyFile(
        key_id=fields.key_id(found["key_id"]),
        created=fields.time(found["created"]),
        purity=fields.purity(found["purity"]),
        nonce=fields.sized(found["nonce_b64"], NONCE_SIZE),
        commitment=fields.sized(found["commitment_b64"], _COMMITMENT_SIZE),
        stanzas=stanzas.check(fields.listed(found["stanzas"])),
        statement_sha256=fields.digest(found["statement_sha256"]),
        mac=fields.sized(found["mac_b64"], _MAC_SIZE),
        material=fields.material(found),
    )
