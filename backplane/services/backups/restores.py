"""Putting a backup back: into an empty database, and never over or in place of anything.

Objects go first and rows after them, as ever, so that a system that runs on the database meanwhile finds nothing that
leads nowhere.
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
from backplane.services.backups.archives import Archive, BackupUnfit, Entry, NeededKey, TablePart, damaged
from backplane.services.backups.snapshots import Told, for_each
from backplane.vault import LocalVault

MARKED_AT_ONCE = 1000


class Migrations(Protocol):
    """What brings a database from one revision to another."""

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


class Restores:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault, migrations: Migrations) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._migrations = migrations

    async def restore(self, archive: Archive, told: Told, *, without_keys: bool = False) -> Restored:
        """Load a backup that was verified; all of its rows or none.

        Raises:
            BackupUnfit: the database is not empty, keys are missing, or the rows do not fit.
            Unavailable: database or store went away. Objects may be there already, no row is; try again.
        """
        missing = await asyncio.to_thread(self.missing_keys, archive)
        if missing and not without_keys:
            raise _keys_missing(missing, archive.manifest.keys.count)
        await self._prepare(archive)
        await self._put_objects(archive, told)
        await self._load(archive, told)
        await self._migrations.upgrade("head")
        async with self._database.transaction() as session:
            waiting = await dumps.requeue_restored(session)
        absent = archive.manifest.passing + len(archive.manifest.lost)
        return Restored(
            rows=sum(table.rows for table in archive.manifest.tables),
            objects=archive.manifest.objects.count - absent,
            missing_objects=absent,
            waiting_jobs=waiting,
            missing_keys=len(missing),
        )

    def missing_keys(self, archive: Archive) -> list[NeededKey]:
        """List the keys that the backup needs and this vault does not have, or cannot open."""
        return [key for key in archive.needed_keys() if not self._has(key)]

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
        """Bring an empty database to the revision of the backup; refuse any other."""
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

    async def _put_objects(self, archive: Archive, told: Told) -> None:
        done, total = 0, archive.manifest.objects.count

        async def put(entry: Entry) -> None:
            nonlocal done
            if entry.bytes is not None:
                await self._put(entry, archive.path / entry.file)
            done += 1
            told("objects", done, total)

        await for_each(archive.objects(), put)

    async def _put(self, entry: Entry, path: Path) -> None:
        if not entry.bytes:
            await self._store.put(entry.key, b"", media_type=entry.media_type)
            return
        # Mapped, it is the page cache's memory and not ours, however large it is.
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        await self._store.put(entry.key, content, media_type=entry.media_type)

    async def _load(self, archive: Archive, told: Told) -> None:
        tables = archive.manifest.tables
        async with self._database.transaction() as session:
            await accounts.lock_registration(session)  # of a system that runs on this database
            await _refuse_rows(session)
            await dumps.set_form(session)
            for number, table in enumerate(tables):
                told("tables", number, len(tables))
                await _load_table(session, archive, table)
            await _mark_missing(session, archive)
            await dumps.advance_sequences(session)


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
    """Let rows whose objects were not there say so: their owners are told 410 and not to come back."""
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
    said = " and ".join(f"{count} {kind} key{'s' * (count > 1)}" for kind, count in counts.items() if count)
    detail = (
        f"the vault lacks {said} of the {total} keys that the backup needs: bring VAULT_DIRECTORY and VAULT_KEY_FILE "
        "of the system that it was made of, or go on without them with --without-keys"
    )
    return BackupUnfit("vault-keys-missing", "Keys of the vault are missing", detail)
