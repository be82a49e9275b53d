"""Restores of backups into an empty database: nothing is overwritten or replaced.

Objects are restored before rows, so that a system that already runs on the database finds no row without its object.
"""

import asyncio
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from backplane.blobs import S3Blobs
from backplane.db.repositories import accounts, blobs, dumps
from backplane.db.session import Database, Session
from backplane.errors import ApplicationError
from backplane.services.audit.published import PublishedCheckpoints
from backplane.services.audit.restores import AuditRestores
from backplane.services.backups.archives import Archive, BackupUnfit, Entry, NeededKey, TablePart, damaged
from backplane.services.backups.snapshots import ProgressCallback, for_each
from backplane.services.erasure.restored import erase_again
from backplane.vault import LocalVault

MARKED_AT_ONCE = 1000


class Migrations(Protocol):
    """The migrations that bring a database from one revision to another."""

    def knows(self, revision: str) -> bool: ...

    async def upgrade(self, revision: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    rows: int
    objects: int
    missing_objects: int
    waiting_jobs: int
    missing_keys: int
    erased_accounts: int
    """Accounts that were erased since the backup: they are erased again when the relay runs."""


class Restores:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault, migrations: Migrations) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._migrations = migrations

    async def restore(self, archive: Archive, progress: ProgressCallback, *, without_keys: bool = False) -> Restored:
        """Load a verified backup; all of its rows or none.

        Raises:
            BackupUnfit: the database is not empty, keys are missing, or the rows do not fit.
            Unavailable: database or store became unavailable. Some objects may exist already, but no row; try again.
        """
        missing = await asyncio.to_thread(self.missing_keys, archive)
        if missing and not without_keys:
            raise _keys_missing(missing, archive.manifest.keys.count)
        await self._prepare(archive)
        await self._put_objects(archive, progress)
        await self._load(archive, progress)
        await self._migrations.upgrade("head")
        await AuditRestores(self._database, PublishedCheckpoints(self._store)).note()
        async with self._database.transaction() as session:
            again = await erase_again(session, self._vault)
            waiting = await dumps.requeue_restored(session)
        absent = archive.manifest.passing + len(archive.manifest.lost)
        return Restored(
            rows=sum(table.rows for table in archive.manifest.tables),
            objects=archive.manifest.objects.count - absent,
            missing_objects=absent,
            waiting_jobs=waiting,
            missing_keys=len(missing),
            erased_accounts=again,
        )

    def missing_keys(self, archive: Archive) -> list[NeededKey]:
        """List the keys that the backup needs and that this vault lacks or cannot open; erased accounts need none."""
        return [key for key in archive.needed_keys() if not self._has(key) and not self._is_erased(key)]

    def _is_erased(self, key: NeededKey) -> bool:
        return key.account_id is not None and self._vault.is_erased(key.account_id)

    def _has(self, key: NeededKey) -> bool:
        try:
            if key.account_id is not None:
                self._vault.account_key(key.account_id, key.id, key.version)
            else:
                self._vault.transit_key(key.id)
        except ApplicationError:
            return False
        return True

    async def _prepare(self, archive: Archive) -> None:
        """Migrate an empty database to the revision of the backup; refuse any other database."""
        wanted = archive.manifest.revision
        if not self._migrations.knows(wanted):
            detail = f"it is at migration {wanted}: use the version that made it ({archive.manifest.product}), or later"
            raise BackupUnfit("backup-unknown", "This version does not read this backup", detail)
        async with self._database.transaction() as session:
            found = await dumps.revision(session)
            await _refuse_rows(session)
        if found is None:
            await self._migrations.upgrade(wanted)
        elif found != wanted:
            detail = f"it is at migration {found} and the backup at {wanted}: give an empty one, which is brought there"
            raise BackupUnfit("database-not-fit", "The database does not fit this backup", detail)

    async def _put_objects(self, archive: Archive, progress: ProgressCallback) -> None:
        done, total = 0, archive.manifest.objects.count

        async def put(entry: Entry) -> None:
            nonlocal done
            if entry.bytes is not None:
                await self._put(entry, archive.path / entry.file)
            done += 1
            progress("objects", done, total)

        await for_each(archive.objects(), put)

    async def _put(self, entry: Entry, path: Path) -> None:
        if not entry.bytes:
            await self._store.put(entry.key, b"", media_type=entry.media_type)
            return
        # A mapped file uses the page cache and not our memory, however large it is.
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        await self._store.put(entry.key, content, media_type=entry.media_type)

    async def _load(self, archive: Archive, progress: ProgressCallback) -> None:
        tables = archive.manifest.tables
        async with self._database.transaction() as session:
            await accounts.lock_registration(session)  # of a system that runs on this database
            await _refuse_rows(session)
            await dumps.set_form(session)
            await dumps.disable_triggers(session)
            for number, table in enumerate(tables):
                progress("tables", number, len(tables))
                await _load_table(session, archive, table)
            await _mark_missing(session, archive)
            await dumps.advance_sequences(session)
            await dumps.enable_triggers(session)


async def _load_table(session: Session, archive: Archive, table: TablePart) -> None:
    try:
        rows = await dumps.copy_in(session, dumps.Table(table.name, table.columns), archive.table(table.name))
    except dumps.Misfit as misfit:
        detail = f"table {table.name} refuses its rows ({misfit}); nothing was loaded"
        raise BackupUnfit("backup-misfit", "The rows do not fit the database", detail) from misfit
    if rows != table.rows or await dumps.count(session, table.name) != table.rows:
        raise damaged(f"tables/{table.name}.csv", f"gave {rows:,} rows in place of {table.rows:,}; nothing was loaded")


async def _refuse_rows(session: Session) -> None:
    full = await dumps.first_with_rows(session)
    if full is not None:
        detail = f"table {full} has rows; a restore goes into an empty database and deletes nothing"
        raise BackupUnfit("database-not-empty", "The database is not empty", detail)


async def _mark_missing(session: Session, archive: Archive) -> None:
    """Mark rows whose objects were missing: their owners get 410, and not an error that asks for a retry."""
    marked: list[UUID] = []
    for entry in archive.objects():
        if entry.bytes is None:
            marked.append(entry.id)
        if len(marked) == MARKED_AT_ONCE:
            await blobs.mark_deleted(session, marked)
            marked = []
    await blobs.mark_deleted(session, marked)


def _keys_missing(missing: list[NeededKey], total: int) -> BackupUnfit:
    counts = {kind: sum(key.kind == kind for key in missing) for kind in ("account", "transit")}
    found = " and ".join(f"{count} {kind} key{'s' * (count > 1)}" for kind, count in counts.items() if count)
    detail = (
        f"the vault lacks {found} of the {total} keys that the backup needs: bring VAULT_DIRECTORY and VAULT_KEY_FILE "
        "of the system that it was made of, or go on without them with --without-keys"
    )
    return BackupUnfit("vault-keys-missing", "Keys of the vault are missing", detail)
