"""Views of jobs, for their owners."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backplane.db.models import Job
from backplane.db.repositories import jobs
from backplane.db.session import Database
from backplane.errors import JobFailed, JobNotFinished, NotFound
from backplane.services.requests.caller import Caller
from backplane.services.requests.notes import NO_NOTE, Note
from backplane.services.sealing.notes import NoteReader, search_terms
from backplane.vault import LocalVault
from shield_core.quantum import receipt

ENDED = frozenset({"completed", "failed", "cancelled"})
CANCELLED = "The job was cancelled: it has made nothing"


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job without internal fields."""

    id: UUID
    batch_id: UUID | None
    kind: str
    status: str
    stage: str
    progress: int
    event_seq: int
    estimated_ms: int
    purity_requested: str | None
    purity_served: str | None
    purity_reason: str | None
    layout: str | None
    layout_reason: str | None
    regions: list[dict[str, int]] | None
    share_encrypted: float | None
    key_id: UUID | None
    key_custody: str | None
    image: dict[str, Any] | None
    warnings: list[str]
    metrics: dict[str, Any] | None
    has_receipt: bool
    analysis_version: int | None
    error_code: str | None
    error_title: str | None
    error_detail: str | None
    attempts: int
    retries: int
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime | None
    note: Note
    """Empty if it was not opened: only the owner may see it."""

    @classmethod
    def of(cls, job: Job, note: Note = NO_NOTE) -> "JobFacts":
        derived = {
            "has_receipt": job.receipt is not None,
            "cancel_requested": job.cancel_requested_at is not None,
            "note": note,
        }
        same = {name: getattr(job, name) for name in cls.__slots__ if name not in derived}
        return cls(**same | derived)

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Jobs:
    def __init__(self, database: Database, vault: LocalVault) -> None:
        self._database = database
        self._vault = vault

    async def get(self, caller: Caller, job_id: UUID) -> JobFacts:
        async with self._database.reading() as session:
            job = await jobs.of_account(session, caller.account_id, job_id)
        if job is None:
            raise NotFound
        return JobFacts.of(job, NoteReader(self._vault, caller.account_id).read(job))

    async def page(
        self,
        caller: Caller,
        *,
        limit: int,
        before: UUID | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        beginning: str | None = None,
        wanted: Note = NO_NOTE,
        **same: str | None,
    ) -> tuple[list[JobFacts], bool]:
        """Return up to `limit` jobs, newest first, and whether there are more.

        `beginning` is a prefix of the hexadecimal digits of their ids; their notes contain every term of `wanted`;
        `same` maps columns to values.
        """
        async with self._database.reading() as session:
            terms = await search_terms(session, self._vault, caller.account_id, wanted)
            rows = await jobs.page(
                session,
                caller.account_id,
                limit=limit + 1,
                before=before,
                created_after=created_after,
                created_before=created_before,
                between=_range(beginning) if beginning is not None else None,
                terms=terms,
                **same,
            )
        reader = NoteReader(self._vault, caller.account_id)
        return [JobFacts.of(row, reader.read(row)) for row in rows[:limit]], len(rows) > limit

    async def receipt(self, caller: Caller, job_id: UUID) -> bytes:
        """Return the receipt in its canonical form, independent of the database's order of fields."""
        async with self._database.reading() as session:
            job = await jobs.of_account(session, caller.account_id, job_id)
        if job is None or job.receipt is None:
            raise NotFound
        return receipt.encode(job.receipt)


def require_completed(job: Job | None) -> Job:
    """Return the job.

    Raises:
        NotFound: there is none.
        JobNotFinished: it waits or is being processed.
        JobFailed: it failed or was cancelled.
    """
    if job is None:
        raise NotFound
    if job.status not in ENDED:
        raise JobNotFinished
    if job.status != "completed":
        raise JobFailed(CANCELLED if job.status == "cancelled" else job.error_title)
    return job


def _range(beginning: str) -> tuple[UUID, UUID]:
    return UUID(beginning.ljust(32, "0")), UUID(beginning.ljust(32, "f"))
