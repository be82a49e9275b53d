"""Cancel, retry and delete a whole batch: the actions of `jobs.steering` on each of its jobs.

Each job is locked and changed in its own transaction, so that nobody waits for a hundred locked jobs. A request that is
cut off can be repeated: it then does the rest.
"""

from uuid import UUID

from backplane.db.repositories import batches, jobs
from backplane.db.session import Database
from backplane.errors import (
    Gone,
    JobFinished,
    JobNotFinished,
    NotFound,
)
from backplane.errors.limits import QuotaExceeded
from backplane.services.audit import trail
from backplane.services.batches.views import Batches, BatchFacts
from backplane.services.jobs import steering
from backplane.services.jobs.steering import Steering
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission


class BatchSteering:
    def __init__(self, database: Database, steered: Steering, seen: Batches) -> None:
        self._database = database
        self._jobs = steered
        self._batches = seen

    async def cancel(self, caller: Caller, batch_id: UUID) -> BatchFacts:
        """Cancel the waiting jobs, and ask the workers to stop the others.

        Raises:
            JobFinished: all jobs have ended, and not all by cancellation.
        """
        unfinished = await self._find(caller, batch_id, batches.UNFINISHED)
        for job_id in unfinished:
            try:
                await self._jobs.cancel(caller, job_id)
            except (JobFinished, NotFound):
                continue  # it ended, or was deleted, in the meantime
        facts = await self._batches.get(caller, batch_id)
        if not unfinished and facts.status != "cancelled":
            raise JobFinished("Every job of this batch has ended: there is nothing left to cancel")
        return facts

    async def retry(self, caller: Caller, batch_id: UUID) -> BatchFacts:
        """Retry the failed jobs that can be retried; a picture that was refused on arrival must be sent again.

        Raises:
            JobFinished: no job of it has failed.
            JobNotFinished: no job has failed so far.
            Gone: the input of every failed job is deleted.
            QuotaExceeded: the account has used up what its tier has, and no job is retried.
        """
        failed = await self._find(caller, batch_id, ("failed",))
        retried = 0
        for job_id in failed:
            try:
                await self._jobs.retry(Submission(caller), job_id)
            except (Gone, JobFinished, JobNotFinished, NotFound):
                continue  # its input is gone, or somebody else has retried or deleted it
            except QuotaExceeded:
                if not retried:
                    raise
                break
            retried += 1
        facts = await self._batches.get(caller, batch_id)
        if failed and not retried and facts.counts.ended:
            raise Gone("What was sent for the failed jobs is no longer kept: send it again")
        if not failed and not facts.counts.ended:
            raise JobNotFinished("No job of this batch has failed so far")
        if not failed:
            raise JobFinished("No job of this batch has failed: a refused picture must be sent again")
        return facts

    async def delete(self, caller: Caller, batch_id: UUID) -> None:
        """Make the batch and its jobs invisible at once; the keys stay.

        Raises:
            JobNotFinished: some of its jobs have not ended.
        """
        async with self._database.transaction() as session:
            found = await batches.of_account(session, caller.account_id, batch_id)
            if found is None:
                raise NotFound
            # Jobs before their batch, in the order of their ids, as in all code that locks both.
            for job_id in sorted(await batches.job_ids(session, batch_id)):
                job = await jobs.lock(session, job_id, account_id=caller.account_id)
                if job is not None:
                    await steering.delete(session, caller, job)
            await batches.mark_deleted(session, found)
            trail.record(session, caller, "batch.delete", batch_id)

    async def _find(self, caller: Caller, batch_id: UUID, statuses: tuple[str, ...]) -> list[UUID]:
        async with self._database.reading() as session:
            if await batches.of_account(session, caller.account_id, batch_id) is None:
                raise NotFound
            return await batches.job_ids(session, batch_id, statuses=statuses)
