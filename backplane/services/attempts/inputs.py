"""Inputs of jobs: a worker fetches them, and the sweeper deletes them once the job has ended."""

from uuid import UUID

from backplane import failpoints
from backplane.blobs import S3Blobs
from backplane.db.models import Blob
from backplane.db.repositories import blobs, keys
from backplane.db.session import Database, ReadSession
from backplane.db.work import JobWork
from backplane.errors import Gone
from backplane.services.sealing.envelopes import open_blob
from backplane.vault import LocalVault

INPUT = "input"
INPUT_MATERIAL = "input-material"
INPUT_ENCRYPTED = "input-encrypted"
"""The second picture of a comparison."""

MATERIAL = "material"
"""The `.qmat` file that an encrypt job made."""


DETACHED = "detached"
"""The option of a decrypt job whose picture was saved again: header and tag are those that are kept with the key."""


class Inputs:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def fetch(self, job: JobWork, purpose: str = INPUT) -> tuple[bytes | bytearray, str | None]:
        """Fetch a file of the job: its bytes and, for an original, its file name."""
        async with self._database.reading() as session:
            blob = await blobs.of_job(session, job.id, purpose)
        if blob is None or blob.deleted_at is not None:
            raise Gone
        fetched = await self._open(job, blob)
        failpoints.reach("worker.fetched")
        return fetched

    async def _open(self, job: JobWork, blob: Blob) -> tuple[bytes | bytearray, str | None]:
        if blob.sealed is None:
            return await self._store.get(blob.object_key), None
        return await open_blob(self._vault, self._store, job, blob)

    async def fetch_material(self, job: JobWork) -> bytes | None:
        """Fetch the material of the picture: the uploaded file, else the one that is kept with the key."""
        async with self._database.reading() as session:
            blob = await blobs.of_job(session, job.id, INPUT_MATERIAL)
            if blob is None and job.key_id is not None:
                blob = await kept_material(session, job.account_id, job.key_id)
        if blob is None or blob.deleted_at is not None:
            return None
        return await self._store.get(blob.object_key)

    async def fetch_header(self, job: JobWork) -> bytes | None:
        """Fetch header and tag for a picture that was saved again; None for any other, which has its own."""
        if job.key_id is None or not (job.options or {}).get(DETACHED):
            return None
        async with self._database.reading() as session:
            key = await keys.of_account(session, job.account_id, job.key_id)
        if key is None:
            raise Gone
        return key.image_header + key.image_tag


async def kept_material(session: ReadSession, account_id: UUID, key_id: UUID) -> Blob | None:
    """Find the material of a picture that this account encrypted."""
    key = await keys.of_account(session, account_id, key_id)
    return await blobs.of_job(session, key.job_id, MATERIAL) if key is not None and key.job_id is not None else None
