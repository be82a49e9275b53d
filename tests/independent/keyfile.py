"""The key file: a canonical JSON object (docs/reference/format.md, "Key file")."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .canonical import compact, from_b64, has_keys, indented, is_hex_digest, is_integer, parse
from .failures import demand
from .stanzas import check_stanzas

_LIMIT = 1_048_576
_KEYS = (
    "commitment_b64",
    "created",
    "format",
    "key_id",
    "mac_b64",
    "nonce_b64",
    "purity",
    "stanzas",
    "statement_sha256",
    "version",
)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True)
class KeyFile:
    key_id: bytes
    purity: str
    nonce: bytes
    commitment: bytes
    stanzas: list[dict[str, Any]]
    statement_sha256: str
    material: bytes | None
    mac: bytes
    signed: bytes


def read(data: bytes) -> KeyFile:
    demand(len(data) <= _LIMIT, "too large")
    value = parse(data, indented)
    multistage = isinstance(value, dict) and value.get("purity") == "multistage"
    demand(has_keys(value, *_KEYS, *(["material_b64"] if multistage else [])), "other keys")
    demand(value["format"] == "imageshield-key-file" and is_integer(value["version"], 1, 1), "another format")
    demand(value["purity"] in ("fast", "balanced", "multistage", "maximum"), "another purity")
    demand(is_hex_digest(value["statement_sha256"]), "statement_sha256 is no digest")
    _check_created(value["created"])
    check_stanzas(value["stanzas"])
    return KeyFile(
        key_id=_key_id(value["key_id"]),
        purity=value["purity"],
        nonce=from_b64(value["nonce_b64"], 24, 24),
        commitment=from_b64(value["commitment_b64"], 32, 32),
        stanzas=value["stanzas"],
        statement_sha256=value["statement_sha256"],
        material=from_b64(value["material_b64"], 69, 4096) if multistage else None,
        mac=from_b64(value["mac_b64"], 32, 32),
        signed=compact({key: element for key, element in value.items() if key != "mac_b64"}),
    )


def _key_id(value: Any) -> bytes:
    demand(isinstance(value, str) and re.fullmatch("key_[0-9a-f]{32}", value, re.ASCII) is not None, "another key id")
    return bytes.fromhex(value[4:])


def _check_created(value: Any) -> None:
    demand(isinstance(value, str) and _MOMENT.fullmatch(value) is not None, "created is no time")
    moment = datetime.fromisoformat(value)
    demand(moment.year >= 1000, "created before the year 1000")
