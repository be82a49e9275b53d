"""Verification of a receipt against public keys, an image and a key file. docs/reference/receipts.md, "Checks"."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from shield_core.keys.jwk import Algorithm, PublicKey
from shield_core.quantum.receipt import Receipt, message


class Signature(StrEnum):
    """The state of one signature."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "signer unknown"
    UNSIGNED = "unsigned"


class Outcome(StrEnum):
    """The result of a verification."""

    VERIFIED = "verified"
    UNKNOWN = "intact, signer unknown"
    UNSIGNED = "unsigned"
    CHANGED = "does not match"


@dataclass(frozen=True, slots=True)
class ImageEvidence:
    """The public evidence of an image file: the SHA-256 of its bytes, and the key id and tag of its header.

    `key_id` and `tag` are None if the header cannot be read, and `fault` says why.
    """

    sha256: str
    key_id: UUID | None
    tag: bytes | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """The evidence of an unlocked key file; the last three fields are None without an image, or with another one.

    `of_image`: whether nonce, commitment and key id are the image's. `tag_holds`: whether the image's tag is valid
    under this key. `metadata_sha256`: the statement's digest in the image's encrypted metadata, 64 hexadecimal digits,
    or empty if the metadata does not decrypt.
    """

    key_id: UUID
    statement_sha256: str
    of_image: bool | None = None
    tag_holds: bool | None = None
    metadata_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The signatures of a receipt, and the checks that were made, by name and in order."""

    signatures: Mapping[Algorithm, Signature]
    checks: Mapping[str, bool]

    @property
    def signature(self) -> Signature:
        """The state of all signatures together: a wrong, missing or unknown one decides, in this order."""
        found = set(self.signatures.values())
        return next(state for state in _WORST_FIRST if state in found)

    @property
    def outcome(self) -> Outcome:
        """The outcome: verified only if each signature is valid and each check succeeded."""
        if self.signature is Signature.INVALID or not all(self.checks.values()):
            return Outcome.CHANGED
        return _OUTCOMES[self.signature]

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the failed parts; `signature` first."""
        wrong = ("signature",) if self.signature is Signature.INVALID else ()
        return wrong + tuple(name for name, holds in self.checks.items() if not holds)


_WORST_FIRST: Final = (Signature.INVALID, Signature.UNSIGNED, Signature.UNKNOWN, Signature.VALID)
_OUTCOMES: Final = {
    Signature.VALID: Outcome.VERIFIED,
    Signature.UNKNOWN: Outcome.UNKNOWN,
    Signature.UNSIGNED: Outcome.UNSIGNED,
}


def verify(
    receipt: Receipt,
    *,
    keys: Mapping[str, PublicKey],
    image: ImageEvidence | None = None,
    key: KeyEvidence | None = None,
    demand_ml_dsa_65: bool = False,
) -> Verdict:
    """Verify a receipt against the available evidence.

    Args:
        receipt: a parsed receipt; its statement has the right digest.
        keys: the public keys that are trusted to sign receipts, by their thumbprints.
        image: the evidence of the encrypted image, or None if there is none.
        key: the evidence of the key file, or None if there is none.
        demand_ml_dsa_65: count a receipt without a signature of ML-DSA-65 as unsigned.

    Returns:
        The verdict; it has only the checks for the given evidence.

    Source: docs/reference/receipts.md, "Checks".
    """
    schemes = [Algorithm.ED25519]
    if demand_ml_dsa_65 or Algorithm.ML_DSA_65 in receipt.signers:
        schemes.append(Algorithm.ML_DSA_65)
    checks = {} if image is None else _check_image(receipt, image)
    return Verdict(
        signatures={scheme: _check_signature(receipt, scheme, keys) for scheme in schemes},
        checks=checks if key is None else checks | _check_key(receipt, key),
    )


def _check_signature(receipt: Receipt, scheme: Algorithm, keys: Mapping[str, PublicKey]) -> Signature:
    if scheme not in receipt.signers:
        return Signature.UNSIGNED
    key = keys.get(receipt.signers[scheme])
    if key is None or key.algorithm is not scheme:
        return Signature.UNKNOWN
    holds = key.verify(receipt.signatures[scheme], message(receipt.value, scheme))
    return Signature.VALID if holds else Signature.INVALID


def _check_image(receipt: Receipt, image: ImageEvidence) -> dict[str, bool]:
    # All values are public, so the comparison need not take constant time.
    return {
        "image_sha256": image.sha256 == receipt.image_sha256,
        "image_tag": image.tag == receipt.tag,
        "image_key_id": image.key_id == receipt.key_id,
    }


def _check_key(receipt: Receipt, key: KeyEvidence) -> dict[str, bool]:
    checks = {
        "key_file_key_id": key.key_id == receipt.key_id,
        "key_file_statement": key.statement_sha256 == receipt.statement_sha256,
    }
    if key.of_image is not None:
        checks["key_file_of_image"] = key.of_image
    if key.tag_holds is not None:
        checks["image_authentic"] = key.tag_holds
    if key.metadata_sha256 is not None:
        checks["metadata_statement"] = key.metadata_sha256 == receipt.statement_sha256
    return checks
