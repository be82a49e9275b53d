"""What a receipt shows when it is held against keys, an image and a key file. docs/reference/receipts.md, "Checks"."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from shield_core.keys.jwk import Algorithm, PublicKey
from shield_core.quantum.receipt import Receipt, message


class Signature(StrEnum):
    """What is known of one signature."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "signer unknown"
    UNSIGNED = "unsigned"


class Outcome(StrEnum):
    """What it comes to."""

    VERIFIED = "verified"
    UNKNOWN = "intact, signer unknown"
    UNSIGNED = "unsigned"
    CHANGED = "does not match"


@dataclass(frozen=True, slots=True)
class ImageEvidence:
    """What an image file shows without a key: the SHA-256 of its bytes, and the key id and tag of its header.

    `key_id` and `tag` are None where there is no header to read, and `fault` says why.
    """

    sha256: str
    key_id: UUID | None
    tag: bytes | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class KeyEvidence:
    """What an unlocked key file shows; the last three are None where there is no image, or none that it belongs to.

    `of_image`: whether nonce, commitment and key id are the image's. `tag_holds`: whether the image's tag is right
    under this key. `metadata_sha256`: the statement's digest in the image's encrypted metadata, 64 hexadecimal digits,
    or empty where the metadata does not open.
    """

    key_id: UUID
    statement_sha256: str
    of_image: bool | None = None
    tag_holds: bool | None = None
    metadata_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The signatures of a receipt, and the checks that were made, each by its name, in their order."""

    signatures: Mapping[Algorithm, Signature]
    checks: Mapping[str, bool]

    @property
    def signature(self) -> Signature:
        """All signatures in one word: one that is wrong, missing or unknown decides, in this order."""
        found = set(self.signatures.values())
        return next(state for state in _WORST_FIRST if state in found)

    @property
    def outcome(self) -> Outcome:
        """Verified only where each signature is valid and each check that was made holds."""
        if self.signature is Signature.INVALID or not all(self.checks.values()):
            return Outcome.CHANGED
        return _OUTCOMES[self.signature]

    @property
    def failed(self) -> tuple[str, ...]:
        """The parts that do not match, by name; `signature` first."""
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
    """Hold a receipt against what is there.

    Args:
        receipt: as parsed, so that its statement is the one of its digest.
        keys: the public keys that are trusted to sign receipts, by their thumbprints.
        image: what the encrypted image shows, or None where it is not there.
        key: what the key file shows, or None.
        demand_ml_dsa_65: count a receipt without a signature of ML-DSA-65 as unsigned.

    Returns:
        The verdict; nothing that was not there is in it.

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
    # All of it is public: there is nothing that the time of a comparison could tell.
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
