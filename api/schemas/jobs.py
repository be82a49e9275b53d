"""Schemas of jobs, filters of the list, and the messages of a progress socket."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import BaseModel, Field

from api.schemas.notes import NoteFilter
from api.schemas.values import Moment, WholeNumber
from backplane import ids
from backplane.kinds import KINDS
from backplane.services.jobs.progress import Event
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.links import JobLinks, result_url
from shield_core.cipher.purity import Purity

Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(KINDS)]

JOB_EXAMPLE: dict[str, Any] = {
    "job_id": "job_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "batch_id": None,
    "kind": "encrypt",
    "status": "processing",
    "progress": 45,
    "stage": "encrypting",
    "estimated_time": 0.7,
    "quantum_purity": {"requested": "balanced", "served": "balanced", "reason": None},
    "layout": "pixels",
    "layout_reason": "a lossless format whose pixels are held exactly",
    "regions": [],
    "share_encrypted": 1.0,
    "key_id": None,
    "key_custody": "managed",
    "file_name": "scan-1.png",
    "reference": "case-2026-017",
    "metadata": {"patient": "4711"},
    "image": {
        "format": "PNG",
        "media_type": "image/png",
        "mode": "RGB",
        "width": 4000,
        "height": 3000,
        "bytes": 20533821,
    },
    "warnings": [],
    "result_url": None,
    "key_file_url": None,
    "material_url": None,
    "receipt_url": None,
    "analysis_url": None,
    "report_url": None,
    "metrics": None,
    "error": None,
    "attempts": 1,
    "retries": 0,
    "cancel_requested": False,
    "created_at": "2026-01-02T03:04:05.678901Z",
    "started_at": "2026-01-02T03:04:05.712345Z",
    "completed_at": None,
    "expires_at": None,
}


class QuantumPurity(BaseModel):
    """The requested and the served purity: a fallback is always labeled here."""

    requested: str
    served: str | None
    reason: str | None


class Image(BaseModel):
    """The submitted picture, as its first bytes and its structure describe it."""

    format: Annotated[
        str,
        Field(
            description="PNG, JPEG, BMP, TIFF or WEBP; OTHER for a file that is kept as it is and not decoded",
            examples=["PNG"],
        ),
    ]
    media_type: Annotated[
        str | None,
        Field(description="Tells formats of OTHER apart; null of older jobs", examples=["image/png"]),
    ] = None
    mode: Annotated[str | None, Field(description="Kind of samples; null where nothing is decoded", examples=["RGB"])]
    width: Annotated[int | None, Field(description="Pixels as they are stored; null where the file does not say")]
    height: Annotated[int | None, Field(description="As the width")]
    bytes: Annotated[int, Field(description="Of the file")]


class Region(BaseModel):
    """A rectangle, in pixels of the picture as it is stored: x to the right and y down from the left top corner."""

    x: int
    y: int
    width: int
    height: int


class JobError(BaseModel):
    code: Annotated[str, Field(description="One of the problem codes")]
    title: str
    detail: Annotated[str | None, Field(description="Why this picture was refused; null if the title says everything")]


class Job(BaseModel):
    """A job as its owner sees it. URLs are absolute paths, and null until what they name exists."""

    job_id: str
    batch_id: Annotated[str | None, Field(description="The batch that it belongs to; null of a single picture")]
    kind: Kind
    status: Status
    progress: Annotated[
        int,
        Field(
            ge=0, le=100, description="Percent, from bytes done; 0 in the stage `verifying`, which has no percentages"
        ),
    ]
    stage: str
    estimated_time: Annotated[float, Field(description="Seconds to its end, waiting included, as estimated at first")]
    quantum_purity: QuantumPurity | None
    layout: str | None
    layout_reason: str | None
    regions: Annotated[
        list[Region], Field(description="The only parts that are encrypted, sorted; empty where everything is")
    ]
    share_encrypted: Annotated[
        float | None, Field(gt=0, le=1, description="Of the picture's pixels; null where nothing is encrypted")
    ]
    key_id: str | None
    key_custody: str | None
    file_name: Annotated[str | None, Field(description="The name of the file, without folders")]
    reference: Annotated[str | None, Field(description="Your own name for the job")]
    metadata: Annotated[dict[str, str], Field(description="Your own notes on the job")]
    image: Image | None
    warnings: Annotated[
        list[str], Field(description="Codes of docs/reference/api.md, Warnings; nothing of them stops a job")
    ]
    result_url: str | None
    key_file_url: str | None
    material_url: Annotated[str | None, Field(description="Of `maximum` purity: the `.qmat` file beside the key")]
    receipt_url: str | None
    analysis_url: Annotated[str | None, Field(description="Address of the analysis, if it was requested")]
    report_url: Annotated[str | None, Field(description="Address of the report, to read or print; add `?format=pdf`")]
    metrics: dict[str, Any] | None
    error: JobError | None
    attempts: Annotated[int, Field(description="Attempts of workers since the job was last queued")]
    retries: Annotated[int, Field(description="How often the job was retried after a failure")]
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    expires_at: Annotated[
        datetime | None,
        Field(
            description="When the ended job is deleted with all that it made, its key apart; null is never. "
            "Of a decrypt job, when its picture is: once it was fetched, and at the latest then"
        ),
    ]

    @classmethod
    def of(cls, facts: JobFacts) -> "Job":
        links = asdict(JobLinks.of(facts))
        del links["job_url"]
        links["result_url"] = _result_url(facts)
        return cls(
            job_id=ids.to_wire("job", facts.id),
            batch_id=ids.to_wire("bat", facts.batch_id) if facts.batch_id is not None else None,
            kind=facts.kind,
            status=cast("Status", facts.status),
            progress=facts.progress,
            stage=facts.stage,
            estimated_time=facts.estimated_ms / 1000,
            quantum_purity=_purity(facts),
            layout=facts.layout,
            layout_reason=facts.layout_reason,
            regions=[Region(**region) for region in facts.regions or []],
            share_encrypted=facts.share_encrypted,
            key_id=ids.to_wire("key", facts.key_id) if facts.key_id is not None else None,
            key_custody=facts.key_custody,
            file_name=facts.note.file_name,
            reference=facts.note.reference,
            metadata=dict(facts.note.metadata),
            image=Image(**facts.image) if facts.image is not None else None,
            warnings=facts.warnings,
            **links,
            metrics=facts.metrics,
            error=_error(facts),
            attempts=facts.attempts,
            retries=facts.retries,
            cancel_requested=facts.cancel_requested,
            created_at=facts.created_at.astimezone(UTC),
            started_at=_utc(facts.started_at),
            completed_at=_utc(facts.completed_at),
            expires_at=_utc(facts.expires_at),
        )


class JobPage(BaseModel):
    data: list[Job]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]


class JobFilter(NoteFilter):
    status: Status | None = None
    kind: Kind | None = None
    purity: Annotated[Purity | None, Field(description="The requested purity")] = None
    created_after: Annotated[Moment | None, Field(description="At this moment or later")] = None
    created_before: Annotated[Moment | None, Field(description="Before this moment")] = None
    q: Annotated[
        str | None,
        Field(
            pattern="^(job_)?[0-9a-f]{1,32}$",
            description="The beginning of a job's id. File names are stored encrypted and cannot be searched",
        ),
    ] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(max_length=64, description="The `next_cursor` of the page before")] = None


def snapshot(facts: JobFacts) -> dict[str, Any]:
    """The first message of a progress socket: the current state of the job."""
    error = _error(facts)
    payload = {
        "status": facts.status,
        "progress": facts.progress,
        "stage": facts.stage,
        "result_url": _result_url(facts),
        "error": error.model_dump() if error is not None else None,
    }
    return {"type": "snapshot", "job_id": ids.to_wire("job", facts.id), "seq": facts.event_seq, "payload": payload}


def event_message(event: Event) -> dict[str, Any]:
    return {
        "type": event.type,
        "job_id": ids.to_wire("job", event.job_id),
        "seq": event.seq,
        # Sorted, because PostgreSQL does not keep the order of names that the worker sent to Redis.
        "payload": dict(sorted(event.payload.items())),
    }


def _result_url(facts: JobFacts) -> str | None:
    expired = facts.expires_at is not None and facts.expires_at <= datetime.now(UTC)
    return result_url(facts.id) if facts.status == "completed" and not expired else None


def _purity(facts: JobFacts) -> QuantumPurity | None:
    if facts.purity_requested is None:
        return None
    return QuantumPurity(requested=facts.purity_requested, served=facts.purity_served, reason=facts.purity_reason)


def _error(facts: JobFacts) -> JobError | None:
    if facts.error_code is None:
        return None
    return JobError(code=facts.error_code, title=facts.error_title or "", detail=facts.error_detail)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None
