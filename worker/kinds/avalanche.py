import asyncio
import time

from backplane.kinds import ANALYSIS
from backplane.services.attempts.claims import Claim
from backplane.services.attempts.outcomes import Measurement
from shield_core.analysis.measures import picture
from shield_core.analysis.measures.avalanche import ENCRYPTIONS, avalanche
from shield_core.image.facts import Buffer
from shield_core.progress import Progress, ProgressSink, Stage
from worker.kinds.analysis import as_json, complete
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter


async def run(equipment: Equipment, claim: Claim, reporter: Reporter) -> None:
    """Flip bits of the job's picture and of keys that are thrown away, and keep what changed."""
    reporter(Progress(Stage.VALIDATING))
    data, _ = await equipment.claims.inputs.fetch(claim.job)
    await reporter.begin(Stage.ANALYZING)
    started = time.perf_counter()
    document = await asyncio.to_thread(_check, data, reporter, equipment.threads)
    await complete(equipment, claim, reporter, Measurement({ANALYSIS: document}), started=started)


def _check(data: Buffer, progress: ProgressSink, threads: int) -> bytes:
    samples = picture.read(data).samples
    total, done = ENCRYPTIONS * samples.nbytes, 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress(Progress(Stage.ANALYZING, done, total))

    return as_json(avalanche(samples, threads=threads, progress=advance))
