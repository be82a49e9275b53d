"""Batches as their owners see them: pictures that came in one request, counted by what became of each."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backplane.db.models import Batch
from backplane.db.repositories import batches
from backplane.db.session import Database, ReadSession
from backplane.errors import NotFound
from backplane.services.batches.names import ItemNames
from backplane.services.requests.caller import Caller
from backplane.services.requests.notes import NO_NOTE, Note
from backplane.services.sealing.notes import NoteReader, search_terms
from backplane.vault import LocalVault
from shield_core.image.names import harmless_name


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items of a batch are in which state."""

    pending: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.processing + self.completed + self.failed + self.cancelled

    @property
    def status(self) -> str:
        """One word for all: what still runs, then what was stopped, then whether anything came of it."""
        if self.pending or self.processing:
            return "processing"
        if self.cancelled:
            return "cancelled"
        return "failed" if self.failed and not self.completed else "completed"

    @property
    def ended(self) -> bool:
        return self.status != "processing"

    def to_json(self) -> dict[str, int]:
        return {"total": self.total, **asdict(self)}


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why there is no encrypted picture; the detail only of what was refused at the door."""

    code: str
    title: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One picture of a batch; without a job it was refused at the door."""

    index: int
    file_name: str | None
    job_id: UUID | None
    status: str
    stage: str | None = None
    progress: int = 0
    event_seq: int = 0
    estimated_ms: int = 0
    key_id: UUID | None = None
    has_material: bool = False
    has_receipt: bool = False
    error: ItemError | None = None


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """A batch; of one in a list the items are not told."""

    id: UUID
    counts: Counts
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime | None
    note: Note
    items: tuple[ItemFacts, ...] = ()

    @property
    def status(self) -> str:
        return self.counts.status

    @property
    def estimated_ms(self) -> int:
        return max((item.estimated_ms for item in self.items if item.status in batches.UNFINISHED), default=0)


class Batches:
    def __init__(self, database: Database, vault: LocalVault) -> None:
        self._database = database
        self._vault = vault

    async def get(self, caller: Caller, batch_id: UUID) -> BatchFacts:
        async with self._database.reading() as session:
            batch = await batches.of_account(session, caller.account_id, batch_id)
            rows = await batches.items(session, batch_id) if batch is not None else []
        if batch is None:
            raise NotFound
        names = ItemNames(self._vault, account_id=caller.account_id, batch_id=batch_id)
        items = tuple(_item(row, names) for row in rows)
        note = NoteReader(self._vault, caller.account_id).read(batch)
        return _facts(batch, Counts(**Counter(item.status for item in items)), note, items)

    async def page(
        self, caller: Caller, *, limit: int, before: UUID | None = None, wanted: Note = NO_NOTE
    ) -> tuple[list[BatchFacts], bool]:
        """Return so many batches, newest first and without their items, and whether there are more.

        Every word of `wanted` stands in their notes.
        """
        async with self._database.reading() as session:
            terms = await search_terms(session, self._vault, caller.account_id, wanted)
            rows = await batches.page(session, caller.account_id, limit=limit + 1, before=before, terms=terms)
            counts = await counts_of(session, [row.id for row in rows])
        reader = NoteReader(self._vault, caller.account_id)
        return [_facts(row, counts[row.id], reader.read(row)) for row in rows[:limit]], len(rows) > limit

    async def job_ids(self, caller: Caller, batch_id: UUID) -> list[UUID]:
        async with self._database.reading() as session:
            if await batches.of_account(session, caller.account_id, batch_id) is None:
                raise NotFound
            return await batches.job_ids(session, batch_id)


async def counts_of(session: ReadSession, batch_ids: list[UUID]) -> dict[UUID, Counts]:
    found: dict[UUID, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    for batch_id, status, number in await batches.counts(session, batch_ids):
        found[batch_id][status] = number
    return {batch_id: Counts(**numbers) for batch_id, numbers in found.items()}


def _facts(batch: Batch, counts: Counts, note: Note, items: tuple[ItemFacts, ...] = ()) -> BatchFacts:
    return BatchFacts(
        id=batch.id,
        counts=counts,
        created_at=batch.created_at,
        completed_at=batch.completed_at,
        expires_at=batch.retained_until,
        note=note,
        items=items,
    )


def _item(row: Any, names: ItemNames) -> ItemFacts:
    item = row.BatchItem
    # Again: what an earlier version took for harmless is kept for as long as its batch.
    file_name = harmless_name(names.open(item.file_name, index=item.index))
    if item.job_id is None:
        error = ItemError(item.error_code, item.error_title, item.error_detail)
        return ItemFacts(item.index, file_name, None, "failed", error=error)
    return ItemFacts(
        index=item.index,
        file_name=file_name,
        job_id=item.job_id,
        status=row.status,
        stage=row.stage,
        progress=row.progress,
        event_seq=row.event_seq,
        estimated_ms=row.estimated_ms,
        key_id=row.key_id,
        has_material=row.status == "completed" and row.purity_served == "maximum",
        has_receipt=row.has_receipt,
        error=_job_error(row) if row.job_error_code is not None else None,
    )


def _job_error(row: Any) -> ItemError:
    return ItemError(row.job_error_code, row.job_error_title or "", row.job_error_detail)
