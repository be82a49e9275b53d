"""Routes of the audit trail: search, export and verification, of an account and, for operators, of the system."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response, StreamingResponse

from api.answers.downloads import NO_RANGES, content_disposition
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Audit, AuditReader, Operator
from api.requests.cursors import read_cursor
from api.requests.strict import demand_media_type
from api.routing import Router, accepts_upload, head_response
from api.schemas.audit import AuditEntry, AuditExport, AuditFilter, AuditPage, AuditRow, AuditVerdict
from backplane import ids
from backplane.services.requests.caller import NO_ACCOUNT, Caller

router = Router(prefix="/api/v1/audit", tags=["audit"])
system = Router(prefix="/api/v1/admin/audit", tags=["admin"])

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
    return await _page(caller, audit, wanted)


@router.get("/export", response_class=Response, responses={**EXPORT, **problems(*AUTHENTICATED, "validation-failed")})
async def export_audit(
    request: Request, caller: AuditReader, audit: Audit, wanted: Annotated[AuditExport, Query()]
) -> Response:
    """Fetch the audit trail of the account.

    The default, `jsonl`, holds every entry exactly as it was hashed, with signed checkpoints. It verifies without this
    service: `imageshield audit verify EXPORT --keys jwks.json`. `csv` is for spreadsheets and proves nothing; it can be
    narrowed like a search. An export is itself recorded.
    """
    return await _export(request, caller, audit, wanted, name="audit")


@router.get("/{entry_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_audit_entry(entry_id: str, caller: AuditReader, audit: Audit) -> AuditRow:
    """Get an entry of the account's trail with its place in the chain: its number, its hashes, and what was hashed."""
    return AuditRow.of_row(await audit.views.get(caller, ids.from_wire("aud", entry_id)))


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


@system.get("", responses=problems(*AUTHENTICATED, "validation-failed"))
async def search_system_audit(caller: Operator, audit: Audit, wanted: Annotated[AuditFilter, Query()]) -> AuditPage:
    """Search the audit trail of the system, newest first: acts of operators, and of nobody known. For operators."""
    return await _page(_for_system(caller), audit, wanted)


@system.get("/export", response_class=Response, responses={**EXPORT, **problems(*AUTHENTICATED, "validation-failed")})
async def export_system_audit(
    request: Request, caller: Operator, audit: Audit, wanted: Annotated[AuditExport, Query()]
) -> Response:
    """Fetch the audit trail of the system, as that of an account is fetched. For operators."""
    return await _export(request, _for_system(caller), audit, wanted, name="audit-system")


@system.get("/{entry_id}", responses=problems(*AUTHENTICATED, "not-found"))
async def get_system_audit_entry(entry_id: str, caller: Operator, audit: Audit) -> AuditRow:
    """Get an entry of the system's trail with its place in the chain. For operators."""
    return AuditRow.of_row(await audit.views.get(_for_system(caller), ids.from_wire("aud", entry_id)))


@system.post("/verify", responses=problems(*AUTHENTICATED))
async def verify_system_audit(caller: Operator, audit: Audit) -> AuditVerdict:
    """Verify the audit trail of the system as it is stored. For operators."""
    return AuditVerdict.of(await audit.verification.verify(_for_system(caller)))


def _for_system(operator: Caller) -> Caller:
    return replace(operator, account_id=NO_ACCOUNT)


async def _page(caller: Caller, audit: Audit, wanted: AuditFilter) -> AuditPage:
    before = read_cursor("aud", wanted.cursor)
    found, has_more = await audit.views.page(caller, wanted.search(), limit=wanted.limit, before=before)
    data = [AuditEntry.of(facts) for facts in found]
    return AuditPage(data=data, has_more=has_more, next_cursor=data[-1].id if has_more else None)


async def _export(request: Request, caller: Caller, audit: Audit, wanted: AuditExport, *, name: str) -> Response:
    file = f"{name}-{datetime.now(UTC):%Y-%m-%d}.{wanted.format}"
    headers = {"Content-Disposition": content_disposition(file), "Cache-Control": "no-store", **NO_RANGES}
    media_type = MEDIA_TYPES[wanted.format]
    if request.method == "HEAD":
        return head_response(headers, media_type=media_type)
    pieces: AsyncIterator[bytes]
    if wanted.format == "jsonl":
        pieces = await audit.exports.lines(caller)
    else:
        pieces = await audit.exports.table(caller, wanted.search())
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
