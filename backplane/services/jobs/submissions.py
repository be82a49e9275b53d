"""Submissions of jobs: the input is stored first, then the job and the intent to run it are written together."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from backplane import failpoints, ids
from backplane.blobs import S3Blobs
from backplane.db.models import Batch, Blob, Job
from backplane.db.repositories import blobs, jobs, notes
from backplane.db.session import Database, Session
from backplane.errors import (
    ApplicationError,
)
from backplane.errors.limits import QuotaExceeded
from backplane.kinds import KINDS, Kind
from backplane.metrics import JOBS_SUBMITTED
from backplane.services.audit import trail
from backplane.services.identity.rights import require_rights
from backplane.services.jobs.estimates import Estimates
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.notes import Note
from backplane.services.requests.submission import Submission
from backplane.services.sealing.account_keys import account_key
from backplane.services.sealing.envelopes import seal_blob
from backplane.services.sealing.job_secrets import seal_for_job
from backplane.services.sealing.notes import seal, terms
from backplane.services.usage.quotas import Quotas
from backplane.services.webhooks.targets import WebhookTargets
from backplane.vault import LocalVault, VaultKey
from shield_core.image.facts import ImageFacts
from shield_core.image.names import harmless_name


@dataclass(frozen=True, slots=True)
class Picture:
    """An uploaded picture, and its file name."""

    data: bytes = field(repr=False)
    file_name: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of a job, ready to be stored."""

    blob: Blob
    body: bytes | bytearray = field(repr=False)


class Submissions:
    def __init__(
        self,
        database: Database,
        store: S3Blobs,
        vault: LocalVault,
        webhooks: WebhookTargets,
        estimates: Estimates,
        *,
        quotas: Quotas,
        retention_days: int | None,
    ) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._webhooks = webhooks
        self._retention_days = retention_days
        self.estimates = estimates
        self.quotas = quotas

    async def sealed(self, job: Job, purpose: str, upload: Picture) -> Sent:
        """Prepare a plaintext picture: it is encrypted at rest."""
        blob = _input_blob(job, purpose, "application/octet-stream", len(upload.data))
        return Sent(blob, await seal_blob(self._vault, job, blob, upload.data, file_name=upload.file_name))

    def as_it_is(self, job: Job, purpose: str, media_type: str, data: bytes) -> Sent:
        """Prepare a file that is already encrypted."""
        return Sent(_input_blob(job, purpose, media_type, len(data)), data)

    def seal_secret(self, account_id: UUID, job_id: UUID, value: dict[str, Any]) -> bytes:
        """Seal data that only the worker may read."""
        return seal_for_job(self._vault, account_id=account_id, job_id=job_id, value=value)

    async def plan(self, job: Job) -> None:
        """Set the job's estimated duration, and its retention."""
        job.estimated_ms = await self.estimates.estimate_ms(job)
        job.retention_days = self._retention_days

    async def plan_batch(self, submission: Submission, batch_id: UUID) -> Batch:
        """Make the batch, with the sealed address for its end, and its retention."""
        url = await self._webhooks.seal(submission, batch_id)
        return Batch(
            id=batch_id,
            account_id=submission.account_id,
            submitted_by=submission.caller.user_id,
            webhook_url=url,
            retention_days=self._retention_days,
        )

    async def submit(
        self, submission: Submission, job: Job, sent: Sequence[Sent], *, file_name: str | None
    ) -> JobFacts:
        """Store the files and write the job with the intent to run it.

        Raises:
            QuotaExceeded: the account has used up what its tier has; nothing is kept of the files.
            Overloaded: too many jobs wait already.
        """
        size = sum(one.blob.size for one in sent)
        await self.quotas.room(submission.caller, job.kind, size + (job.reserved_bytes or 0))
        note = replace(submission.note, file_name=harmless_name(file_name))
        await self.estimates.require_room(submission.account_id)
        job.webhook_url = await self._webhooks.seal(submission, job.id)
        await self.store(sent)
        await self.plan(job)
        failpoints.reach("gateway.stored")
        try:
            await self._write_alone(submission, job, [one.blob for one in sent], note)
        except QuotaExceeded:
            # Nothing was committed: of other errors that is not known, and the sweeper collects what no row names.
            await self.discard_all([one.blob for one in sent])
            raise
        failpoints.reach("gateway.submitted")
        JOBS_SUBMITTED.labels(kind=job.kind).inc()
        return JobFacts.of(job, note)

    async def _write_alone(self, submission: Submission, job: Job, stored: Sequence[Blob], note: Note) -> None:
        async with self.quotas.turn(submission.caller), self._database.transaction() as session:
            await require_rights(session, submission.caller, "jobs:write")
            await submission.record(session, "job", job.id)
            key = await account_key(session, self._vault, submission.account_id)
            await self.quotas.require(session, submission.caller, job, sum(blob.size for blob in stored))
            await self.write(session, submission, job, stored, key=key, note=note)
            failpoints.reach("gateway.charged")
            await session.reload(job)

    async def store(self, sent: Sequence[Sent]) -> None:
        for one in sent:
            await self._store.put(one.blob.object_key, one.body, media_type=one.blob.media_type)

    async def discard(self, blob: Blob) -> None:
        """Delete a stored file that no job will use."""
        await self._store.delete(blob.object_key)

    async def discard_all(self, stored: Sequence[Blob]) -> None:
        """Delete stored files that no job will use; the sweeper collects those that cannot be deleted now."""
        for blob in stored:
            with suppress(ApplicationError):
                await self.discard(blob)

    async def write(
        self,
        session: Session,
        submission: Submission,
        job: Job,
        stored: Sequence[Blob],
        *,
        key: VaultKey,
        note: Note,
    ) -> None:
        """Write a job whose files are stored, with the intent to run it; the account's `key` seals its note."""
        job.note = seal(key, note, account_id=submission.account_id, owner_id=job.id)
        await jobs.add(session, job)
        await notes.add_job_terms(session, job.id, terms(key, note, account_id=submission.account_id))
        await blobs.add_all(session, stored)
        trail.record(session, submission.caller, KINDS[job.kind].action, job.id, outcome=trail.ACCEPTED)


def new_job(submission: Submission, kind: Kind, *, job_id: UUID | None = None, **columns: Any) -> Job:
    """Make a job of this kind for a submission; its input is still to be stored."""
    return Job(
        id=job_id or ids.new(),
        account_id=submission.account_id,
        kind=kind.name,
        priority=kind.priority,
        request_id=submission.caller.request_id,
        **columns,
    )


def describe(facts: ImageFacts, size: int) -> dict[str, Any]:
    """Describe a picture as a job's `image`; fields are null if the file is not decoded."""
    return {
        "format": facts.format,
        "media_type": facts.media_type,
        "mode": facts.mode or None,
        "width": facts.width or None,
        "height": facts.height or None,
        "bytes": size,
    }


def _input_blob(job: Job, purpose: str, media_type: str, size: int) -> Blob:
    return Blob(
        id=ids.new(),
        job_id=job.id,
        purpose=purpose,
        object_key=f"uploads/{job.id.hex}/{purpose}",
        size=size,
        media_type=media_type,
    )
