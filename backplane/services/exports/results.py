"""The stored results that go into an export: encrypted images with their material, and analyses."""

from collections.abc import AsyncIterator, Callable
from typing import Final
from uuid import UUID

from backplane import ids
from backplane.blobs import S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import account_data
from backplane.db.session import Database
from backplane.errors import Gone
from backplane.kinds import ANALYSIS, EXPORTED, KINDS, RESULT
from backplane.services.attempts.inputs import MATERIAL
from backplane.services.attempts.outcomes import REPORTS
from backplane.services.batches.packing import Piece
from backplane.services.sealing.envelopes import open_blob
from backplane.vault import LocalVault

ENDINGS: Final = {RESULT: ".enc.png", MATERIAL: ".enc.qmat"} | {
    purpose: f".report.{form}" for form, purpose in REPORTS.items()
}
PURPOSES: Final = (*ENDINGS, ANALYSIS)
EXPORTED_KINDS: Final = tuple(
    kind.name for kind in KINDS.values() if not kind.result_is_plaintext and kind.result != EXPORTED
)
"""Not decrypted pictures, and not other exports."""


class Results:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._vault = vault

    async def all(
        self, account_id: UUID, missing: list[str], progress: Callable[[int, int], None]
    ) -> AsyncIterator[tuple[str, int, AsyncIterator[Piece]]]:
        """Yield name, size and content of each; the names of those that were deleted meanwhile go into `missing`."""
        async with self._database.reading() as session:
            total = await account_data.bytes_of_results(session, account_id, PURPOSES, EXPORTED_KINDS)
        done = 0
        async for job, blob in self._rows(account_id):
            name = f"results/{ids.to_wire('job', job.id)}{_ending(job, blob)}"
            try:
                yield name, blob.size, await self._open(job, blob)
            except Gone:
                missing.append(name)
            done += blob.size
            progress(done, max(done, total))

    async def _rows(self, account_id: UUID) -> AsyncIterator[tuple[Job, Blob]]:
        after: UUID | None = None
        while True:
            async with self._database.reading() as session:
                rows = await account_data.results(session, account_id, PURPOSES, EXPORTED_KINDS, after)
            for row in rows:
                yield row
            if len(rows) < account_data.AT_ONCE:
                return
            after = rows[-1][1].id

    async def _open(self, job: Job, blob: Blob) -> AsyncIterator[Piece]:
        if blob.sealed is None:
            return await self._store.stream(blob.object_key)
        data, _ = await open_blob(self._vault, self._store, job, blob)
        return _whole(bytes(data))


def _ending(job: Job, blob: Blob) -> str:
    return KINDS[job.kind].result_suffix if blob.purpose == KINDS[job.kind].result else _ending_beside(blob)


def _ending_beside(blob: Blob) -> str:
    return ENDINGS.get(blob.purpose, ".analysis.json")


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
