"""The second step of an erasure: objects, and then the rows that name them, a group at a time."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from backplane import failpoints
from backplane.blobs import S3Blobs
from backplane.db.repositories import blobs, erased
from backplane.db.session import Database
from backplane.errors import Unavailable
from backplane.services.upkeep.sweeper import COLLECTED

JOBS_AT_ONCE: Final = 100
ROWS_AT_ONCE: Final = 1000
LISTS_AT_ONCE: Final = 8
"""As many as the store has connections."""


class Removal:
    def __init__(self, database: Database, store: S3Blobs) -> None:
        self._database = database
        self._store = store

    async def end_jobs(self, account_id: UUID) -> bool:
        """Ask the workers to stop; return whether none works for the account any more.

        A waiting job is not ended, only removed: without a key it cannot begin.
        """
        async with self._database.transaction() as session:
            running = await erased.cancel_running(session, account_id)
        failpoints.reach("erasure.jobs_ended")
        return running == 0

    async def remove_jobs(self, account_id: UUID) -> bool:
        """Delete the account's jobs with their objects; return whether none is left, that a worker has just claimed.

        Raises:
            Unavailable: the store refuses, or a backup is being made that still needs the objects.
        """
        while True:
            async with self._database.transaction() as session:
                if not await blobs.may_delete(session):
                    raise Unavailable("A backup is being made: objects are deleted afterwards")
                jobs = await erased.some_jobs(session, account_id, limit=JOBS_AT_ONCE)
                keys = await erased.object_keys(session, jobs)
                left = not jobs and await erased.any_job(session, account_id)
            if not jobs:
                return not left
            await self._delete_objects(jobs, keys)
            failpoints.reach("erasure.objects_deleted")
            async with self._database.transaction() as session:
                await erased.remove_jobs(session, jobs)
            failpoints.reach("erasure.jobs_removed")

    async def remove_rows(self, account_id: UUID) -> None:
        """Delete the account's rows in tables that may have many."""
        for table in erased.OWNED:
            found = ROWS_AT_ONCE
            while found == ROWS_AT_ONCE:
                async with self._database.transaction() as session:
                    found = await erased.remove_some(session, table, account_id, limit=ROWS_AT_ONCE)
        failpoints.reach("erasure.rows_removed")

    async def _delete_objects(self, jobs: Sequence[UUID], keys: Sequence[str]) -> None:
        """Delete the objects that rows name, and those that lost attempts have left."""
        if await self._store.delete_all(keys):
            raise Unavailable("The object store would not delete all objects")
        limit = asyncio.Semaphore(LISTS_AT_ONCE)

        async def clear(prefix: str) -> None:
            async with limit:
                await self._store.delete_under(prefix)

        await asyncio.gather(*(clear(place + job_id.hex) for job_id in jobs for place in COLLECTED))
