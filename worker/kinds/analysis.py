"""An analysis and its reports, made while the pictures are in memory, and kept with the job.

Asked for together with an encryption it comes second, and never costs the picture.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import structlog

from backplane import ids
from backplane.kinds import ANALYSIS
from backplane.services.attempts.claims import Claim, LeaseLost
from backplane.services.attempts.outcomes import REPORTS, Measurement, Outcome
from shield_core import __version__
from shield_core.analysis.report.about import About
from shield_core.analysis.report.page import render_html
from shield_core.analysis.report.sheet import render_pdf
from shield_core.appraisal import STEPS, appraise
from shield_core.errors import Cancelled
from shield_core.image.facts import Buffer
from shield_core.keys.keyfile import key_id_text
from shield_core.pipeline import EncryptedImage
from shield_core.progress import Progress, ProgressSink, Stage
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter

log = structlog.get_logger()

RENDERING = 10
"""Steps of progress for each report, beside the hundred of the analysis."""

TOTAL = STEPS + RENDERING * len(REPORTS)

FAILED = "analysis-failed"
"""The warning of a job whose picture was encrypted and not analyzed."""


def preload_reports() -> None:
    """Import what draws the reports: a quarter of a second that no job should wait for."""
    import_module("shield_core.analysis.report.typesetting")


async def analyze_attempt(
    equipment: Equipment,
    claim: Claim,
    reporter: Reporter,
    *,
    original: Buffer,
    file_name: str | None,
    image: EncryptedImage,
) -> tuple[Measurement | None, list[Any]]:
    """Analyze what an attempt made, and store the documents; None and nothing where that fails."""
    if claim.last_attempt and claim.job.stage == Stage.ANALYZING:
        # The attempt before was lost in here. Whatever it was, the picture shall not be lost to it.
        log.error("analysis.skipped")
        return None, []
    await reporter.begin(Stage.ANALYZING)
    started = time.perf_counter()
    try:
        measurement = await asyncio.to_thread(
            measure,
            original,
            image.png,
            about=_about(claim, file_name, image),
            progress=reporter,
            timings_ms=image.timings_ms,
            threads=equipment.threads,
        )
        documents = await equipment.claims.products.keep_documents(claim.job, claim.account_key, measurement.documents)
    except (Cancelled, LeaseLost):
        raise
    except Exception:
        log.exception("analysis.failed")
        return None, []
    image.timings_ms[Stage.ANALYZING.value] = round((time.perf_counter() - started) * 1000, 3)
    return measurement, documents


def _about(claim: Claim, file_name: str | None, image: EncryptedImage) -> About:
    return About(
        made_at=datetime.now(UTC),
        product_version=__version__,
        file_name=file_name,
        job_id=ids.to_wire("job", claim.job.id),
        key_id=key_id_text(image.key_file.key_id),
        purity=image.quantum_purity["served"],
        layout=str(image.layout),
        layout_reason=image.layout_reason,
        image=claim.job.image,
        statement=image.statement,
    )


def measure(
    original: Buffer,
    encrypted: Buffer,
    *,
    about: About,
    progress: ProgressSink,
    timings_ms: Mapping[str, float] | None = None,
    threads: int,
) -> Measurement:
    """Analyze two pictures, and write the reports; raises what `appraise` raises."""
    started = time.perf_counter()
    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        progress(Progress(Stage.ANALYZING, done, TOTAL))

    analysis = appraise(original, encrypted, timings_ms=timings_ms, threads=threads, progress=advance)
    documents = {ANALYSIS: as_json(analysis)}
    documents[REPORTS["html"]] = render_html(analysis, about).encode()
    advance(RENDERING)
    documents[REPORTS["pdf"]] = render_pdf(analysis, about)
    advance(RENDERING)
    duration_ms = (time.perf_counter() - started) * 1000
    return Measurement(documents, version=analysis["version"], summary=_summarize(analysis, duration_ms))


async def complete(
    equipment: Equipment, claim: Claim, reporter: Reporter, measurement: Measurement, *, started: float
) -> None:
    """End a job that only measures: store its documents sealed, and complete it."""
    took_ms = round((time.perf_counter() - started) * 1000, 3)
    await reporter.rest()
    claims = equipment.claims
    stored = await claims.products.keep_documents(claim.job, claim.account_key, measurement.documents)
    outcome = Outcome({"metrics": {"timings_ms": {Stage.ANALYZING.value: took_ms}}}, measurement=measurement)
    await claims.complete(claim, outcome, stored)


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _summarize(analysis: Mapping[str, Any], duration_ms: float) -> dict[str, Any] | None:
    """Take what may stand in clear: numbers of a picture that is encrypted as a whole."""
    if analysis["regions"] is not None:
        return None
    metrics = analysis["metrics"]
    coefficients = [abs(r) for r in metrics["correlation"]["encrypted"].values() if r is not None]
    return {
        "letter": analysis["security_grade"]["letter"],
        "entropy": metrics["entropy"]["encrypted"],
        "correlation": max(coefficients, default=None),
        "chi_square_p": metrics["histogram"]["p_value"],
        "npcr": metrics["npcr"]["between_ciphertexts"],
        "uaci": metrics["uaci"]["between_ciphertexts"],
        "duration_ms": round(duration_ms, 3),
    }
