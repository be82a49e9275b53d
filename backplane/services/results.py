"""Handing out what a job made."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.blobs import PIECE, S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import audit, blobs, jobs
from backplane.db.session import Database
from backplane.errors import Gone, JobFailed, JobNotFinished, NotFound
from backplane.services.inputs import MATERIAL
from backplane.services.jobs import CANCELLED
from backplane.services.originals import open_blob
from backplane.services.outcomes import ANALYSIS
from backplane.services.products import RESULT
from backplane.vault import LocalVault

MEASURED = {"analyze": ".analysis.json", "avalanche": ".avalanche.json"}
"""Kinds of job whose result is a document that is kept with them, and what its name ends with."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result on its way out; a `plaintext` picture is deleted once it has been sent."""

    job_id: UUID
    file_name: str
    media_type: str
    size: int
    plaintext: bool
    body: AsyncIterator[bytes | memoryview]


class Results:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def open(self, account_id: UUID, job_id: UUID, *, request_id: str | None) -> ResultFile:
        """Open the encrypted image of an encrypt job, the picture of a decrypt job, or what the job measured."""
        async with self._database.transaction() as session:
            job = await jobs.of_account(session, account_id, job_id)
            require_completed(job)
            blob = await blobs.of_job(session, job_id, ANALYSIS if job and job.kind in MEASURED else RESULT)
            if job is None or blob is None or blob.deleted_at is not None:
                raise Gone
            _note_download(session, job, "result.downloaded", request_id)
        return await (self._sealed(job, blob) if blob.sealed is not None else self._plain(job, blob, ".enc.png"))

    async def open_material(self, account_id: UUID, job_id: UUID, *, request_id: str | None) -> ResultFile:
        """Open the material file of an encrypt job; without one it is not there."""
        async with self._database.transaction() as session:
            job = await jobs.of_account(session, account_id, job_id)
            require_completed(job)
            blob = await blobs.of_job(session, job_id, MATERIAL)
            if job is None or blob is None:
                raise NotFound("This job made no material file")
            if blob.deleted_at is not None:
                raise Gone
            _note_download(session, job, "material.downloaded", request_id)
        return await self._plain(job, blob, ".enc.qmat")

    async def describe(self, account_id: UUID, job_id: UUID, *, material: bool = False) -> tuple[str, int]:
        """Give the media type and the size of a result; nothing of it is read, and nothing is written down."""
        async with self._database.reading() as session:
            job = require_completed(await jobs.of_account(session, account_id, job_id))
            purpose = MATERIAL if material else ANALYSIS if job.kind in MEASURED else RESULT
            blob = await blobs.of_job(session, job_id, purpose)
        if blob is None and material:
            raise NotFound("This job made no material file")
        if blob is None or blob.deleted_at is not None:
            raise Gone
        return blob.media_type, blob.size

    async def discard(self, account_id: UUID, job_id: UUID) -> None:
        """Delete a plaintext result that has been sent; where the store fails, the sweeper does it."""
        async with self._database.transaction() as session:
            job = await jobs.of_account(session, account_id, job_id)
            blob = await blobs.of_job(session, job_id, "result")
            if job is None or blob is None:
                return
            await blobs.expire(session, job_id, "result")
            await jobs.expire_with_result(session, job_id, seconds=0)
        await self._store.delete(blob.object_key)
        async with self._database.transaction() as session:
            await blobs.mark_deleted(session, [blob.id])

    async def _plain(self, job: Job, blob: Blob, ending: str) -> ResultFile:
        return ResultFile(
            job_id=job.id,
            file_name=ids.to_wire("job", job.id) + ending,
            media_type=blob.media_type,
            size=blob.size,
            plaintext=False,
            body=await self._store.stream(blob.object_key),
        )

    async def _sealed(self, job: Job, blob: Blob) -> ResultFile:
        data, file_name = await open_blob(self._vault, self._store, job, blob)
        return ResultFile(
            job_id=job.id,
            file_name=file_name or ids.to_wire("job", job.id) + MEASURED.get(job.kind, ""),
            media_type=blob.media_type,
            size=len(data),
            plaintext=job.kind == "decrypt",
            body=_pieces(data),
        )


def _note_download(session: Any, job: Job, action: str, request_id: str | None) -> None:
    audit.add(
        session,
        action=action,
        outcome="success",
        account_id=job.account_id,
        object_id=job.id,
        request_id=request_id,
    )


def require_completed(job: Job | None) -> Job:
    if job is None:
        raise NotFound
    if job.status in {"pending", "processing"}:
        raise JobNotFinished
    if job.status != "completed":
        raise JobFailed(CANCELLED if job.status == "cancelled" else job.error_title)
    return job


async def _pieces(data: bytearray) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for at in range(0, len(view), PIECE):
        yield view[at : at + PIECE]
