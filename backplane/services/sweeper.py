"""What makes the system true again by itself: silent workers, lost doorbells, and objects whose time is over."""

from datetime import UTC, datetime, timedelta

from backplane.blobs import S3Blobs
from backplane.bus import RedisBus
from backplane.db.repositories import accounts, blobs, idempotency, leases
from backplane.db.session import Database
from backplane.errors import POISON
from backplane.metrics import SWEPT
from backplane.services import endings
from backplane.vault import LocalVault

UNREFERENCED_AFTER = timedelta(hours=24)


class Sweeper:
    def __init__(self, database: Database, store: S3Blobs, bus: RedisBus, vault: LocalVault) -> None:
        self._database = database
        self._store = store
        self._bus = bus
        self._vault = vault

    async def recover_jobs(self) -> None:
        """Put jobs of silent workers back, end those that wear workers out, ring again for those nobody took."""
        async with self._database.transaction() as session:
            worn_out = await leases.worn_out(session)
            events = [await endings.fail(session, job, code=POISON.code, title=POISON.title) for job in worn_out]
            reclaimed = await leases.reclaim_expired(session)
            unheard = await leases.ring_unheard(session)
        SWEPT.labels(what="poison").inc(len(worn_out))
        SWEPT.labels(what="lease").inc(len(reclaimed))
        SWEPT.labels(what="unheard").inc(len(unheard))
        for event in events:
            if event is not None:
                await endings.ring(self._bus, event)

    async def delete_due_objects(self) -> None:
        """Delete what is due, the object before its row: a row that says "deleted" is never wrong."""
        async with self._database.transaction() as session:
            due = await blobs.due(session)
        for blob in due:
            await self._store.delete(blob.object_key)
        async with self._database.transaction() as session:
            await blobs.mark_deleted(session, [blob.id for blob in due])
            await accounts.delete_expired_refresh_tokens(session)
            expired = await idempotency.delete_expired(session)
        SWEPT.labels(what="idempotency_key").inc(expired)
        SWEPT.labels(what="object").inc(len(due))

    async def collect_unreferenced(self) -> None:
        """Delete objects that no row names: uploads whose commit failed, results of attempts that lost."""
        written = await self._store.written_before(datetime.now(UTC) - UNREFERENCED_AFTER)
        async with self._database.transaction() as session:
            known = await blobs.known(session, written)
        for object_key in set(written) - known:
            await self._store.delete(object_key)
            SWEPT.labels(what="unreferenced").inc()

    def destroy_expired_keys(self) -> None:
        SWEPT.labels(what="transit_key").inc(self._vault.destroy_expired_transit_keys())
