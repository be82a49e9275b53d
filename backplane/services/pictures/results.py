"""Results of jobs: find and open them, and limit the life of decrypted pictures."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.actions import Action
from backplane.blobs import PIECE, S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import blobs, jobs
from backplane.db.session import Database
from backplane.errors import Gone, InsufficientScope, NotFound
from backplane.kinds import EXPORTED, KINDS, RESULT
from backplane.services.attempts.inputs import MATERIAL
from backplane.services.audit import trail
from backplane.services.jobs.views import require_completed
from backplane.services.requests.caller import Caller
from backplane.services.sealing.envelopes import open_blob, open_in_parts, open_seal
from backplane.vault import LocalVault

RESULT_SCOPE = "results:read"
"""The permission that every caller has who may fetch results at all."""

TAKEN_SECONDS = 60
"""How long a decrypted picture stays after its download: a proxy may have it before its client does."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a job made, as its row describes it. It is not opened yet."""

    job: Job = field(repr=False)
    blob: Blob = field(repr=False)
    file_name: str
    action: Action | None = None
    """The audit action for its download; None if downloads are not audited."""
    details: Mapping[str, Any] | None = None

    @property
    def size(self) -> int:
        return self.blob.size

    @property
    def media_type(self) -> str:
        return self.blob.media_type

    @property
    def etag(self) -> str:
        """Identify these bytes without revealing them: an object is written once, under its own id."""
        return self.blob.id.hex

    @property
    def plaintext(self) -> bool:
        """Whether it is a decrypted picture, which is deleted soon after its download."""
        return KINDS[self.job.kind].result_is_plaintext


class Results:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def find(self, caller: Caller, job_id: UUID) -> StoredFile:
        """Find the encrypted image of an encrypt job, the picture of a decrypt job, or the measurement of a job."""
        async with self._database.reading() as session:
            job = require_completed(await jobs.of_account(session, caller.account_id, job_id))
            kind = KINDS[job.kind]
            _demand(caller, kind.result_scope)
            blob = await blobs.of_job(session, job_id, kind.result)
        if blob is None or _is_over(blob):
            raise Gone
        name = ids.to_wire("job", job.id) + kind.result_suffix
        if blob.sealed is not None:
            name = open_seal(self._vault, job, blob)[1] or name
        return StoredFile(job, blob, name, "result.downloaded")

    async def find_material(self, caller: Caller, job_id: UUID) -> StoredFile:
        """Find the material file of an encrypt job; raise NotFound without one."""
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
        """Open a file, or the byte range `part` of it, and audit the download."""
        if file.action is not None:
            async with self._database.transaction() as session:
                trail.record(session, caller, file.action, file.job.id, details=file.details)
        if file.blob.sealed is None:
            return await self._store.stream(file.blob.object_key, part)
        if file.blob.purpose == EXPORTED:
            return open_in_parts(self._vault, self._store, file.job, file.blob, part or (0, file.size))
        return _pieces((await open_blob(self._vault, self._store, file.job, file.blob, part))[0])

    async def note_taken(self, file: StoredFile, start: int, stop: int) -> None:
        """Shorten the life of a decrypted picture once all of its bytes have arrived, in one or several parts."""
        async with self._database.transaction() as session:
            if await blobs.note_taken(session, file.blob.id, start, stop):
                await blobs.expire(session, file.job.id, RESULT, seconds=TAKEN_SECONDS)
                await jobs.expire_with_result(session, file.job.id, seconds=TAKEN_SECONDS)


def _demand(caller: Caller, scope: str) -> None:
    if scope != RESULT_SCOPE and scope not in caller.scopes:
        raise InsufficientScope(f"This result needs the permission {scope}; an API key never has it")


def _is_over(blob: Blob) -> bool:
    """Return whether the blob is deleted or due: the sweeper's timing must not show."""
    due = blob.delete_after is not None and blob.delete_after <= datetime.now(UTC)
    return due or blob.deleted_at is not None


async def _pieces(data: bytearray) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for at in range(0, len(view), PIECE):
        yield view[at : at + PIECE]
