"""The entropy receipt: a statement, the digest of its encrypted image, and signatures. docs/reference/receipts.md.

It is made when the PNG is final. It never contains a seed, a raw bit, a simulator's seed or a key.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from shield_core.errors import ReceiptInvalid
from shield_core.keys import canonical
from shield_core.keys.jwk import Algorithm, PublicKey
from shield_core.keys.schedule import LABELS
from shield_core.quantum import soundness
from shield_core.quantum.statement import statement_sha256

USE: Final = "receipt"
"""The value of `imageshield_use` in published keys that verify receipts."""

MAX_BYTES: Final = 1_048_576
"""Bytes of a receipt. The largest statement, of `multistage` with its 191 segments, is far smaller."""

SEED_SIZE: Final = 32
TAG_SIZE: Final = 32

_ED25519_SIZE: Final = 64
_ML_DSA_65_SIZE: Final = 3309
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KID: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SIGNATURES: Final = {
    # In the order in which they are made. Each covers everything except itself and later signatures.
    Algorithm.ML_DSA_65: ("signer_ml_dsa_65", "signature_ml_dsa_65_b64", _ML_DSA_65_SIZE),
    Algorithm.ED25519: ("signer", "signature_b64", _ED25519_SIZE),
}
_REQUIRED: Final = frozenset({"statement", "statement_sha256", "image_sha256", "tag_b64", "signer", "signature_b64"})
_OPTIONAL: Final = frozenset({"signer_ml_dsa_65", "signature_ml_dsa_65_b64"})


@dataclass(frozen=True, slots=True)
class Signer:
    """The private half of a receipt key: Ed25519 (RFC 8032) and, optionally, ML-DSA-65 (FIPS 204)."""

    ed25519: Ed25519PrivateKey = field(repr=False)
    ml_dsa_65: MLDSA65PrivateKey | None = field(default=None, repr=False)

    @classmethod
    def from_seeds(cls, ed25519: bytes, ml_dsa_65: bytes | None = None) -> Self:
        """Make a signer from 32 secret bytes for each scheme.

        Raises:
            ValueError: another length.
        """
        second = None if ml_dsa_65 is None else MLDSA65PrivateKey.from_seed_bytes(ml_dsa_65)
        return cls(Ed25519PrivateKey.from_private_bytes(ed25519), second)

    @property
    def public_keys(self) -> tuple[PublicKey, ...]:
        """The public keys that verify this signer's signatures, the Ed25519 key first."""
        keys = [PublicKey(Algorithm.ED25519, self.ed25519.public_key().public_bytes_raw())]
        if self.ml_dsa_65 is not None:
            keys.append(PublicKey(Algorithm.ML_DSA_65, self.ml_dsa_65.public_key().public_bytes_raw()))
        return tuple(keys)

    def sign(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Return the draft with the names of the signers and the signatures; ML-DSA-65, if present, signs first."""
        signed = {**draft, **{_SIGNATURES[key.algorithm][0]: key.kid for key in self.public_keys}}
        if self.ml_dsa_65 is not None:
            signature = self.ml_dsa_65.sign(message(signed, Algorithm.ML_DSA_65))
            signed["signature_ml_dsa_65_b64"] = canonical.b64encode(signature)
        signature = self.ed25519.sign(message(signed, Algorithm.ED25519))
        return {**signed, "signature_b64": canonical.b64encode(signature)}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that is well formed and does not contradict itself; its signatures are not verified.

    `value` is the whole of it, canonical; `image_sha256` and `statement_sha256` are 64 hexadecimal digits; `tag` has 32
    bytes; `signers` and `signatures` hold the signer and signature of each scheme, and are empty without signatures.
    """

    value: Mapping[str, Any]
    key_id: UUID
    job_id: str
    statement_sha256: str
    image_sha256: str
    tag: bytes
    signers: Mapping[Algorithm, str]
    signatures: Mapping[Algorithm, bytes]

    @property
    def statement(self) -> Mapping[str, Any]:
        """The statement of the origin of the key's bits: docs/explanation/entropy.md, "The statement"."""
        statement: Mapping[str, Any] = self.value["statement"]
        return statement


def seal(
    statement: Mapping[str, Any], *, image_sha256: str, tag: bytes, signer: Signer | None = None
) -> dict[str, Any]:
    """Make the receipt of one encrypted image.

    Args:
        statement: as `statement.build` writes it.
        image_sha256: of the whole PNG, 64 hexadecimal digits.
        tag: the 32 bytes of the image's authentication tag.
        signer: signs the receipt; None for a receipt without signatures.

    Returns:
        A value with a canonical form; without a signer `signer` and `signature_b64` are None.

    Raises:
        NotCanonical: a statement without a canonical form.

    Source: docs/reference/receipts.md, "What is signed".
    """
    draft = {
        "statement": statement,
        "statement_sha256": statement_sha256(statement),
        "image_sha256": image_sha256,
        "tag_b64": canonical.b64encode(tag),
        "signer": None,
        "signature_b64": None,
    }
    receipt: dict[str, Any] = canonical.loads(canonical.dumps(draft if signer is None else signer.sign(draft)))
    return receipt


def message(value: Mapping[str, Any], algorithm: Algorithm) -> bytes:
    """Return the bytes that a signature of a receipt covers.

    Args:
        value: a receipt, with or without its signatures.
        algorithm: of the signature. The ML-DSA-65 signature is made first, so the Ed25519 signature covers it.

    Returns:
        The label, a zero byte, and the canonical form without this signature and without later ones.
    """
    made = list(_SIGNATURES)
    later = {_SIGNATURES[scheme][1] for scheme in made[made.index(algorithm) :]}
    kept = {name: part for name, part in value.items() if name not in later}
    return LABELS.receipt + b"\0" + canonical.dumps(kept)


def encode(value: Mapping[str, Any]) -> bytes:
    """Write a receipt as a file: canonical JSON, indented by two, with a final line feed.

    Raises:
        NotCanonical: a value without a canonical form.
    """
    return canonical.dumps_indented(value)


def parse(data: bytes) -> Receipt:
    """Read a receipt file strictly.

    Args:
        data: the canonical form, indented or compact, at most 1 MiB. For a receipt without signatures, any JSON of the
            same value is accepted.

    Raises:
        ReceiptInvalid: too large; another spelling of a signed receipt; a missing, additional or malformed field; or a
            statement with a wrong digest or impossible values.
    """
    if len(data) > MAX_BYTES:
        raise ReceiptInvalid("A receipt has at most 1 MiB")
    value = _read(data)
    if not isinstance(value, dict) or not value.keys() >= _REQUIRED or value.keys() - _REQUIRED - _OPTIONAL:
        raise ReceiptInvalid("The receipt has a missing or additional field")
    soundness.check(value["statement"])
    digest = _matching(value["statement_sha256"], _SHA256, "statement_sha256")
    if digest != hashlib.sha256(canonical.dumps(value["statement"])).hexdigest():
        raise ReceiptInvalid("The statement is not the one that statement_sha256 is of")
    signers = _signers(value)
    return Receipt(
        value=value,
        key_id=UUID(value["statement"]["key_id"][4:]),
        job_id=value["statement"]["job_id"],
        statement_sha256=digest,
        image_sha256=_matching(value["image_sha256"], _SHA256, "image_sha256"),
        tag=_sized(value["tag_b64"], TAG_SIZE, "tag_b64"),
        signers=signers,
        signatures={
            scheme: _sized(value[name], size, name)
            for scheme, (_, name, size) in _SIGNATURES.items()
            if scheme in signers
        },
    )


def _read(data: bytes) -> Any:
    for loads in (canonical.loads_indented, canonical.loads):
        try:
            return loads(data)
        except canonical.NotCanonical:
            continue
    value = _read_loosely(data)
    if isinstance(value, dict) and value.get("signer", "") is None:
        return value
    raise ReceiptInvalid("The receipt is not canonical JSON: changed, or rewritten by another program")


def _read_loosely(data: bytes) -> Any:
    try:
        return canonical.loads(canonical.dumps(json.loads(data.decode())))
    except (ValueError, RecursionError):
        return None


def _signers(value: Mapping[str, Any]) -> dict[Algorithm, str]:
    """Return the signers; a signature without a signer, or a signer without a signature, is malformed."""
    if (value["signer"] is None) != (value["signature_b64"] is None):
        raise ReceiptInvalid("signer and signature_b64 are both present or both absent")
    second = _OPTIONAL & value.keys()
    if second and (second != _OPTIONAL or value["signer"] is None):
        raise ReceiptInvalid("The fields of ML-DSA-65 are all present or all absent, and need a signature with Ed25519")
    schemes = [Algorithm.ED25519] * (value["signer"] is not None) + [Algorithm.ML_DSA_65] * bool(second)
    names = {scheme: _SIGNATURES[scheme][0] for scheme in schemes}
    return {scheme: _matching(value[name], _KID, name) for scheme, name in names.items()}


def _matching(value: object, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ReceiptInvalid(f"{name} is malformed")
    return value


def _sized(value: object, size: int, name: str) -> bytes:
    try:
        data = canonical.b64decode(value)
    except canonical.NotCanonical:
        raise ReceiptInvalid(f"{name} is malformed") from None
    if len(data) != size:
        raise ReceiptInvalid(f"{name} has the wrong length")
    return data
