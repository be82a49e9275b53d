"""Intake of batches: each picture is inspected, sealed and stored as it arrives, and then released from memory.

All jobs and the batch are written at the end, in one transaction. If a gateway is killed before that, the sweeper
collects the objects, which no row names.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from backplane import failpoints, ids
from backplane.db.models import Batch, BatchItem, Blob, Job
from backplane.db.repositories import batches, notes
from backplane.db.session import Database, Session
from backplane.errors import (
    ApplicationError,
    FileTooLarge,
    Refused,
    from_core,
)
from backplane.errors.limits import QuotaExceeded
from backplane.kinds import BATCH, ENCRYPT
from backplane.metrics import JOBS_SUBMITTED
from backplane.services.attempts.inputs import INPUT
from backplane.services.batches.endings import BatchEnds
from backplane.services.batches.names import seal_name
from backplane.services.batches.views import ItemError
from backplane.services.identity.rights import require_rights
from backplane.services.jobs.submissions import Picture, Submissions
from backplane.services.pictures.encryptions import (
    Encryptions,
    EncryptRequest,
    Inspection,
    ResolvedRequest,
    inspect_for_any_layout,
)
from backplane.services.requests.notes import Note
from backplane.services.requests.submission import Submission
from backplane.services.sealing.account_keys import account_key
from backplane.services.sealing.notes import seal, terms
from backplane.services.usage.quotas import Asked, Room
from backplane.vault import LocalVault
from shield_core.errors import ShieldError
from shield_core.image.names import harmless_name


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A stored picture: its job has an id, and is written once the whole form is known."""

    file_name: str | None
    job_id: UUID
    blob: Blob
    inspection: Mapping[str, Inspection | Refused]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused picture, which never gets a job."""

    file_name: str | None
    error: ItemError


Entry = tuple[Job | None, ItemError | None]
"""The job of an item, or why it has none."""


class Intake:
    """A batch that is still being uploaded."""

    def __init__(self, submission: Submission, submissions: Submissions, room: Room) -> None:
        self.batch_id = ids.new()
        self.items: list[StoredPicture | Refusal] = []
        self.digests: list[tuple[str, bytes]] = []
        """SHA-256 of each picture, in order: they identify the request when it is repeated."""
        self.written = False
        self._account_id = submission.account_id
        self._submissions = submissions
        self._room = room

    async def add(self, upload: Picture, *, name: str) -> None:
        """Inspect and store a picture from the field `name`; a refused picture also becomes an item."""
        digest = await asyncio.to_thread(lambda: hashlib.sha256(upload.data).digest())
        self.digests.append((name, digest))
        try:
            self._room.tier.require_file_bytes(len(upload.data))
            inspection = await asyncio.to_thread(inspect_for_any_layout, upload.data)
            self._room.hold(len(upload.data))
        except ShieldError as error:
            self.refuse(upload.file_name, from_core(error))
            return
        except (FileTooLarge, QuotaExceeded) as error:
            self.refuse(upload.file_name, error)
            return
        draft = Job(id=ids.new(), account_id=self._account_id)
        sent = await self._submissions.sealed(draft, INPUT, upload)
        await self._submissions.store([sent])
        self.items.append(StoredPicture(upload.file_name, draft.id, sent.blob, inspection))

    def refuse(self, file_name: str | None, error: ApplicationError) -> None:
        # The error itself is not kept: its traceback would hold the picture.
        self.items.append(Refusal(file_name, _reason(error)))

    async def discard(self, *, unless: Collection[UUID] = ()) -> None:
        """Delete the stored pictures except those of these jobs; the sweeper collects the rest."""
        stored = [item for item in self.items if isinstance(item, StoredPicture)]
        await self._submissions.discard_all([item.blob for item in stored if item.job_id not in unless])


class BatchIntake:
    def __init__(
        self,
        database: Database,
        vault: LocalVault,
        submissions: Submissions,
        encryptions: Encryptions,
        ends: BatchEnds,
    ) -> None:
        self._database = database
        self._vault = vault
        self._submissions = submissions
        self._encryptions = encryptions
        self._ends = ends

    @asynccontextmanager
    async def begin(self, submission: Submission) -> AsyncIterator[Intake]:
        """Accept pictures; delete those that are not submitted when the block ends.

        Raises:
            QuotaExceeded: the account has used up what its tier has.
            Overloaded: too many jobs wait already.
        """
        room = await self._submissions.quotas.room(submission.caller, ENCRYPT.name, 0)
        await self._submissions.estimates.require_room(submission.account_id)
        intake = Intake(submission, self._submissions, room)
        try:
            yield intake
        finally:
            if not intake.written:
                await intake.discard()

    async def submit(self, submission: Submission, intake: Intake, request: EncryptRequest) -> UUID:
        """Write the batch and a job for each of its pictures, in one transaction, and return the batch's id.

        A picture that is over a quota becomes a refused item.
        """
        self._submissions.quotas.tiers.of(submission.caller.tier).require_purity(request.purity)
        resolved = request.resolve()
        batch = await self._submissions.plan_batch(submission, intake.batch_id)
        entries = [await self._draw_up(submission, batch, item, resolved) for item in intake.items]
        wanted = sum(job is not None for job, _ in entries)
        await self._submissions.estimates.require_room(submission.account_id, jobs=wanted)
        failpoints.reach("gateway.stored")
        # From here on only the sweeper may delete: if the answer to a commit is lost, its outcome is unknown.
        intake.written = True
        async with self._submissions.quotas.turn(submission.caller), self._database.transaction() as session:
            await require_rights(session, submission.caller, "jobs:write")
            await submission.record(session, "batch", batch.id)
            entries = await self._charge(session, submission, intake.items, entries)
            await self._write(session, submission, batch, intake.items, entries)
            failpoints.reach("gateway.charged")
        jobs = {job.id for job, _ in entries if job is not None}
        failpoints.reach("gateway.submitted")
        JOBS_SUBMITTED.labels(kind=ENCRYPT.name).inc(len(jobs))
        await intake.discard(unless=jobs)
        return batch.id

    async def _charge(
        self,
        session: Session,
        submission: Submission,
        items: Sequence[StoredPicture | Refusal],
        entries: Sequence[Entry],
    ) -> list[Entry]:
        """Charge the jobs; the entries of those that are over a quota have the reason instead."""
        asked = {
            job.id: Asked(job, item.blob.size)
            for item, (job, _) in zip(items, entries, strict=True)
            if job is not None and isinstance(item, StoredPicture)
        }
        answers = await self._submissions.quotas.charge(session, submission.caller, list(asked.values()))
        over = {job_id: _reason(error) for job_id, error in zip(asked, answers, strict=True) if error is not None}
        return [(None, over[job.id]) if job is not None and job.id in over else (job, error) for job, error in entries]

    async def _draw_up(
        self, submission: Submission, batch: Batch, item: StoredPicture | Refusal, resolved: ResolvedRequest
    ) -> Entry:
        """Make the job of an item, or return why it has none."""
        if isinstance(item, Refusal):
            return None, item.error
        inspection = item.inspection[resolved.request.layout]
        if isinstance(inspection, Refused):
            return None, _reason(inspection)
        # Each has its own wrap key, because body and nonce repeat with the salt.
        job = await self._encryptions.draw_up(submission, item.job_id, inspection, resolved, patient=True)
        job.batch_id, job.priority = batch.id, BATCH
        await self._submissions.plan(job)
        return job, None

    async def _write(
        self,
        session: Session,
        submission: Submission,
        batch: Batch,
        items: Sequence[StoredPicture | Refusal],
        entries: Sequence[Entry],
    ) -> None:
        account_id = submission.account_id
        key = await account_key(session, self._vault, account_id)
        batch.note = seal(key, submission.note, account_id=account_id, owner_id=batch.id)
        await batches.add(session, batch)
        await notes.add_batch_terms(session, batch.id, terms(key, submission.note, account_id=account_id))
        rows = []
        for index, (item, (job, error)) in enumerate(zip(items, entries, strict=True)):
            name = harmless_name(item.file_name)
            if job is not None and isinstance(item, StoredPicture):
                note = Note(file_name=name)
                await self._submissions.write(session, submission, job, [item.blob], key=key, note=note)
            sealed = seal_name(key, name, account_id=account_id, batch_id=batch.id, index=index) if name else None
            rows.append(_row(batch.id, index, sealed, job, error))
        await batches.add_items(session, rows)
        if not any(job for job, _ in entries):
            await self._ends.close(session, batch.id)


def _row(batch_id: UUID, index: int, file_name: bytes | None, job: Job | None, error: ItemError | None) -> BatchItem:
    return BatchItem(
        batch_id=batch_id,
        index=index,
        file_name=file_name,
        job_id=job.id if job is not None else None,
        error_code=error.code if error is not None else None,
        error_title=error.title if error is not None else None,
        error_detail=error.detail if error is not None else None,
    )


def _reason(error: ApplicationError) -> ItemError:
    return ItemError(error.code, error.title, error.detail)
