"""The key file, without which an encrypted image does not open. docs/format.md, "Key file"."""

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shield_core.errors import CommitmentMismatch, KeyFileInvalid, MacMismatch, NoMatch
from shield_core.keys import canonical, schedule, stanzas
from shield_core.keys.passphrase import Kdf
from shield_core.keys.schedule import NONCE_SIZE, Schedule
from shield_core.keys.stanzas import Opener, Stanza, Wrap

FORMAT: Final = "imageshield-key-file"
VERSION: Final = 1
MAX_BYTES: Final = 1_048_576
"""Twenty stanzas and the material of a `multistage` image of 25 million pixels stay far below it."""

PURITIES: Final = frozenset({"fast", "balanced", "multistage", "maximum"})
MATERIAL_PURITY: Final = "multistage"
"""Exactly its key files hold material; that of `maximum` is a file of its own, as large as several pictures."""

MIN_MATERIAL: Final = 69
MAX_MATERIAL: Final = 4096
"""A head of 21 bytes, a seed of 32 for each of 1 to 96 segments, and a tag of 16."""

_COMMITMENT_SIZE: Final = 32
_MAC_SIZE: Final = 32
_CREATED: Final = "%Y-%m-%dT%H:%M:%SZ"
_KEY_ID: Final = re.compile(r"key_[0-9a-f]{32}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEYS: Final = frozenset(
    {
        "format",
        "version",
        "key_id",
        "created",
        "purity",
        "nonce_b64",
        "commitment_b64",
        "stanzas",
        "statement_sha256",
        "mac_b64",
    }
)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file in memory: well formed, and not yet unlocked.

    `key_id` is the id that the image's header carries; `created` is UTC, in whole seconds; `nonce` (24 bytes) and
    `commitment` (32 bytes) are the image's; `statement_sha256` is 64 hexadecimal digits; `mac` has 32 bytes;
    `material` is there for `multistage` and for no other purity.
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
    version: int = VERSION


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
        key_id: The id that the image's header carries.
        purity: As in the image's header.
        statement_sha256: The digest of the entropy statement, 64 hexadecimal digits.
        wraps: 1..20 ways to open it.
        material: The sealed segment seeds of `multistage`, None for every other purity.
        created: Defaults to now; kept in whole seconds of UTC.

    Raises:
        KeyFileInvalid: stanzas that may not stand together (a passphrase beside `plain` or `vault`, a recipient beside
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
    """Write a key file as it stands on disk: canonical JSON, indented by two, with a final line feed."""
    return canonical.dumps_indented({**_fields(key_file), "mac_b64": canonical.b64encode(key_file.mac)})


def parse(data: bytes) -> KeyFile:
    """Read a key file, strictly, without deriving or opening anything.

    Args:
        data: At most 1,048,576 bytes.

    Raises:
        KeyFileInvalid: too large, not byte for byte what `encode` writes, a missing, additional or reserved field, or a
            parameter over its cap.
    """
    if len(data) > MAX_BYTES:
        raise KeyFileInvalid("A key file has at most 1 MiB")
    try:
        return _from_json(canonical.loads_indented(data))
    except canonical.NotCanonical as error:
        raise KeyFileInvalid(f"The key file is not canonical: {error}") from error


def unlock(key_file: KeyFile, openers: Sequence[Opener]) -> bytes:
    """Open a key file.

    Args:
        key_file: As parsed.
        openers: Tried in their order on every stanza; the first file key that comes out decides.

    Returns:
        The 32-byte file key; it fits this key file, and the key file was not changed since it was made with it.

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
        KeyFileInvalid: a combination of stanzas that is refused.
    """
    keys = schedule.derive(file_key, key_file.nonce)
    _verify(key_file, keys)
    draft = replace(key_file, stanzas=_wrapped(file_key, key_file.key_id, wraps))
    return _authenticated(draft, keys)


def passphrase_kdf(key_file: KeyFile) -> Kdf | None:
    """Return what the passphrase of this key file is derived with, or None where it has no such stanza."""
    for stanza in key_file.stanzas:
        if stanza["type"] == "passphrase":
            return Kdf.from_json(stanza["kdf"])
    return None


def key_id_text(key_id: UUID) -> str:
    """Return a key id as it is written in key files, statements and URLs: `key_` and 32 hexadecimal digits."""
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
        "format": FORMAT,
        "version": key_file.version,
        "key_id": key_id_text(key_file.key_id),
        "created": key_file.created.strftime(_CREATED),
        "purity": key_file.purity,
        "nonce_b64": canonical.b64encode(key_file.nonce),
        "commitment_b64": canonical.b64encode(key_file.commitment),
        "stanzas": list(key_file.stanzas),
        "statement_sha256": key_file.statement_sha256,
    }


def _from_json(value: Any) -> KeyFile:
    if not isinstance(value, dict) or value.keys() - {"material_b64"} != _KEYS:
        raise KeyFileInvalid("The key file has a missing or additional field")
    if value["format"] != FORMAT or type(value["version"]) is not int or value["version"] != VERSION:
        raise KeyFileInvalid("Not a key file of version 1")
    if not isinstance(value["purity"], str) or value["purity"] not in PURITIES:
        raise KeyFileInvalid("An unknown purity")
    if not isinstance(value["stanzas"], list):
        raise KeyFileInvalid("The stanzas are not a list")
    return KeyFile(
        key_id=UUID(_matching(value["key_id"], _KEY_ID)[4:]),
        created=_time(value["created"]),
        purity=value["purity"],
        nonce=_sized(value["nonce_b64"], NONCE_SIZE),
        commitment=_sized(value["commitment_b64"], _COMMITMENT_SIZE),
        stanzas=stanzas.check(value["stanzas"]),
        statement_sha256=_matching(value["statement_sha256"], _SHA256),
        mac=_sized(value["mac_b64"], _MAC_SIZE),
        material=_material(value),
    )


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise KeyFileInvalid("The key file has a malformed id or digest")
    return value


def _sized(value: object, size: int) -> bytes:
    data = canonical.b64decode(value)
    if len(data) != size:
        raise KeyFileInvalid("The key file has a value of the wrong length")
    return data


def _material(value: dict[str, Any]) -> bytes | None:
    if ("material_b64" in value) != (value["purity"] == MATERIAL_PURITY):
        raise KeyFileInvalid("Key files of the purity multistage hold material, and no others")
    if "material_b64" not in value:
        return None
    material = canonical.b64decode(value["material_b64"])
    if not MIN_MATERIAL <= len(material) <= MAX_MATERIAL:
        raise KeyFileInvalid("The material has no length that segment seeds have")
    return material


def _time(value: object) -> datetime:
    try:
        time = datetime.strptime(str(value), _CREATED).replace(tzinfo=UTC)
    except ValueError:
        raise KeyFileInvalid("The key file has a malformed time") from None
    if time.strftime(_CREATED) != value:
        raise KeyFileInvalid("The key file has a malformed time")
    return time
