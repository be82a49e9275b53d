"""What a worker does last: it stores what it has made, and ends the job."""

from backplane.services.attempts.claims import Claim, Claims
from backplane.services.attempts.outcomes import DecryptOutcome, EncryptOutcome


async def complete_encrypt(claims: Claims, claim: Claim, outcome: EncryptOutcome) -> None:
    await claims.complete_encrypt(claim, outcome, await claims.products.keep_encrypted(claim.job, outcome))


async def complete_decrypt(claims: Claims, claim: Claim, outcome: DecryptOutcome) -> None:
    await claims.complete_decrypt(claim, outcome, await claims.products.keep_decrypted(claim.job, outcome))
