"""Decryption of a picture."""

import asyncio
from typing import Any, NamedTuple

from backplane.services.attempts.claims import Claim
from backplane.services.attempts.outcomes import Outcome
from shield_core.errors import ShieldError
from shield_core.keys.canonical import b64decode
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen, VaultOpen
from shield_core.pipeline import DecryptedImage, decrypt_image
from shield_core.progress import Progress, Stage
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter


class _Files(NamedTuple):
    image: bytes | bytearray
    material: bytes | None
    header: bytes | None
    """Header and tag, where the picture was saved again without them."""


async def run(equipment: Equipment, claim: Claim, reporter: Reporter) -> None:
    """Decrypt the job's picture, and store it, sealed, for a short time."""
    reporter(Progress(Stage.VALIDATING))
    image = await _open(equipment, claim, reporter, await _fetch(equipment, claim))
    columns = {
        "layout": str(image.layout),
        "metrics": {"timings_ms": image.timings_ms},
        "warnings": await _warnings(equipment, claim, image),
    }
    reporter(Progress(Stage.DECRYPTING, 1, 1))
    reporter(Progress(Stage.STORING))
    stored = await equipment.claims.products.keep_decrypted(
        claim.job, image.data, media_type=image.media_type, file_name=image.file_name, progress=reporter.storing
    )
    await reporter.finish()
    await equipment.claims.complete(claim, Outcome(columns), stored)


async def _warnings(equipment: Equipment, claim: Claim, image: DecryptedImage) -> list[str]:
    """Repeat the warnings of the encryption; if they are unknown, compare the bytes."""
    losses = await equipment.claims.losses_of(claim)
    return list(image.warnings if losses is None else losses)


async def _fetch(equipment: Equipment, claim: Claim) -> _Files:
    inputs = equipment.claims.inputs
    data, _ = await inputs.fetch(claim.job)
    return _Files(data, await inputs.fetch_material(claim.job), await inputs.fetch_header(claim.job))


async def _open(equipment: Equipment, claim: Claim, reporter: Reporter, files: _Files) -> DecryptedImage:
    """Decrypt in the single stage `verifying`: stage, progress and events must not show which check failed.

    That includes every check, not only the tag: material that does not fit fails after the tag, and would show that the
    password was right.
    """
    secret = claim.secret or {}
    verifying = Progress(Stage.VERIFYING)
    reporter(verifying)
    try:
        return await asyncio.to_thread(
            decrypt_image,
            files.image,
            b64decode(secret["key_file_b64"]),
            openers=_openers(claim, secret),
            material=files.material,
            detached=files.header,
            progress=lambda _: reporter(verifying),
            threads=equipment.threads,
        )
    except ShieldError:
        # Otherwise a picture that fails within milliseconds would end before its stages are written.
        await reporter.finish()
        raise


def _openers(claim: Claim, secret: dict[str, Any]) -> list[PlainOpen | PassphraseOpen | VaultOpen]:
    openers: list[PlainOpen | PassphraseOpen | VaultOpen] = [PlainOpen(), claim.vault_opener]
    if "wrap_key_b64" in secret:
        wrap_keys = (secret["wrap_key_b64"], *secret.get("other_wrap_keys_b64", ()))
        openers.extend(PassphraseOpen(b64decode(wrap_key)) for wrap_key in wrap_keys)
    return openers
