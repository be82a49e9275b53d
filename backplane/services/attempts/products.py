"""The files that an attempt makes, stored under keys of that attempt.

The rows that name the objects are written when the job ends. Until then nobody can reach them; if the attempt is lost,
the sweeper collects them.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping

from backplane import ids
from backplane.blobs import S3Blobs, nothing
from backplane.db.models import Blob
from backplane.db.work import JobWork
from backplane.kinds import EXPORTED, RESULT
from backplane.services.attempts.inputs import MATERIAL
from backplane.services.attempts.outcomes import MEDIA_TYPES
from backplane.services.sealing.envelopes import kept_sealer, seal_blob, seal_kept_blob
from backplane.vault import LocalVault, VaultKey

Data = bytes | bytearray | memoryview
SEALED = "application/octet-stream"


class Products:
    def __init__(self, store: S3Blobs, vault: LocalVault) -> None:
        self._store = store
        self._vault = vault

    async def keep_encrypted(
        self, job: JobWork, png: Data, material: Data | None = None, *, progress: Callable[[int, int], None] = nothing
    ) -> list[Blob]:
        """Store the encrypted image, and its material if it has any."""
        made = [_blob(job, RESULT, "image/png", len(png))]
        await self._store.put(made[0].object_key, png, media_type=made[0].media_type, progress=progress)
        if material is not None:
            made.append(_blob(job, MATERIAL, "application/octet-stream", len(material)))
            await self._store.put(made[1].object_key, material, media_type=made[1].media_type)
        return made

    async def keep_decrypted(
        self,
        job: JobWork,
        data: Data,
        *,
        media_type: str,
        file_name: str | None,
        progress: Callable[[int, int], None] = nothing,
    ) -> list[Blob]:
        """Store the picture, sealed under the day's transit key."""
        blob = _blob(job, RESULT, media_type, len(data))
        body = await seal_blob(self._vault, job, blob, data, file_name=file_name)
        await self._store.put(blob.object_key, body, media_type=SEALED, progress=progress)
        return [blob]

    async def keep_documents(self, job: JobWork, account_key: VaultKey, documents: Mapping[str, bytes]) -> list[Blob]:
        """Store documents that are kept with the job, sealed under the account's key."""
        made = []
        for purpose, document in documents.items():
            blob = _blob(job, purpose, MEDIA_TYPES[purpose], len(document))
            body = await seal_kept_blob(account_key, job, blob, document)
            await self._store.put(blob.object_key, body, media_type=SEALED)
            made.append(blob)
        return made

    async def keep_archive(self, job: JobWork, account_key: VaultKey, pieces: AsyncIterable[bytes]) -> Blob:
        """Store a zip of any size while it is made, sealed under the account's key."""
        blob = _blob(job, EXPORTED, "application/zip", 0)
        sealer = kept_sealer(account_key, job, blob)

        async def sealed() -> AsyncIterator[bytes]:
            async for piece in pieces:
                yield sealer.seal(piece)
            yield sealer.end()

        await self._store.put_pieces(blob.object_key, sealed(), media_type=SEALED)
        blob.size = sealer.size
        return blob

    async def discard(self, job: JobWork) -> None:
        """Delete everything that this attempt has stored so far."""
        await self._store.delete_under(_place(job))


def _place(job: JobWork) -> str:
    return f"results/{job.id.hex}/{job.fencing_token}/"


def _blob(job: JobWork, purpose: str, media_type: str, size: int) -> Blob:
    blob_id = ids.new()
    return Blob(
        id=blob_id,
        job_id=job.id,
        purpose=purpose,
        object_key=_place(job) + blob_id.hex,
        size=size,
        media_type=media_type,
    )
