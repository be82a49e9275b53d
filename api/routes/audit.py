"""Routes of the audit trail: search, export and verification."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from api.answers.downloads import NO_RANGES, content_disposition
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Audit, AuditReader
from api.requests.cursors import read_cursor
from api.requests.strict import demand_media_type
from api.routing import Router, accepts_upload, head_response
from api.schemas.audit import AuditEntry, AuditFilter, AuditPage, AuditVerdict

router = Router(prefix="/api/v1/audit", tags=["audit"])

MAX_EXPORT: Final = 64_000_000
"""Bytes of an export that is verified here: about 80,000 entries. The command line verifies any length."""

JSONL, CSV = "application/x-ndjson", "text/csv"
MEDIA_TYPES: Final = {"jsonl": JSONL, "csv": CSV}
LINES: dict[str, Any] = {"schema": {"type": "string"}}
EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The trail, as an attachment: docs/reference/audit-format.md",
        "content": {JSONL: LINES, CSV: LINES},
    },
}
UPLOAD = {"requestBody": {"required": False, "content": {JSONL: LINES}}}


@router.get("", responses=problems(*AUTHENTICATED, "validation-failed"))
async def search_audit(caller: AuditReader, audit: Audit, wanted: Annotated[AuditFilter, Query()]) -> AuditPage:
    """Search the audit trail of the account: who did what to which object, newest first.

    Entries cannot be changed or removed. Addresses, emails and devices rest encrypted; they are readable here until
    the person is erased. Entries of nobody known, such as failed log-ins, lose them after `AUDIT_PERSON_DAYS`.
    """
    before = read_cursor("aud", wanted.cursor)
    found, has_more = await audit.views.page(caller, wanted.search(), limit=wanted.limit, before=before)
    data = [AuditEntry.of(facts) for facts in found]
    return AuditPage(data=data, has_more=has_more, next_cursor=data[-1].id if has_more else None)


@router.get("/export", response_class=Response, responses={**EXPORT, **problems(*AUTHENTICATED, "validation-failed")})
async def export_audit(
    request: Request,
    caller: AuditReader,
    audit: Audit,
    format_: Annotated[
        Literal["jsonl", "csv"], Query(alias="format", description="Lines that verify, or a table")
    ] = "jsonl",
) -> Response:
    """Fetch the whole audit trail of the account.

    The default, `jsonl`, holds every entry exactly as it was hashed, with signed checkpoints. It verifies without this
    service: `imageshield audit verify EXPORT --keys jwks.json`. `csv` is for spreadsheets and proves nothing. An export
    is itself recorded.
    """
    name = f"audit-{datetime.now(UTC):%Y-%m-%d}.{format_}"
    headers = {"Content-Disposition": content_disposition(name), "Cache-Control": "no-store", **NO_RANGES}
    media_type = MEDIA_TYPES[format_]
    if request.method == "HEAD":
        return head_response(headers, media_type=media_type)
    export = audit.exports.lines if format_ == "jsonl" else audit.exports.table
    pieces: AsyncIterator[bytes] = await export(caller)
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


@router.post(
    "/verify",
    openapi_extra=UPLOAD,
    responses=problems(
        *AUTHENTICATED, "audit-export-invalid", "unsupported-media-type", "file-too-large", "request-timeout"
    ),
)
@accepts_upload(limit=MAX_EXPORT)
async def verify_audit(request: Request, caller: AuditReader, audit: Audit) -> AuditVerdict:
    """Verify the audit trail of the account as it is stored; or, with a body, an export under the keys of this service.

    A service that was taken over can also lie here: verify exports with the command line, on another machine.
    """
    data = await request.body()
    if not data:
        return AuditVerdict.of(await audit.verification.verify(caller))
    demand_media_type(request.headers, JSONL)
    return AuditVerdict.of(await audit.verification.verify_export(caller, data))
