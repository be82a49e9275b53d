"""Analyses as their owners see them: one, several side by side, and trends over time."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.blobs import S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import analyses, jobs
from backplane.db.session import Database
from backplane.errors import NotFound
from backplane.kinds import ANALYSIS
from backplane.services.attempts.outcomes import REPORTS
from backplane.services.jobs.views import JobFacts, require_completed
from backplane.services.pictures.results import StoredFile
from backplane.services.requests.caller import Caller
from backplane.services.sealing.envelopes import open_blob
from backplane.vault import LocalVault

WITHOUT = "no analysis is kept with it. Encrypt with analyze=true, or send both pictures to POST /api/v1/analyze"


@dataclass(frozen=True, slots=True)
class Trend:
    """What was encrypted and analyzed on one day, UTC; medians are None where there was nothing."""

    day: date
    encryptions: Mapping[str, Any]
    analyses: int
    letters: Mapping[str, int]
    medians: Mapping[str, float | None]


class Analyses:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def find(self, caller: Caller, job_id: UUID) -> StoredFile:
        """Find the analysis of a job."""
        job, blob = await self._find(caller, job_id, ANALYSIS)
        return StoredFile(job, blob, ids.to_wire("job", job_id) + ".analysis.json")

    async def find_report(self, caller: Caller, job_id: UUID, form: str) -> StoredFile:
        """Find the report of a job, `html` or `pdf`; that it leaves is written down."""
        job, blob = await self._find(caller, job_id, REPORTS[form])
        name = f"{ids.to_wire('job', job_id)}.report.{form}"
        return StoredFile(job, blob, name, "report.downloaded", {"format": form})

    async def side_by_side(self, caller: Caller, job_ids: Sequence[UUID]) -> list[tuple[JobFacts, dict[str, Any]]]:
        """Open the analyses of several jobs, in the order of the ids; all of them or none."""
        async with self._database.reading() as session:
            rows = await jobs.several_of_account(session, caller.account_id, job_ids)
            kept = await analyses.documents(session, caller.account_id, job_ids, ANALYSIS)
        found = {job.id: job for job in rows}
        for place, job_id in enumerate(job_ids, 1):
            if job_id not in found:
                raise NotFound
            require_completed(found[job_id])
            if job_id not in kept or found[job_id].analysis_version is None:
                raise NotFound(f"The job in place {place} cannot be compared: {WITHOUT}")
        opened = [await open_blob(self._vault, self._store, found[job_id], kept[job_id]) for job_id in job_ids]
        parsed = await asyncio.to_thread(lambda: [json.loads(document) for document, _ in opened])
        return [(JobFacts.of(found[job_id]), one) for job_id, one in zip(job_ids, parsed, strict=True)]

    async def trends(self, caller: Caller, first: date, last: date) -> list[Trend]:
        """Give every day from the first to the last, those without anything too."""
        async with self._database.reading() as session:
            encrypted = {row["day"]: row for row in await analyses.jobs_by_day(session, caller.account_id, first, last)}
            measured = {
                row["day"]: row for row in await analyses.summaries_by_day(session, caller.account_id, first, last)
            }
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [_day(day, encrypted.get(day, {}), measured.get(day, {})) for day in days]

    async def _find(self, caller: Caller, job_id: UUID, purpose: str) -> tuple[Job, Blob]:
        async with self._database.reading() as session:
            job = require_completed(await jobs.of_account(session, caller.account_id, job_id))
            found = await analyses.documents(session, caller.account_id, [job_id], purpose)
        if job_id not in found or job.analysis_version is None:
            raise NotFound(f"The job has ended, and {WITHOUT}")
        return job, found[job_id]


def _day(day: date, encrypted: Mapping[str, Any], measured: Mapping[str, Any]) -> Trend:
    return Trend(
        day=day,
        encryptions={name: encrypted.get(name, 0) for name in ("jobs", "completed", "failed")}
        | {"duration_ms": encrypted.get("duration_ms")},
        analyses=measured.get("analyses", 0),
        letters=dict(sorted(Counter(letter for letter in measured.get("letters", []) if letter).items())),
        medians={name: measured.get(name) for name in analyses.MEDIANS},
    )
