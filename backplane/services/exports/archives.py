"""The archive of an export: a zip that is written as it is sent, with a digest of each file at its end."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from backplane import failpoints, ids
from backplane.blobs import S3Blobs
from backplane.db.models import Account
from backplane.db.repositories import account_data, accounts
from backplane.db.session import Database
from backplane.db.work import JobWork
from backplane.errors import Gone
from backplane.services.audit.exports import Exports as AuditExports
from backplane.services.batches.packing import Piece, ZipStream
from backplane.services.exports.opening import Opening
from backplane.services.exports.readme import README
from backplane.services.exports.results import Results
from backplane.services.exports.subjects import OF_ACCOUNT, OF_USER, Subject
from backplane.services.requests.caller import Caller
from backplane.vault import LocalVault
from shield_core import __version__
from shield_core.quantum import receipt

MANIFEST: Final = "manifest.json"
Progress = Callable[[int, int], None]
"""Receives the bytes of pictures done and the bytes of all; it may raise, to end the work."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive; its size is None if it is not known before it is written."""

    name: str
    body: AsyncIterator[Piece]
    size: int | None = None


@dataclass(slots=True)
class Manifest:
    account_id: UUID
    files: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def encode(self) -> bytes:
        found = {
            "version": 1,
            "product": __version__,
            "account_id": ids.to_wire("acc", self.account_id),
            "made_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "files": self.files,
            "missing": self.missing,
        }
        return json.dumps(found, indent=1, ensure_ascii=False).encode()


class Archives:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault, audit: AuditExports) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._results = Results(database, store, vault)

    async def pieces(self, job: JobWork, progress: Progress) -> AsyncIterator[bytes]:
        """Yield the zip, a piece at a time.

        Raises:
            Gone: the account has been erased.
        """
        account = await self._account(job.account_id)
        zipped, manifest = ZipStream(), Manifest(account.id)
        yield zipped.add_whole("README.txt", README.encode())
        async for member in self._members(job, account, manifest, progress):
            digest = hashlib.sha256()
            async with aclosing(zipped.add(member.name, _hashed(member.body, digest), size=member.size)) as written:
                async for piece in written:
                    yield piece
            manifest.files.append({"name": member.name, "sha256": digest.hexdigest()})
            failpoints.reach("worker.exporting")
        yield zipped.add_whole(MANIFEST, manifest.encode())
        yield zipped.end()

    async def _account(self, account_id: UUID) -> Account:
        async with self._database.reading() as session:
            account = await accounts.by_id(session, account_id)
        if account is None:
            raise Gone
        return account

    async def _members(
        self, job: JobWork, account: Account, manifest: Manifest, progress: Progress
    ) -> AsyncIterator[Member]:
        opening = Opening(self._vault, account.id)
        for subject in (*OF_ACCOUNT, *(OF_USER if account.personal else ())):
            progress(0, 0)
            yield Member(f"{subject.file}.jsonl", self._lines(subject, account.id, opening))
        caller = Caller.system(account.id, request_id=job.request_id)
        yield Member("audit.jsonl", await self._audit.lines(caller))
        async for name, data in self._receipts(account.id):
            yield Member(name, _whole(data), len(data))
        async for name, size, body in self._results.all(account.id, manifest.missing, progress):
            yield Member(name, body, size)

    async def _lines(self, subject: Subject, owner_id: UUID, opening: Opening) -> AsyncIterator[bytes]:
        async for row in self._rows(subject, owner_id):
            yield json.dumps(subject.describe(opening, row), ensure_ascii=False).encode() + b"\n"

    async def _rows(self, subject: Subject, owner_id: UUID) -> AsyncIterator[Any]:
        after: tuple[Any, ...] | None = None
        while True:
            async with self._database.reading() as session:
                rows = await account_data.page(session, subject.source, owner_id, after)
            for row in rows:
                yield row
            if len(rows) < account_data.AT_ONCE:
                return
            after = account_data.key_of(rows[-1])

    async def _receipts(self, account_id: UUID) -> AsyncIterator[tuple[str, bytes]]:
        jobs = next(subject for subject in OF_ACCOUNT if subject.file == "jobs")
        async for job in self._rows(jobs, account_id):
            if job.receipt is not None:
                yield f"receipts/{ids.to_wire('job', job.id)}.receipt.json", receipt.encode(job.receipt)


async def _hashed(body: AsyncIterator[Piece], digest: Any) -> AsyncIterator[Piece]:
    async for piece in body:
        digest.update(piece)
        yield piece


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
