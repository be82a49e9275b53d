"""The last step of a worker for tests: store the results and end the job."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backplane.services.attempts.claims import Claim, Claims
from backplane.services.attempts.outcomes import MadeKey, Measurement, Outcome

# The key numbers of an analysis, as a test makes them up.
SUMMARY = {
    "letter": "A",
    "entropy": 7.9,
    "correlation": 0.01,
    "chi_square_p": 0.5,
    "npcr": 99.6,
    "uaci": 33.4,
    "duration_ms": 20.0,
}


@dataclass(frozen=True)
class Encrypted:
    """An encrypted image, as a test makes it up."""

    png: bytes
    key_id: UUID
    key_file: bytes
    image_header: bytes
    image_tag: bytes
    columns: dict[str, Any]
    material: bytes | None = None
    entropy: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decrypted:
    """A decrypted picture, as a test makes it up."""

    data: bytes
    media_type: str
    file_name: str | None
    columns: dict[str, Any]


async def complete_encrypt(
    claims: Claims, claim: Claim, made: Encrypted, *, measured: Measurement | None = None
) -> None:
    stored = await claims.products.keep_encrypted(claim.job, made.png, made.material)
    if measured is not None:
        stored += await claims.products.keep_documents(claim.job, claim.account_key, measured.documents)
    key = MadeKey(made.key_id, made.key_file, made.image_header, made.image_tag)
    details = {"entropy": made.entropy} if made.entropy else None
    await claims.complete(claim, Outcome(made.columns, key=key, measurement=measured, details=details), stored)


async def complete_decrypt(claims: Claims, claim: Claim, made: Decrypted) -> None:
    stored = await claims.products.keep_decrypted(
        claim.job, made.data, media_type=made.media_type, file_name=made.file_name
    )
    await claims.complete(claim, Outcome(made.columns), stored)


async def complete_measurement(claims: Claims, claim: Claim, measured: Measurement) -> None:
    stored = await claims.products.keep_documents(claim.job, claim.account_key, measured.documents)
    await claims.complete(claim, Outcome(measurement=measured), stored)
