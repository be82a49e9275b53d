"""From what a person types to a wrap key: Argon2id (RFC 9106), at a cost that a hostile key file cannot choose."""

import os
import unicodedata
from dataclasses import dataclass
from typing import Any, Final, Self

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical

NAME: Final = "argon2id"
SALT_SIZE: Final = 16
WRAP_KEY_SIZE: Final = 32

MIN_PASSPHRASE: Final = 12
MAX_PASSPHRASE: Final = 1024
"""Bytes after normalization. The lower bound is for new wraps only; the upper one caps what is hashed."""

M_KIB: Final = range(19_456, 1_048_576 + 1)
"""From the least that OWASP accepts for Argon2id to 1 GiB, so that a key file cannot take all of a worker's memory."""

PASSES: Final = range(1, 10 + 1)
LANES: Final = range(1, 16 + 1)
MAX_COST_KIB: Final = 4 * 1024 * 1024
"""m·t at most 4 GiB of memory written, a few seconds of one core."""


class PassphraseUnfit(ValueError):
    """A passphrase that is too short or too long to encrypt with; the message never quotes it."""


@dataclass(frozen=True, slots=True)
class Kdf:
    """The parameters of one Argon2id derivation, always within the caps.

    The defaults are the second recommended option of RFC 9106, section 4: 64 MiB, three passes, four lanes, 16 bytes of
    salt.

    Raises:
        KeyFileInvalid: a parameter outside its cap, before anything is derived.
    """

    salt: bytes
    m_kib: int = 65_536
    t: int = 3
    p: int = 4

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_SIZE:
            raise KeyFileInvalid("The passphrase salt has 16 bytes")
        for value, allowed in ((self.m_kib, M_KIB), (self.t, PASSES), (self.p, LANES)):
            if type(value) is not int or value not in allowed:
                raise KeyFileInvalid("A passphrase parameter is outside its cap")
        if self.m_kib * self.t > MAX_COST_KIB:
            raise KeyFileInvalid("The passphrase parameters cost too much")

    @classmethod
    def new(cls) -> Self:
        """Return the default parameters with a new salt: one for every wrap."""
        return cls(os.urandom(SALT_SIZE))

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in a stanza and is authenticated with it."""
        return {
            "name": NAME,
            "salt_b64": canonical.b64encode(self.salt),
            "m_kib": self.m_kib,
            "t": self.t,
            "p": self.p,
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object of a stanza.

        Raises:
            KeyFileInvalid: another algorithm, a missing or additional key, or a parameter outside its cap.
        """
        if not isinstance(value, dict) or value.keys() != {"name", "salt_b64", "m_kib", "t", "p"}:
            raise KeyFileInvalid("The passphrase parameters are not those of this version")
        if value["name"] != NAME:
            raise KeyFileInvalid("This release derives with Argon2id only")
        try:
            salt = canonical.b64decode(value["salt_b64"])
        except canonical.NotCanonical as error:
            raise KeyFileInvalid("The passphrase salt is not canonical Base64") from error
        return cls(salt, value["m_kib"], value["t"], value["p"])


def derive_wrap_key(passphrase: str, kdf: Kdf) -> bytes:
    """Derive the key that wraps a file key: Argon2id, version 0x13 (RFC 9106).

    Takes 0.1 to 0.4 s and 64 MiB with the default parameters, and releases the interpreter's lock.

    Args:
        passphrase: Any string; it is normalized to NFC and encoded in UTF-8.
        kdf: Salt and cost.

    Returns:
        32 bytes.

    Raises:
        PassphraseUnfit: more than 1024 bytes, or not a sequence of Unicode scalars.
    """
    argon2 = Argon2id(salt=kdf.salt, length=WRAP_KEY_SIZE, iterations=kdf.t, lanes=kdf.p, memory_cost=kdf.m_kib)
    return argon2.derive(_encoded(passphrase))


def check_new_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that nothing may be encrypted with.

    Raises:
        PassphraseUnfit: fewer than 12 or more than 1024 bytes of UTF-8 after NFC, or not a sequence of Unicode scalars.
    """
    if len(_encoded(passphrase)) < MIN_PASSPHRASE:
        raise PassphraseUnfit("A passphrase has at least 12 bytes")


def _encoded(passphrase: str) -> bytes:
    # No character decomposes into more than four: a longer string cannot shrink to 1024 bytes, so it is not normalized.
    if len(passphrase) > 4 * MAX_PASSPHRASE:
        raise PassphraseUnfit("A passphrase has at most 1024 bytes")
    try:
        data = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        raise PassphraseUnfit("A passphrase is made of Unicode characters") from None
    if len(data) > MAX_PASSPHRASE:
        raise PassphraseUnfit("A passphrase has at most 1024 bytes")
    return data
