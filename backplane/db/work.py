"""A job as a worker has it: a frozen copy of its row at the claim, under one fencing token."""

from dataclasses import dataclass, field, fields
from typing import Any, Self
from uuid import UUID

from backplane.db.models import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """One attempt at a job. It does not change: what an attempt writes goes through `Claims`."""

    id: UUID
    account_id: UUID
    batch_id: UUID | None
    kind: str
    status: str
    stage: str
    attempts: int
    fencing_token: int
    request_id: str | None
    purity_requested: str | None
    layout_requested: str | None
    regions: list[dict[str, int]] | None
    analyze: bool
    key_id: UUID | None
    key_custody: str | None
    recipients: list[str] | None
    image: dict[str, Any] | None
    secret: bytes | None = field(repr=False)
    webhook_url: bytes | None = field(repr=False)

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(**{one.name: getattr(job, one.name) for one in fields(cls)})


AnyJob = Job | JobWork
"""A job in the gateway or in a worker, for what treats both alike."""
