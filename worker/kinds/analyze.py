import asyncio
import time
from datetime import UTC, datetime

from backplane import ids
from backplane.services.attempts.claims import Claim
from backplane.services.attempts.inputs import INPUT_ENCRYPTED
from shield_core import __version__
from shield_core.analysis.report.about import About
from shield_core.progress import Progress, Stage
from worker.kinds.analysis import measure
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter


async def analyze(equipment: Equipment, claim: Claim, reporter: Reporter) -> None:
    """Compare two pictures that somebody sent, and keep analysis and reports with the job."""
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
    outcome = await asyncio.to_thread(
        measure, original, encrypted, about=about, progress=reporter, threads=equipment.threads
    )
    took_ms = round((time.perf_counter() - started) * 1000, 3)
    await reporter.rest()
    await equipment.claims.complete_measurement(
        claim, outcome.without_summary(), {"metrics": {"timings_ms": {Stage.ANALYZING.value: took_ms}}}
    )
