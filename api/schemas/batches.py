"""Schemas of batches, the form that makes one, and the messages of its socket."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field

from api.schemas.images import ENCRYPT_FORM, FILE, form
from api.schemas.jobs import Status, event_message
from api.schemas.notes import NoteFilter
from api.schemas.strict import Strict
from api.schemas.values import Flag, WholeNumber
from backplane import ids
from backplane.services.batches import views as facts_of
from backplane.services.batches.unpacking import MAX_ARCHIVE_BYTES, MAX_ITEMS, MAX_UNPACKED_BYTES
from backplane.services.batches.views import BatchFacts, ItemFacts
from backplane.services.jobs.progress import Event
from backplane.services.requests.links import BATCHES, batch_url

BatchStatus = Literal["processing", "completed", "failed", "cancelled"]
BATCH_EXAMPLE: dict[str, Any] = {
    "batch_id": "bat_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "status": "processing",
    "counts": {"total": 2, "pending": 1, "processing": 0, "completed": 0, "failed": 1, "cancelled": 0},
    "reference": "case-2026-017",
    "metadata": {"patient": "4711"},
    "result_url": None,
    "created_at": "2026-01-02T03:04:05.678901Z",
    "completed_at": None,
    "expires_at": None,
    "items": [
        {
            "index": 0,
            "filename": "scan-2.png",
            "job_id": "job_018f0e1c5b7d7c4c8d2f0a6d3b1e9f43",
            "status": "pending",
            "error": None,
        },
        {
            "index": 1,
            "filename": "notes.pdf",
            "job_id": None,
            "status": "failed",
            "error": {
                "code": "unsupported-format",
                "title": "Not an image of a format that is taken",
                "detail": "this is a PDF, which is not taken: export the page or frame that counts as PNG",
            },
        },
    ],
}


class Counts(BaseModel):
    """The number of pictures in each state; `total` is their sum."""

    total: int
    pending: int
    processing: int
    completed: int
    failed: int
    cancelled: int


class ItemError(BaseModel):
    code: Annotated[str, Field(description="One of the problem codes")]
    title: str
    detail: Annotated[str | None, Field(description="Why this picture was refused; null if the title says everything")]


class BatchItem(BaseModel):
    """One picture. Without a `job_id` it was refused: only a new submission can encrypt it."""

    index: Annotated[int, Field(description="Its position in the request, from 0")]
    filename: Annotated[str | None, Field(description="Its name without folders and without harmful characters")]
    job_id: str | None
    status: Status
    error: ItemError | None

    @classmethod
    def of(cls, facts: ItemFacts) -> "BatchItem":
        return cls(
            index=facts.index,
            filename=facts.file_name,
            job_id=ids.to_wire("job", facts.job_id) if facts.job_id is not None else None,
            status=cast("Status", facts.status),
            error=_error(facts),
        )


class BatchSummary(BaseModel):
    """A batch without its items."""

    batch_id: str
    status: Annotated[
        BatchStatus,
        Field(
            description="`processing` until every picture has ended; then `cancelled` where one was cancelled, "
            "`failed` where all have failed, else `completed`: look at the counts"
        ),
    ]
    counts: Counts
    reference: Annotated[str | None, Field(description="Your own name for the batch")]
    metadata: Annotated[dict[str, str], Field(description="Your own notes on the batch")]
    result_url: Annotated[str | None, Field(description="One zip of all results; null until the batch has ended")]
    created_at: datetime
    completed_at: datetime | None
    expires_at: Annotated[datetime | None, Field(description="When the batch and its jobs are deleted")]

    @classmethod
    def of(cls, facts: BatchFacts) -> "BatchSummary":
        return cls(**_summary(facts))


class Batch(BatchSummary):
    """Pictures of one request, each with its own job; URLs are absolute paths."""

    items: list[BatchItem]

    @classmethod
    def of(cls, facts: BatchFacts) -> "Batch":
        return cls(**_summary(facts), items=[BatchItem.of(item) for item in facts.items])


class BatchPage(BaseModel):
    data: list[BatchSummary]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]


class BatchFilter(NoteFilter):
    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(max_length=64, description="The `next_cursor` of the page before")] = None


class DownloadOptions(Strict):
    partial: Annotated[Flag, Field(description="The finished pictures of a batch that has not ended")] = False
    key_files: Annotated[
        Flag, Field(description="Put the key files beside their pictures; needs the scope `keys:export`")
    ] = False


def _form() -> dict[str, Any]:
    known = ENCRYPT_FORM["content"]["multipart/form-data"]["schema"]["properties"]
    pictures = {
        "images": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ITEMS,
            "items": FILE,
            "description": f"Up to {MAX_ITEMS} pictures, a field each, of at most 50,000,000 bytes each, of the "
            "formats of `/encrypt`. Either these or `archive`.",
        },
        "archive": FILE
        | {
            "description": f"A zip of at most {MAX_ARCHIVE_BYTES:,} bytes with up to {MAX_ITEMS} pictures, at most "
            f"{MAX_UNPACKED_BYTES:,} bytes when it is unpacked. Folders, `__MACOSX` and `.DS_Store` do not count."
        },
    }
    options = {name: field for name, field in known.items() if name not in {"image", "regions"}}
    return form([], pictures | options, {"images": ["(the files)"], "quantum_purity": "balanced", "layout": "auto"})


BATCH_FORM = _form()


def snapshot(facts: BatchFacts) -> dict[str, Any]:
    """The first message of a batch's socket: the current state of the batch, and the last `seq` of each job."""
    payload = {
        "status": facts.status,
        "counts": facts.counts.to_json(),
        "result_url": _result_url(facts),
        "items": [_state(item) for item in facts.items],
    }
    return {"type": "snapshot", "batch_id": ids.to_wire("bat", facts.id), "payload": payload}


def job_message(batch_id: str, event: Event) -> dict[str, Any]:
    """An event of one job, as the socket of that job sends it, with the id of the batch."""
    return {**event_message(event), "batch_id": batch_id}


def counts_message(batch_id: str, counts: facts_of.Counts) -> dict[str, Any]:
    """The state of the batch after one of its jobs has ended."""
    return {"type": "batch", "batch_id": batch_id, "payload": {"status": counts.status, "counts": counts.to_json()}}


def last_message(batch_id: str, counts: facts_of.Counts) -> dict[str, Any]:
    """The end of the batch: all its jobs have ended. The message has no `job_id`."""
    payload = {"status": counts.status, "counts": counts.to_json(), "result_url": f"{BATCHES}/{batch_id}/result"}
    return {"type": "completed", "batch_id": batch_id, "payload": payload}


def _summary(facts: BatchFacts) -> dict[str, Any]:
    return {
        "batch_id": ids.to_wire("bat", facts.id),
        "status": facts.status,
        "counts": Counts(**facts.counts.to_json()),
        "reference": facts.note.reference,
        "metadata": dict(facts.note.metadata),
        "result_url": _result_url(facts),
        "created_at": facts.created_at,
        "completed_at": facts.completed_at,
        "expires_at": facts.expires_at,
    }


def _result_url(facts: BatchFacts) -> str | None:
    return f"{batch_url(facts.id)}/result" if facts.counts.ended else None


def _state(item: ItemFacts) -> dict[str, Any]:
    error = _error(item)
    return {
        "index": item.index,
        "job_id": ids.to_wire("job", item.job_id) if item.job_id is not None else None,
        "status": item.status,
        "progress": item.progress,
        "stage": item.stage,
        "seq": item.event_seq,
        "error": error.model_dump() if error is not None else None,
    }


def _error(facts: ItemFacts) -> ItemError | None:
    error = facts.error
    return ItemError(code=error.code, title=error.title, detail=error.detail) if error is not None else None
