"""Export of an account's data: pack a zip, and store it sealed while it is packed."""

from backplane.services.attempts.claims import Claim
from backplane.services.attempts.outcomes import Outcome
from shield_core.progress import Stage
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter


async def run(equipment: Equipment, claim: Claim, reporter: Reporter) -> None:
    """Pack what the account has, and keep the archive with the job."""
    await reporter.begin(Stage.STORING)
    pieces = equipment.archives.pieces(claim.job, reporter.storing)
    blob = await equipment.claims.products.keep_archive(claim.job, claim.account_key, pieces)
    await reporter.finish()
    await equipment.claims.complete(claim, Outcome(details={"bytes": blob.size}), [blob])
