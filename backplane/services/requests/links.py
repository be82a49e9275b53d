"""Addresses of the API, as absolute paths: what a job or a batch has, once it has it."""

from dataclasses import dataclass
from typing import Final, Protocol, Self
from uuid import UUID

from backplane import ids
from backplane.kinds import KINDS

API: Final = "/api/v1"
JOBS: Final = f"{API}/jobs"
BATCHES: Final = f"{API}/batches"
ANALYZE: Final = f"{API}/analyze"


class LinkedJob(Protocol):
    """A job, by whatever record or row it is known."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def purity_served(self) -> str | None: ...
    @property
    def has_receipt(self) -> bool: ...
    @property
    def analysis_version(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class JobLinks:
    """The addresses of a job and of what it made; None for what it did not make."""

    job_url: str
    result_url: str | None
    key_file_url: str | None
    material_url: str | None
    receipt_url: str | None
    analysis_url: str | None
    report_url: str | None

    @classmethod
    def of(cls, job: LinkedJob) -> Self:
        place, completed = job_url(job.id), job.status == "completed"
        has_key = completed and KINDS[job.kind].makes_key
        analyzed = job.analysis_version is not None
        return cls(
            job_url=place,
            result_url=result_url(job.id) if completed else None,
            key_file_url=f"{place}/key-file" if has_key else None,
            material_url=f"{place}/material" if has_key and job.purity_served == "maximum" else None,
            receipt_url=f"{place}/receipt" if job.has_receipt else None,
            analysis_url=f"{ANALYZE}/{ids.to_wire('job', job.id)}" if analyzed else None,
            report_url=f"{place}/report" if analyzed else None,
        )


def job_url(job_id: UUID) -> str:
    return f"{JOBS}/{ids.to_wire('job', job_id)}"


def result_url(job_id: UUID) -> str:
    return f"{job_url(job_id)}/result"


def batch_url(batch_id: UUID) -> str:
    return f"{BATCHES}/{ids.to_wire('bat', batch_id)}"
