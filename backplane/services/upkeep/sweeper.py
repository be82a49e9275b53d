"""The sweeper: it recovers jobs of silent workers, enqueues jobs with lost messages, and deletes what is due."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from backplane import ids
from backplane.blobs import S3Blobs
from backplane.db.repositories import (
    api_keys,
    batches,
    blobs,
    dead_letters,
    factor_resets,
    idempotency,
    invitations,
    jobs,
    known_devices,
    leases,
    login_sessions,
    one_time_tokens,
    refresh_tokens,
    revocations,
    usage,
)
from backplane.db.session import Database
from backplane.errors import POISON, Unavailable
from backplane.metrics import DEAD_LETTERS, SWEPT
from backplane.services.attempts.inputs import INPUT
from backplane.services.jobs import steering
from backplane.services.jobs.endings import Endings
from backplane.services.requests.caller import Caller
from backplane.vault import LocalVault

UNREFERENCED_AFTER = timedelta(hours=24)
COLLECTED = ("uploads/", "results/")
"""Prefixes of our objects; other objects in the bucket are left alone."""

UPLOAD_DAYS = 30
"""The key of an upload is destroyed after three days, unless its job is retried repeatedly: by then the upload is
useless."""
MARGIN_DAYS = 7
"""Retention counts from the job's end, and a relay may be down for a while."""

REVOCATION_SECONDS = 24 * 3600
"""Access tokens are valid for minutes; a gateway that could not read the database for hours still finds the rows."""

INVITATION_DAYS = 30
"""So long after its time an invitation still says why its link no longer works."""

DEVICE_DAYS = 400
"""A device that comes back after more than a year is a new one."""

BATCH = 1000
"""The store deletes at most so many objects at once."""

log = structlog.get_logger()


class Sweeper:
    def __init__(
        self, database: Database, store: S3Blobs, vault: LocalVault, endings: Endings, *, usage_days: int
    ) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._endings = endings
        self._usage_days = usage_days

    async def recover_jobs(self) -> None:
        await self.end_silent_jobs()
        await self.reclaim_jobs()
        await self.requeue_unclaimed_jobs()

    async def end_silent_jobs(self) -> None:
        """End the jobs of silent workers that get no other attempt, each separately: one must not delay the others."""
        async with self._database.transaction() as session:
            found = await leases.ending_silently(session)
        for job_id in found:
            try:
                await self._end_silent_job(job_id)
            except Exception:
                log.exception("sweeper.job_not_ended", job_id=ids.to_wire("job", job_id))

    async def count_dead_letters(self) -> None:
        """Measure how many jobs were given up and not retried; an alert uses this metric."""
        async with self._database.transaction() as session:
            DEAD_LETTERS.set(await dead_letters.count(session))

    async def reclaim_jobs(self) -> None:
        """Put the jobs of silent workers back into the queue."""
        async with self._database.transaction() as session:
            reclaimed = await leases.reclaim_expired(session)
        SWEPT.labels(what="lease").inc(len(reclaimed))

    async def requeue_unclaimed_jobs(self) -> None:
        """Enqueue jobs again that no worker claimed: the queue may have lost the first message."""
        async with self._database.transaction() as session:
            unclaimed = await leases.requeue_unclaimed(session)
        SWEPT.labels(what="unheard").inc(len(unclaimed))

    async def _end_silent_job(self, job_id: UUID) -> None:
        async with self._database.transaction() as session:
            job = await leases.lock_silent(session, job_id)
            if job is None:
                return
            if job.cancel_requested_at is not None:
                event = await self._endings.cancel(session, job)
            else:
                event = await self._endings.fail(session, job, code=POISON.code, title=POISON.title)
        if event is not None:
            SWEPT.labels(what="poison" if event.type == "error" else "cancelled").inc()
            await self._endings.notify(event)

    async def delete_due_objects(self) -> None:
        """Delete due objects, each before its row is updated: a row that says "deleted" is never wrong.

        Raises:
            ApplicationError: the store or the database is not available; the rest is still due at the next sweep.
        """
        while await self._delete_some_due_objects():
            pass

    async def delete_outlived_jobs(self) -> None:
        """Delete jobs whose retention is over, and remove deleted ones whose objects are gone."""
        async with self._database.transaction() as session:
            outlived = await jobs.outlived(session)
            for job in outlived:
                await steering.delete(session, Caller.system(), job, action="job.expire")
        async with self._database.transaction() as session:
            removed = await jobs.remove_deleted(session)
            emptied = await batches.remove_outlived(session)
        SWEPT.labels(what="expired").inc(len(outlived))
        SWEPT.labels(what="job").inc(removed)
        SWEPT.labels(what="batch").inc(emptied)

    async def renew_store_rules(self) -> None:
        """Let the store itself delete leftovers, later than any job's retention; kept objects are never deleted."""
        async with self._database.transaction() as session:
            days = await jobs.longest_retention_days(session)
        results = {} if days is None else {"results/": days + MARGIN_DAYS}
        await self._store.expire_after({"uploads/": UPLOAD_DAYS} | results)

    async def forget_expired(self) -> None:
        """Delete expired rows that nobody reads any more."""
        async with self._database.transaction() as session:
            await refresh_tokens.delete_expired(session)
            await api_keys.delete_ended(session)
            await one_time_tokens.delete_old(session)
            await factor_resets.delete_expired(session)
            expired = await idempotency.delete_expired(session)
            outlived = await usage.delete_old(session, days=self._usage_days)
        SWEPT.labels(what="usage_entry").inc(outlived)
        SWEPT.labels(what="idempotency_key").inc(expired)

    async def forget_login_sessions(self) -> None:
        """Delete login sessions that have expired, and revocations that no valid access token is older than."""
        async with self._database.transaction() as session:
            await login_sessions.delete_ended(session)
            await revocations.delete_older(session, seconds=REVOCATION_SECONDS)
            await known_devices.delete_older(session, days=DEVICE_DAYS)

    async def forget_registrations(self) -> None:
        """Erase registrations and changes of address that nobody confirmed, as soon as their link has expired."""
        async with self._database.transaction() as session:
            await one_time_tokens.erase_contents(session)

    async def forget_invitations(self) -> None:
        """Delete invitations whose time was over long ago."""
        async with self._database.transaction() as session:
            await invitations.delete_old(session, days=INVITATION_DAYS)

    async def collect_unreferenced(self) -> None:
        """Delete old objects that no row names: uploads whose commit failed, results of lost attempts."""
        before = datetime.now(UTC) - UNREFERENCED_AFTER
        async for written in self._store.written_before(before, under=COLLECTED):
            async with self._database.transaction() as session:
                kept = await blobs.known(session, written)
                busy = await leases.unfinished(session, {job for key in written if (job := _job_of(key)) is not None})
            unreferenced = [key for key in written if key not in kept and _job_of(key) not in busy]
            refused = await self._store.delete_all(unreferenced)
            SWEPT.labels(what="unreferenced").inc(len(unreferenced) - len(refused))
        for place in COLLECTED:
            SWEPT.labels(what="upload").inc(await self._store.abort_uploads(under=place, before=before))

    async def _delete_some_due_objects(self) -> bool:
        """Delete one batch; return False if it was the last one, or if one of its objects could not be deleted."""
        async with self._database.transaction() as session:
            due = await blobs.due(session, limit=BATCH)
        refused = await self._store.delete_all([blob.object_key for blob in due])
        deleted = [blob for blob in due if blob.object_key not in refused]
        if deleted:
            async with self._database.transaction() as session:
                await blobs.mark_deleted(session, [blob.id for blob in deleted])
                inputs = {blob.job_id for blob in deleted if blob.purpose.startswith(INPUT)}
                await jobs.forget_secrets(session, inputs)
        SWEPT.labels(what="object").inc(len(deleted))
        if refused:
            raise Unavailable(f"The object store would not delete {len(refused)} objects")
        return len(due) == BATCH

    def destroy_expired_keys(self) -> None:
        SWEPT.labels(what="transit_key").inc(self._vault.destroy_expired_transit_keys())


def _job_of(object_key: str) -> UUID | None:
    """Read the job from `uploads/{job}/…` or `results/{job}/…`."""
    with suppress(ValueError):
        return UUID(object_key.split("/")[1])
    return None
