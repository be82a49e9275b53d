import asyncio
import time
from datetime import UTC, datetime

from backplane import ids
from backplane.services.attempts.claims import Claim
from backplane.services.attempts.inputs import INPUT_ENCRYPTED
from shield_core import __version__
from shield_core.analysis.report.about import About
from shield_core.progress import Progress, Stage
from worker.kinds.analysis import complete, measure
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter


async def run(equipment: Equipment, claim: Claim, reporter: Reporter) -> None:
    """Compare the two pictures of the job, and keep the analysis and its reports with it."""
    reporter(Progress(Stage.VALIDATING))
    original, file_name = await equipment.claims.inputs.fetch(claim.job)
    encrypted, encrypted_name = await equipment.claims.inputs.fetch(claim.job, INPUT_ENCRYPTED)
    about = About(
        made_at=datetime.now(UTC),
        product_version=__version__,
        file_name=file_name,
        encrypted_name=encrypted_name,
        job_id=ids.to_wire("job", claim.job.id),
    )
    await reporter.begin(Stage.ANALYZING)
    started = time.perf_counter()
    measurement = await asyncio.to_thread(
        measure, original, encrypted, about=about, progress=reporter, threads=equipment.threads
    )
    await complete(equipment, claim, reporter, measurement.without_summary(), started=started)
