"""Backups of a running installation: a snapshot of the database, and then every object that it names.

Objects are written before the rows that name them, so every object that the snapshot names exists. Deletions are
blocked while the backup runs, so it still exists when it is copied. docs/decisions/0026 has the order and its reasons.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from backplane.blobs import S3Blobs
from backplane.db.repositories import blobs, dumps
from backplane.db.session import REVISION, Database, Session
from backplane.errors import Gone
from backplane.services.audit import trail
from backplane.services.backups.archives import (
    KEYS,
    OBJECTS,
    BackupUnfit,
    Draft,
    Entry,
    ListPart,
    Manifest,
    NeededKey,
    TablePart,
    described,
    drafted,
    now,
)
from backplane.services.requests.caller import Caller
from shield_core import __version__

T = TypeVar("T")
AT_ONCE = 4
"""Objects that are copied at the same time: half of the store's connections, and enough for a gigabit link."""

HOLD_TRIES, HOLD_PAUSE_SECONDS = 50, 0.1
WANTED = "objects.wanted"
"""The objects that the snapshot names; this list is deleted after the copy."""

ProgressCallback = Callable[[str, int, int], None]
"""Called with the current step, the work done and the total work."""


class Backups:
    def __init__(self, database: Database, store: S3Blobs) -> None:
        self._database = database
        self._store = store

    async def make(self, caller: Caller, path: Path, progress: ProgressCallback) -> Manifest:
        """Write a complete backup to a new directory, and an entry in the audit trail of the running database.

        Raises:
            BackupUnfit: the database is not ours, another backup is being made, or there is no room.
            Unavailable: database or store became unavailable; nothing is left behind.
        """
        with drafted(path) as draft:
            async with self._deletions_held():
                snapshot = await self._copy_rows(draft, progress)
                copied = await self._copy_objects(draft, progress, snapshot.pop("wanted"))
            (draft.path / WANTED).unlink()
            manifest = Manifest(product=__version__, made_at=now(), **snapshot, **copied)
            draft.seal(manifest)
            # The draft gets its name after this: there is no complete backup without an entry.
            # The trail of an earlier release may lack columns; a backup before an upgrade must work all the same.
            if manifest.revision >= REVISION:
                await self._record(caller, manifest)
        return manifest

    async def _record(self, caller: Caller, manifest: Manifest) -> None:
        # Not its path: it may name a person, and entries are never erased.
        details = {"made_at": manifest.made_at.isoformat(), **manifest.counts, "lost": len(manifest.lost)}
        async with self._database.transaction() as session:
            trail.record(session, caller, "backup.made", details=details)

    @asynccontextmanager
    async def _deletions_held(self) -> AsyncIterator[None]:
        async with self._database.transaction() as session:
            for _ in range(HOLD_TRIES):
                if await blobs.hold_deletions(session):
                    yield
                    return
                await asyncio.sleep(HOLD_PAUSE_SECONDS)  # a deletion is in progress, for milliseconds
        raise BackupUnfit("backup-running", "Another backup is being made", "wait for it, or end it")

    async def _copy_rows(self, draft: Draft, progress: ProgressCallback) -> dict[str, Any]:
        """Write everything that must belong to one snapshot."""
        async with self._database.transaction() as session:
            await dumps.begin_snapshot(session)
            revision = await dumps.revision(session)
            if revision is None:
                raise BackupUnfit("database-empty", "The database has no tables of ours", "is it the right one?")
            tables = await dumps.tables(session)
            parts = []
            for number, table in enumerate(tables):
                progress("tables", number, len(tables))
                parts.append(await _copy_table(session, draft, table))
            keys = await _list_keys(session, draft)
            with draft.file(WANTED) as wanted:
                async for one in dumps.objects(session):
                    wanted.add(Entry(id=one.id, key=one.key, media_type=one.media_type, passing=one.passing))
        return {"revision": revision, "tables": tuple(parts), "keys": keys, "wanted": wanted.count}

    async def _copy_objects(self, draft: Draft, progress: ProgressCallback, total: int) -> dict[str, Any]:
        copied = passing = done = 0
        lost: list[str] = []
        with draft.file(OBJECTS) as entries:

            async def copy(line: bytes) -> None:
                nonlocal copied, passing, done
                entry = await self._copy_object(draft, Entry.model_validate_json(line))
                entries.add(entry)
                done += 1
                progress("objects", done, total)
                if entry.bytes is not None:
                    copied += entry.bytes
                elif entry.passing:
                    passing += 1
                else:
                    lost.append(entry.key)

            with (draft.path / WANTED).open("rb") as wanted:
                await for_each(wanted, copy)
        part = ListPart(count=entries.count, bytes=entries.bytes, sha256=entries.sha256)
        return {"objects": part, "object_bytes": copied, "passing": passing, "lost": tuple(lost)}

    async def _copy_object(self, draft: Draft, entry: Entry) -> Entry:
        try:
            pieces = await self._store.stream(entry.key)
        except Gone:
            return entry
        async with aclosing(pieces):
            with draft.file(entry.file) as file:
                async for piece in pieces:
                    file.write(piece)
        return entry.model_copy(update=described(file))


async def _copy_table(session: Session, draft: Draft, table: dumps.Table) -> TablePart:
    with draft.table(table.name) as file:

        async def write(piece: bytes) -> None:
            file.write(piece)

        rows = await dumps.copy_out(session, table, write)
    return TablePart(name=table.name, columns=table.columns, rows=rows, bytes=file.bytes, sha256=file.sha256)


async def _list_keys(session: Session, draft: Draft) -> ListPart:
    with draft.file(KEYS) as keys:
        async for account_id, key_id, version in dumps.account_keys(session):
            keys.add(NeededKey(kind="account", id=key_id, account_id=account_id, version=version))
        for key_id in await dumps.transit_keys(session):
            keys.add(NeededKey(kind="transit", id=key_id))
    return ListPart(count=keys.count, bytes=keys.bytes, sha256=keys.sha256)


async def for_each(items: Iterable[T], act: Callable[[T], Awaitable[None]]) -> None:
    """Call `act` for every item, a few at a time; the first failure ends all."""
    left = iter(items)

    async def work() -> None:
        for item in left:
            await act(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
