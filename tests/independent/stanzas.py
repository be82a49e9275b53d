"""Stanzas: how a key file wraps its file key (docs/reference/format.md, "Stanzas")."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from . import recipient
from .canonical import compact, from_b64, has_keys, is_integer
from .ciphers import open_gcm
from .failures import demand

_LABEL = b"imageshield/v1/passphrase"
_LONGEST = 1024


@dataclass(frozen=True)
class Secrets:
    """The secrets of the reader: a passphrase, the text of a recipient's secret key."""

    passphrase: str | None = None
    identity: str | None = None


def check_stanzas(stanzas: Any) -> None:
    """Refuse invalid stanzas before anything is derived."""
    demand(isinstance(stanzas, list) and 1 <= len(stanzas) <= 20, "another number of stanzas")
    checks = {
        "passphrase": _check_passphrase,
        "vault": _check_vault,
        "plain": _check_plain,
        "recipient": _check_recipient,
    }
    for stanza in stanzas:
        demand(isinstance(stanza, dict) and isinstance(stanza.get("type"), str), "a stanza without a type")
        demand(stanza["type"] in checks, "another type of stanza")
        checks[stanza["type"]](stanza)
    types = [stanza["type"] for stanza in stanzas]
    demand(all(types.count(one) == 1 for one in types if one != "recipient"), "two stanzas of one type")
    demand("plain" not in types or not {"passphrase", "recipient"} & set(types), "plain beside something stronger")
    demand(not {"passphrase", "vault"} <= set(types), "passphrase beside vault")


def open_stanzas(stanzas: list[dict[str, Any]], key_id: bytes, secrets: Secrets) -> bytes:
    """Return the file key of the first stanza that opens; raise ValueError if none does."""
    for stanza in stanzas:
        file_key = _open(stanza, key_id, secrets)
        if file_key is not None:
            return file_key
    raise ValueError("no stanza opens")


def _open(stanza: dict[str, Any], key_id: bytes, secrets: Secrets) -> bytes | None:
    try:
        if stanza["type"] == "plain":
            return from_b64(stanza["file_key_b64"])
        if stanza["type"] == "passphrase" and secrets.passphrase is not None:
            return _open_passphrase(stanza, key_id, secrets.passphrase)
        if stanza["type"] == "recipient" and secrets.identity is not None:
            return recipient.open_stanza(stanza, key_id, secrets.identity)
    except ValueError:
        return None
    return None


def _open_passphrase(stanza: dict[str, Any], key_id: bytes, typed: str) -> bytes:
    passphrase = unicodedata.normalize("NFC", typed).encode()
    demand(len(passphrase) <= _LONGEST, "a passphrase that opens nothing")
    aad = _LABEL + key_id + compact(stanza["kdf"])
    return open_gcm(_wrap_key(stanza["kdf"], passphrase), bytes(12), aad, from_b64(stanza["body_b64"]))


def _wrap_key(kdf: dict[str, Any], passphrase: bytes) -> bytes:
    salt = from_b64(kdf["salt_b64"])
    if kdf["name"] == "pbkdf2-hmac-sha256":
        return hashlib.pbkdf2_hmac("sha256", passphrase, salt, kdf["iterations"], 32)
    costs = {"iterations": kdf["t"], "lanes": kdf["p"], "memory_cost": kdf["m_kib"]}
    return Argon2id(salt=salt, length=32, **costs).derive(passphrase)


def _check_passphrase(stanza: dict[str, Any]) -> None:
    demand(has_keys(stanza, "type", "kdf", "body_b64"), "other keys")
    from_b64(stanza["body_b64"], 48, 48)
    kdf = stanza["kdf"]
    demand(isinstance(kdf, dict), "kdf is no object")
    if kdf.get("name") == "argon2id":
        demand(has_keys(kdf, "name", "m_kib", "p", "salt_b64", "t"), "other keys")
        within = (
            is_integer(kdf["m_kib"], 19_456, 1_048_576) and is_integer(kdf["t"], 1, 10) and is_integer(kdf["p"], 1, 16)
        )
        demand(within and kdf["m_kib"] * kdf["t"] <= 4_194_304, "costs outside the caps")
    else:
        demand(has_keys(kdf, "iterations", "name", "salt_b64") and kdf["name"] == "pbkdf2-hmac-sha256", "another kdf")
        demand(is_integer(kdf["iterations"], 600_000, 10_000_000), "iterations outside the caps")
    from_b64(kdf["salt_b64"], 16, 16)


def _check_vault(stanza: dict[str, Any]) -> None:
    demand(has_keys(stanza, "type", "body_b64", "kek_id", "kek_version", "nonce_b64"), "other keys")
    from_b64(stanza["body_b64"], 48, 48)
    from_b64(stanza["nonce_b64"], 12, 12)
    named = isinstance(stanza["kek_id"], str) and re.fullmatch("[A-Za-z0-9_.-]{1,64}", stanza["kek_id"], re.ASCII)
    demand(bool(named) and is_integer(stanza["kek_version"], 1, 2**32 - 1), "another KEK")


def _check_plain(stanza: dict[str, Any]) -> None:
    demand(has_keys(stanza, "type", "file_key_b64"), "other keys")
    from_b64(stanza["file_key_b64"], 32, 32)


def _check_recipient(stanza: dict[str, Any]) -> None:
    demand(has_keys(stanza, "type", "body_b64", "hint_b64"), "other keys")
    from_b64(stanza["body_b64"], 1168, 1168)
    from_b64(stanza["hint_b64"], 8, 8)
