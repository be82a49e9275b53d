"""Stanzas: one file key, wrapped in different ways. docs/reference/format.md, "Stanzas".

A wrap turns a file key into a stanza; an opener turns a stanza of its kind back into the file key, or reports that the
stanza does not match.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical
from shield_core.keys.passphrase import Kdf, PassphraseUnfit, check_new_passphrase, derive_wrap_key
from shield_core.keys.schedule import FILE_KEY_SIZE, LABELS, framed

Stanza = dict[str, Any]
"""A canonical JSON object with a `type`."""

MAX_STANZAS: Final = 20
"""Stanzas of a key file: more than a picture has recipients, and few enough to try each."""

BODY_SIZE: Final = FILE_KEY_SIZE + 16
RECIPIENT_BODY_SIZE: Final = 1120 + BODY_SIZE
"""The encapsulation, then the file key, encrypted under the encapsulated key."""

HINT_SIZE: Final = 8
GCM_NONCE_SIZE: Final = 12
_ZERO_NONCE: Final = bytes(GCM_NONCE_SIZE)
_KEK_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_KEK_VERSIONS: Final = range(1, 2**32)


class Wrap(Protocol):
    """One way to put a file key into a key file."""

    def wrap(self, file_key: bytes, key_id: UUID) -> Stanza:
        """Return the stanza that holds `file_key`, bound to `key_id`."""
        ...


class Opener(Protocol):
    """One way to get a file key out of a key file."""

    def open(self, stanza: Mapping[str, Any], key_id: UUID) -> bytes | None:
        """Return the file key, or None if the stanza is of another kind or does not open."""
        ...


@dataclass(frozen=True, slots=True)
class PlainWrap:
    """The file key in plaintext: anyone who has the key file can decrypt the picture."""

    def wrap(self, file_key: bytes, key_id: UUID) -> Stanza:  # noqa: ARG002 - the key file's MAC binds the id
        """Return the stanza `plain`."""
        return {"type": "plain", "file_key_b64": canonical.b64encode(file_key)}


@dataclass(frozen=True, slots=True)
class PassphraseWrap:
    """The file key under a passphrase; only the derived key is needed here.

    `kdf` must have been made by `Kdf.new()` for this wrap alone: body and nonce repeat with the salt.
    """

    kdf: Kdf
    wrap_key: bytes = field(repr=False)

    @classmethod
    def from_passphrase(cls, passphrase: str, kdf: Kdf | None = None) -> Self:
        """Derive the wrap key, with a new salt unless one is given.

        Raises:
            PassphraseUnfit: fewer than 12 or more than 1024 bytes.
        """
        check_new_passphrase(passphrase)
        kdf = kdf or Kdf.new()
        return cls(kdf, derive_wrap_key(passphrase, kdf))

    def wrap(self, file_key: bytes, key_id: UUID) -> Stanza:
        """Return the stanza `passphrase`."""
        body = AESGCM(self.wrap_key).encrypt(_ZERO_NONCE, file_key, _passphrase_aad(self.kdf, key_id))
        return {"type": "passphrase", "kdf": self.kdf.to_json(), "body_b64": canonical.b64encode(body)}


@dataclass(frozen=True, slots=True)
class VaultWrap:
    """The file key under an account's key of the vault.

    Args:
        account_id: The account's id as text; authenticated, not written.
        kek_id: The id of the key-encryption key, `[A-Za-z0-9_.-]{1,64}`.
        kek_version: 1..2^32 - 1.
        kek: 32 bytes.
    """

    account_id: str
    kek_id: str
    kek_version: int
    kek: bytes = field(repr=False)

    def wrap(self, file_key: bytes, key_id: UUID) -> Stanza:
        """Return the stanza `vault`, under a new random nonce.

        Raises:
            KeyFileInvalid: an id or version of the key that no reader accepts.
        """
        _check_kek(self.kek_id, self.kek_version)
        nonce = os.urandom(GCM_NONCE_SIZE)
        aad = _vault_aad(self.account_id, key_id, self.kek_id, self.kek_version)
        return {
            "type": "vault",
            "kek_id": self.kek_id,
            "kek_version": self.kek_version,
            "nonce_b64": canonical.b64encode(nonce),
            "body_b64": canonical.b64encode(AESGCM(self.kek).encrypt(nonce, file_key, aad)),
        }


@dataclass(frozen=True, slots=True)
class PlainOpen:
    """Opens a stanza `plain`."""

    def open(self, stanza: Mapping[str, Any], key_id: UUID) -> bytes | None:  # noqa: ARG002 - the MAC binds the id
        """Return the file key from the stanza."""
        return canonical.b64decode(stanza["file_key_b64"]) if stanza["type"] == "plain" else None


@dataclass(frozen=True, slots=True)
class PassphraseOpen:
    """Opens a stanza `passphrase` with the key that was derived for it, or with the passphrase itself.

    To derive the key elsewhere, get the parameters from `keyfile.passphrase_kdf` first.
    """

    wrap_key: bytes | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)

    @classmethod
    def from_passphrase(cls, passphrase: str) -> Self:
        """Defer the derivation until a stanza needs it: a key file without a passphrase stanza costs nothing."""
        return cls(passphrase=passphrase)

    def open(self, stanza: Mapping[str, Any], key_id: UUID) -> bytes | None:
        """Return the file key, or None for a wrong passphrase; the stanza's parameters determine the time it takes."""
        if stanza["type"] != "passphrase":
            return None
        kdf = Kdf.from_json(stanza["kdf"])
        wrap_key = self._key(kdf)
        if wrap_key is None:
            return None
        return _open(wrap_key, _ZERO_NONCE, stanza["body_b64"], _passphrase_aad(kdf, key_id))

    def _key(self, kdf: Kdf) -> bytes | None:
        if self.passphrase is None:
            return self.wrap_key
        try:
            return derive_wrap_key(self.passphrase, kdf)
        except PassphraseUnfit:
            return None


@dataclass(frozen=True, slots=True)
class VaultOpen:
    """Opens a stanza `vault` of one account.

    Args:
        account_id: The id of the requesting account, as text.
        lookup: Returns the 32-byte key of a KEK id and version, or None where this account has no such key.
    """

    account_id: str
    lookup: Callable[[str, int], bytes | None]

    def open(self, stanza: Mapping[str, Any], key_id: UUID) -> bytes | None:
        """Return the file key, or None for another account's stanza."""
        if stanza["type"] != "vault":
            return None
        kek = self.lookup(stanza["kek_id"], stanza["kek_version"])
        if kek is None:
            return None
        aad = _vault_aad(self.account_id, key_id, stanza["kek_id"], stanza["kek_version"])
        return _open(kek, canonical.b64decode(stanza["nonce_b64"]), stanza["body_b64"], aad)


def check(stanzas: Iterable[object]) -> tuple[Stanza, ...]:
    """Refuse stanzas that are not valid in this version, before any of them is tried.

    Returns:
        The stanzas, in their order.

    Raises:
        KeyFileInvalid: none or more than 20; an unknown or reserved type; a missing, additional or ill-typed key; a
            parameter over its cap; two of one type except `recipient`; a passphrase with `plain` or `vault`; a
            recipient with `plain`.
    """
    checked = tuple(_check_one(stanza) for stanza in stanzas)
    types = [stanza["type"] for stanza in checked]
    if not 1 <= len(types) <= MAX_STANZAS:
        raise KeyFileInvalid("A key file has 1 to 20 stanzas")
    single = [kind for kind in types if kind != "recipient"]
    if len(set(single)) != len(single):
        raise KeyFileInvalid("A stanza type occurs twice")
    if "passphrase" in types and not {"plain", "vault"}.isdisjoint(types):
        raise KeyFileInvalid("A passphrase protects nothing beside a plain or vault stanza")
    if {"plain", "recipient"}.issubset(types):
        raise KeyFileInvalid("A recipient protects nothing beside a plain stanza")
    return checked


def _check_one(stanza: object) -> Stanza:
    if not isinstance(stanza, dict) or not isinstance(stanza.get("type"), str):
        raise KeyFileInvalid("A stanza is an object with a type")
    shape = _SHAPES.get(stanza["type"])
    if shape is None:
        raise KeyFileInvalid("A stanza of a type that this release does not read")
    keys, check_values = shape
    if stanza.keys() != keys:
        raise KeyFileInvalid("A stanza with a missing or additional key")
    try:
        check_values(stanza)
    except canonical.NotCanonical as error:
        raise KeyFileInvalid("A stanza with a value that is not canonical Base64") from error
    return stanza


def _check_plain(stanza: Stanza) -> None:
    _check_size(stanza["file_key_b64"], FILE_KEY_SIZE)


def _check_passphrase(stanza: Stanza) -> None:
    Kdf.from_json(stanza["kdf"])
    _check_size(stanza["body_b64"], BODY_SIZE)


def _check_recipient(stanza: Stanza) -> None:
    _check_size(stanza["hint_b64"], HINT_SIZE)
    _check_size(stanza["body_b64"], RECIPIENT_BODY_SIZE)


def _check_vault(stanza: Stanza) -> None:
    _check_kek(stanza["kek_id"], stanza["kek_version"])
    _check_size(stanza["nonce_b64"], GCM_NONCE_SIZE)
    _check_size(stanza["body_b64"], BODY_SIZE)


def _check_kek(kek_id: object, version: object) -> None:
    if not isinstance(kek_id, str) or not _KEK_ID.fullmatch(kek_id):
        raise KeyFileInvalid("A vault stanza with a malformed key id")
    if type(version) is not int or version not in _KEK_VERSIONS:
        raise KeyFileInvalid("A vault stanza with a malformed key version")


def _check_size(text: object, size: int) -> None:
    if len(canonical.b64decode(text)) != size:
        raise KeyFileInvalid("A stanza with a value of the wrong length")


_SHAPES: Final[Mapping[str, tuple[set[str], Callable[[Stanza], None]]]] = {
    "plain": ({"type", "file_key_b64"}, _check_plain),
    "passphrase": ({"type", "kdf", "body_b64"}, _check_passphrase),
    "recipient": ({"type", "hint_b64", "body_b64"}, _check_recipient),
    "vault": ({"type", "kek_id", "kek_version", "nonce_b64", "body_b64"}, _check_vault),
}


def _passphrase_aad(kdf: Kdf, key_id: UUID) -> bytes:
    return LABELS.passphrase + key_id.bytes + canonical.dumps(kdf.to_json())


def _vault_aad(account_id: str, key_id: UUID, kek_id: str, kek_version: int) -> bytes:
    names = framed(account_id.encode()) + framed(key_id.bytes) + framed(kek_id.encode())
    return LABELS.vault + names + kek_version.to_bytes(4, "big")


def _open(key: bytes, nonce: bytes, body_b64: str, aad: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(nonce, canonical.b64decode(body_b64), aad)
    except InvalidTag:
        return None
