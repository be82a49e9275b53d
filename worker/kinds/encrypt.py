import asyncio
import hashlib
from typing import Any

import structlog

from backplane import ids
from backplane.metrics import ENTROPY_DEGRADED
from backplane.services.attempts.claims import Claim
from backplane.services.attempts.outcomes import MadeKey, Outcome
from backplane.services.entropy.receipts import Receipts
from backplane.services.jobs.submissions import describe
from backplane.services.pictures.encryptions import NOT_POSSIBLE
from backplane.services.sealing.custody import wraps_of
from shield_core.cipher.purity import Purity
from shield_core.image.facts import Buffer
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.pipeline import EncryptedImage, encrypt_image
from shield_core.progress import Progress, ProgressSink, Stage
from shield_core.quantum.receipt import seal
from worker.kinds.analysis import FAILED, analyze_attempt
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter

log = structlog.get_logger()


async def run(equipment: Equipment, claim: Claim, reporter: Reporter) -> None:
    """Encrypt the job's picture, and store it with its key."""
    reporter(Progress(Stage.VALIDATING))
    data, file_name = await equipment.claims.inputs.fetch(claim.job)
    size = len(data)  # the pipeline may empty it
    image = await asyncio.to_thread(_run, equipment, claim, reporter, data, file_name)
    columns = await asyncio.to_thread(_describe, image, equipment.claims.receipts, size=size)
    if image.statement["degraded"]:
        ENTROPY_DEGRADED.labels(source=equipment.source.name).inc()
        log.warning("entropy.degraded", reason=image.quantum_purity["reason"])
    reporter(Progress(Stage.STORING))
    products = equipment.claims.products
    stored = await products.keep_encrypted(claim.job, image.png, image.material, progress=reporter.storing)
    measurement = None
    if claim.job.analyze:
        if image.facts.is_decoded:
            measurement, documents = await analyze_attempt(
                equipment, claim, reporter, original=data, file_name=file_name, image=image
            )
            stored += documents
        if measurement is None:
            columns["warnings"].append(FAILED if image.facts.is_decoded else NOT_POSSIBLE)
    await reporter.rest()
    key = MadeKey(image.key_file.key_id, image.key_file_bytes, image.header_bytes, image.tag)
    await equipment.claims.complete(
        claim, Outcome(columns, key=key, measurement=measurement, details={"entropy": _entropy(image)}), stored
    )


def _run(
    equipment: Equipment, claim: Claim, progress: ProgressSink, data: Buffer, file_name: str | None
) -> EncryptedImage:
    return encrypt_image(
        data,
        source=equipment.source,
        pool=equipment.pool,
        wraps=wraps_of(claim.job, claim.account_key, claim.secret),
        purity=Purity(claim.job.purity_requested),
        layout=Layout(claim.job.layout_requested),
        regions=[Region(**region) for region in claim.job.regions or []],
        file_name=file_name,
        job_id=ids.to_wire("job", claim.job.id),
        key_id=ids.new(),
        consume=not claim.job.analyze,  # the analysis looks at the original once more
        progress=progress,
        threads=equipment.threads,
    )


def _entropy(image: EncryptedImage) -> dict[str, Any]:
    source = image.statement["source"]
    return {
        "source": source["name"],
        "kind": source["kind"],
        "degraded": image.statement["degraded"],
        "reason": image.quantum_purity["reason"],
    }


def _describe(image: EncryptedImage, receipts: Receipts, *, size: int) -> dict[str, Any]:
    """The columns of a finished encrypt job; the receipt is signed here, for now the picture is final."""
    return {
        "purity_served": image.quantum_purity["served"],
        "purity_reason": image.quantum_purity["reason"],
        "layout": str(image.layout),
        "layout_reason": image.layout_reason,
        "warnings": list(image.warnings),
        "image": describe(image.facts, size),
        "metrics": {"timings_ms": image.timings_ms},
        "receipt": seal(
            image.statement, image_sha256=hashlib.sha256(image.png).hexdigest(), tag=image.tag, signer=receipts.signer()
        ),
    }
