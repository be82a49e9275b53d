"""Results of jobs: finding them, opening them, and how long a decrypted picture stays."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.blobs import PIECE, S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import blobs, jobs
from backplane.db.session import Database
from backplane.errors import Gone, NotFound
from backplane.kinds import KINDS, RESULT
from backplane.services.attempts.inputs import MATERIAL
from backplane.services.audit import trail
from backplane.services.jobs.views import require_completed
from backplane.services.requests.caller import Caller
from backplane.services.sealing.envelopes import open_blob, open_seal
from backplane.vault import LocalVault

TAKEN_SECONDS = 60
"""How long a decrypted picture stays after all of it has arrived: a proxy may have it, and its client not yet."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a job made, as its row describes it. Nothing is opened yet, and nothing is spent."""

    job: Job = field(repr=False)
    blob: Blob = field(repr=False)
    file_name: str
    action: str | None = None
    """What the audit log calls it when it leaves; None where that is not written down."""
    details: Mapping[str, Any] | None = None

    @property
    def size(self) -> int:
        return self.blob.size

    @property
    def media_type(self) -> str:
        return self.blob.media_type

    @property
    def etag(self) -> str:
        """Names these bytes and tells nothing of them: an object is written once, under an id of its own."""
        return self.blob.id.hex

    @property
    def plaintext(self) -> bool:
        """Whether it is a decrypted picture, which goes soon after it has arrived."""
        return KINDS[self.job.kind].result_is_plaintext


class Results:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def find(self, caller: Caller, job_id: UUID) -> StoredFile:
        """Find the encrypted image of an encrypt job, the picture of a decrypt job, or what the job measured."""
        async with self._database.reading() as session:
            job = require_completed(await jobs.of_account(session, caller.account_id, job_id))
            kind = KINDS[job.kind]
            blob = await blobs.of_job(session, job_id, kind.result)
        if blob is None or _is_over(blob):
            raise Gone
        name = ids.to_wire("job", job.id) + kind.result_suffix
        if blob.sealed is not None:
            name = open_seal(self._vault, job, blob)[1] or name
        return StoredFile(job, blob, name, "result.downloaded")

    async def find_material(self, caller: Caller, job_id: UUID) -> StoredFile:
        """Find the material file of an encrypt job; without one it is not there."""
        async with self._database.reading() as session:
            job = require_completed(await jobs.of_account(session, caller.account_id, job_id))
            blob = await blobs.of_job(session, job_id, MATERIAL)
        if blob is None:
            raise NotFound("This job made no material file")
        if _is_over(blob):
            raise Gone
        return StoredFile(job, blob, ids.to_wire("job", job.id) + ".enc.qmat", "material.downloaded")

    async def open(
        self, caller: Caller, file: StoredFile, part: tuple[int, int] | None = None
    ) -> AsyncIterator[bytes | memoryview]:
        """Open a file, or the bytes of it from a place on and before another, and write down that it leaves."""
        if file.action is not None:
            async with self._database.transaction() as session:
                trail.record(session, caller, file.action, file.job.id, details=file.details)
        if file.blob.sealed is None:
            return await self._store.stream(file.blob.object_key, part)
        return _pieces((await open_blob(self._vault, self._store, file.job, file.blob, part))[0])

    async def note_taken(self, file: StoredFile, start: int, stop: int) -> None:
        """Shorten the life of a decrypted picture, once all of its bytes have arrived in one or several parts."""
        async with self._database.transaction() as session:
            if await blobs.note_taken(session, file.blob.id, start, stop):
                await blobs.expire(session, file.job.id, RESULT, seconds=TAKEN_SECONDS)
                await jobs.expire_with_result(session, file.job.id, seconds=TAKEN_SECONDS)


def _is_over(blob: Blob) -> bool:
    """Tell whether it is deleted, or due: how soon the sweeper comes must not be seen."""
    due = blob.delete_after is not None and blob.delete_after <= datetime.now(UTC)
    return due or blob.deleted_at is not None


async def _pieces(data: bytearray) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for at in range(0, len(view), PIECE):
        yield view[at : at + PIECE]
