"""Checkpoints: signed roots of the tree over all chains. docs/reference/audit-format.md, "Checkpoints"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shield_core.keys import canonical
from shield_core.keys.jwk import Algorithm, PublicKey
from shield_core.keys.schedule import LABELS

USE: Final = "audit-checkpoint"
"""The value of `imageshield_use` in published keys that verify checkpoints."""

SEED_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64

MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
"""RFC 3339 in UTC with microseconds: one spelling for each time."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KID: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def write_moment(moment: datetime) -> str:
    """Write a time as payloads and checkpoints have it."""
    return moment.astimezone(UTC).strftime(MOMENT)


def is_moment(text: object) -> bool:
    """Return whether this is a time as `write_moment` writes it."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return False
    try:
        datetime.strptime(text, MOMENT)  # noqa: DTZ007 - only whether the day exists
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A root with its signature, which is not verified here.

    `root` has 32 bytes, `size` is the number of chains, `time` is as `write_moment` writes it, `signer` is a thumbprint
    (RFC 7638) and `signature` has 64 bytes.
    """

    root: bytes
    size: int
    time: str
    signer: str
    signature: bytes

    @property
    def value(self) -> dict[str, Any]:
        """What is signed."""
        return {"root_sha256": self.root.hex(), "signer": self.signer, "size": self.size, "time": self.time}

    def verify(self, key: PublicKey) -> bool:
        """Return whether the key is the signer's and the signature is valid."""
        return key.kid == self.signer and key.verify(self.signature, message(self.value))

    def to_json(self) -> dict[str, Any]:
        """Return the signed value and the signature, for canonical JSON."""
        return {"checkpoint": self.value, "signature_b64": canonical.b64encode(self.signature)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` returns, strictly.

        Raises:
            ValueError: a missing, additional or malformed field.
        """
        signed = value["checkpoint"] if value.keys() == {"checkpoint", "signature_b64"} else None
        if not isinstance(signed, dict) or signed.keys() != {"root_sha256", "signer", "size", "time"}:
            raise ValueError("a checkpoint has a missing or additional field")
        root, signer, size, time = (signed[name] for name in ("root_sha256", "signer", "size", "time"))
        if not _matches(root, _SHA256) or not _matches(signer, _KID) or not is_moment(time):
            raise ValueError("a field of a checkpoint is malformed")
        if type(size) is not int or size < 0:
            raise ValueError("the size of a checkpoint is malformed")
        signature = canonical.b64decode(value["signature_b64"])
        if len(signature) != SIGNATURE_SIZE:
            raise ValueError("the signature of a checkpoint has the wrong length")
        return cls(bytes.fromhex(root), size, time, signer, signature)


@dataclass(frozen=True, slots=True)
class Signer:
    """The private half of a checkpoint key: Ed25519 (RFC 8032)."""

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Make a signer from 32 secret bytes.

        Raises:
            ValueError: another length.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_key(self) -> PublicKey:
        """The key that verifies this signer's signatures."""
        return PublicKey(Algorithm.ED25519, self.private.public_key().public_bytes_raw())

    def sign(self, root: bytes, *, size: int, time: datetime) -> Checkpoint:
        """Sign the root of a tree of `size` leaves, as of `time`."""
        unsigned = Checkpoint(root, size, write_moment(time), self.public_key.kid, b"")
        signature = self.private.sign(message(unsigned.value))
        return Checkpoint(root, size, unsigned.time, unsigned.signer, signature)


def message(value: Mapping[str, Any]) -> bytes:
    """Return the bytes that a checkpoint's signature covers: the label, a zero byte, and the compact form."""
    return LABELS.audit_checkpoint + b"\0" + canonical.dumps(value)


def _matches(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
