"""Parsing and checking of each field of a key file. docs/reference/format.md, "Key file"."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical

FORMAT: Final = "imageshield-key-file"
VERSION: Final = 1
PURITIES: Final = frozenset({"fast", "balanced", "multistage", "maximum"})
MATERIAL_PURITY: Final = "multistage"
"""Only key files of this purity hold material; that of `maximum` is a separate file, as large as several pictures."""

MIN_MATERIAL: Final = 69
MAX_MATERIAL: Final = 4096
"""A head of 21 bytes, a seed of 32 for each of 1 to 96 segments, and a tag of 16."""

TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
FIRST_YEAR: Final = 1000
_KEY_ID: Final = re.compile(r"key_[0-9a-f]{32}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAMES: Final = frozenset(
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


def check_shape(value: object) -> dict[str, Any]:
    """Return the object if it has this version and exactly the required fields.

    Raises:
        KeyFileInvalid: anything else, or a key file of a later version.
    """
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise KeyFileInvalid(f"Not a key file: it is no JSON object of the format {FORMAT}")
    version = value.get("version")
    if type(version) is int and version > VERSION:
        raise KeyFileInvalid(f"This key file was made by a later version of the format ({version})")
    if type(version) is not int or version != VERSION:
        raise KeyFileInvalid("Not a key file of version 1")
    if value.keys() - {"material_b64"} != _NAMES:
        raise KeyFileInvalid("The key file has a missing or additional field")
    return value


def key_id(value: object) -> UUID:
    """Read `key_` and 32 hexadecimal digits."""
    return UUID(_matching(value, _KEY_ID)[4:])


def digest(value: object) -> str:
    """Read 64 hexadecimal digits."""
    return _matching(value, _SHA256)


def purity(value: object) -> str:
    """Read the name of a purity."""
    if not isinstance(value, str) or value not in PURITIES:
        raise KeyFileInvalid("An unknown purity")
    return value


def listed(value: object) -> list[object]:
    """Read the list of stanzas, without checking the stanzas."""
    if not isinstance(value, list):
        raise KeyFileInvalid("The stanzas are not a list")
    return value


def sized(value: object, size: int) -> bytes:
    """Read Base64 of `size` bytes."""
    data = canonical.b64decode(value)
    if len(data) != size:
        raise KeyFileInvalid("The key file has a value of the wrong length")
    return data


def material(value: Mapping[str, Any]) -> bytes | None:
    """Read the material from a whole key file: `multistage` must have it, other purities must not."""
    if ("material_b64" in value) != (value["purity"] == MATERIAL_PURITY):
        raise KeyFileInvalid("Key files of the purity multistage hold material, and no others")
    if "material_b64" not in value:
        return None
    data = canonical.b64decode(value["material_b64"])
    if not MIN_MATERIAL <= len(data) <= MAX_MATERIAL:
        raise KeyFileInvalid("The material has no length that segment seeds have")
    return data


def time(value: object) -> datetime:
    """Read a time of UTC in whole seconds."""
    try:
        read = datetime.strptime(str(value), TIME).replace(tzinfo=UTC)
    except ValueError:
        raise KeyFileInvalid("The key file has a malformed time") from None
    # The year is checked separately: how strftime writes 999 depends on the platform.
    if read.year < FIRST_YEAR or read.strftime(TIME) != value:
        raise KeyFileInvalid("The key file has a malformed time")
    return read


def _matching(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise KeyFileInvalid("The key file has a malformed id or digest")
    return value
