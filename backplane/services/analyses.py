"""What was measured, as its owner may see it: one analysis, several side by side, and what became of them over time."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backplane.blobs import S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import analyses, audit, jobs
from backplane.db.session import Database
from backplane.errors import NotFound
from backplane.services.jobs import JobFacts
from backplane.services.originals import open_blob
from backplane.services.outcomes import ANALYSIS, REPORTS
from backplane.services.results import require_completed
from backplane.vault import LocalVault

WITHOUT = "no analysis is kept with it. Encrypt with analyze=true, or send both pictures to POST /api/v1/analyze"


@dataclass(frozen=True, slots=True)
class Document:
    """Something that was measured; `etag` changes with it, `body` is None where its owner has it already."""

    etag: str
    media_type: str
    body: bytearray | None = field(repr=False)


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

    async def get(self, account_id: UUID, job_id: UUID, *, known_etag: str | None = None) -> Document:
        """Open the analysis of a job; where its owner has it already, without its body."""
        async with self._database.reading() as session:
            job, blob = await _find(session, account_id, job_id, ANALYSIS)
        if blob.id.hex == known_etag:
            return Document(blob.id.hex, blob.media_type, None)
        return await self._open(job, blob)

    async def describe(self, account_id: UUID, job_id: UUID, form: str) -> tuple[Document, int]:
        """Give a report without its body, and its size; nothing of it is read, and nothing is written down."""
        async with self._database.reading() as session:
            _, blob = await _find(session, account_id, job_id, REPORTS[form])
        return Document(blob.id.hex, blob.media_type, None), blob.size

    async def report(self, account_id: UUID, job_id: UUID, form: str, *, request_id: str | None) -> Document:
        """Open the report of a job, `html` or `pdf`, and write down that it left."""
        async with self._database.transaction() as session:
            job, blob = await _find(session, account_id, job_id, REPORTS[form])
            audit.add(
                session,
                action="report.downloaded",
                outcome="success",
                account_id=account_id,
                object_id=job_id,
                request_id=request_id,
                details={"format": form},
            )
        return await self._open(job, blob)

    async def side_by_side(self, account_id: UUID, job_ids: Sequence[UUID]) -> list[tuple[JobFacts, dict[str, Any]]]:
        """Open the analyses of several jobs, in the order of the ids; all of them or none."""
        async with self._database.reading() as session:
            rows = await jobs.several_of_account(session, account_id, job_ids)
            kept = await analyses.documents(session, account_id, job_ids, ANALYSIS)
        found = {job.id: job for job in rows}
        for place, job_id in enumerate(job_ids, 1):
            if job_id not in found:
                raise NotFound
            require_completed(found[job_id])
            if job_id not in kept or found[job_id].analysis_version is None:
                raise NotFound(f"The job in place {place} cannot be compared: {WITHOUT}")
        documents = [await self._open(found[job_id], kept[job_id]) for job_id in job_ids]
        parsed = await asyncio.to_thread(lambda: [json.loads(document.body or b"") for document in documents])
        return [(JobFacts.of(found[job_id]), one) for job_id, one in zip(job_ids, parsed, strict=True)]

    async def trends(self, account_id: UUID, first: date, last: date) -> list[Trend]:
        """Give every day from the first to the last, those without anything too."""
        async with self._database.reading() as session:
            encrypted = {row["day"]: row for row in await analyses.jobs_by_day(session, account_id, first, last)}
            measured = {row["day"]: row for row in await analyses.summaries_by_day(session, account_id, first, last)}
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [_day(day, encrypted.get(day, {}), measured.get(day, {})) for day in days]

    async def _open(self, job: Job, blob: Blob) -> Document:
        body, _ = await open_blob(self._vault, self._store, job, blob)
        return Document(blob.id.hex, blob.media_type, body)


async def _find(session: Any, account_id: UUID, job_id: UUID, purpose: str) -> tuple[Job, Blob]:
    job = await jobs.of_account(session, account_id, job_id)
    if job is None:
        raise NotFound
    require_completed(job)
    found = await analyses.documents(session, account_id, [job_id], purpose)
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
