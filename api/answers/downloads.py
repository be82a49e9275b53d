"""Downloads of files, whole or in part, always as attachments."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.requests.ranges import Part, demand_match, is_known, read_range
from api.serving.acknowledgements import Sending
from backplane.errors import ApplicationError
from backplane.services.pictures.results import Results, StoredFile
from backplane.services.requests.caller import Caller
from shield_core.image.names import harmless_name

log = structlog.get_logger()
PIECE = 256 * 1024
"""A larger write would be in the socket's buffer as a whole."""

NO_RANGES = {"Accept-Ranges": "none"}
"""For answers that are made again for each request, so that two parts may belong to different files."""

HEADERS = {
    name: {"schema": {"type": "string"}, "description": description}
    for name, description in {
        "ETag": "Names these bytes: for `If-Range`, `If-Match` and `If-None-Match`",
        "Accept-Ranges": "`bytes`",
    }.items()
}
RANGES: dict[int | str, dict[str, Any]] = {
    206: {
        "description": "The part that `Range` names. Several ranges at once are answered with the whole",
        "headers": HEADERS | {"Content-Range": {"schema": {"type": "string"}, "description": "`bytes 0-99/1234`"}},
    },
    304: {"description": "`If-None-Match` names these bytes: you have them", "headers": HEADERS},
}
"""Answers of a route that sends a file, besides 200 and the codes of `REFUSED_PARTS`."""

REFUSED_PARTS = ("precondition-failed", "range-not-satisfiable")


def content_disposition(file_name: str, *, fallback: str = "file") -> str:
    """Write `attachment` with a name (RFC 6266): in plain ASCII for old readers, and whole as RFC 8187 encodes it."""
    name = harmless_name(file_name) or fallback
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ()") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def file_response(
    request: Request, caller: Caller, file: StoredFile, results: Results, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Send a stored file, or the part that the request asks for, as an attachment that no cache keeps.

    `headers` replace these defaults. Once a decrypted picture has arrived, it expires sooner.

    Raises:
        PreconditionFailed: `If-Match` names other bytes.
        RangeNotSatisfiable: nothing of the range is in the file.
        Gone: it was deleted.
    """
    given = {"Content-Disposition": content_disposition(file.file_name), "Cache-Control": "no-store"} | {
        **(headers or {}),
        "ETag": f'"{file.etag}"',
        "Accept-Ranges": "bytes",
    }
    part = Part(0, file.size, file.size)
    if request.method in {"GET", "HEAD"}:
        demand_match(request.headers, file.etag)
        if is_known(request.headers, file.etag):
            return Response(status_code=304, headers=given)
    if request.method == "GET":
        part = read_range(request.headers, etag=file.etag, size=file.size) or part
    given["Content-Length"] = str(part.stop - part.start)
    if not part.whole:
        given["Content-Range"] = part.content_range
    if request.method == "HEAD":
        return Response(media_type=file.media_type, headers=given)
    body = await results.open(caller, file, None if part.whole else (part.start, part.stop))
    sending = Sending(request.scope)
    return StreamingResponse(
        _pieces(body, sending),
        status_code=200 if part.whole else 206,
        media_type=file.media_type,
        headers=given,
        # Not at the end of the stream itself: it is cancelled when the caller hangs up, and most do at the last byte.
        background=BackgroundTask(_note_taken, sending, results, file, part) if file.plaintext else None,
    )


def key_file_response(key_file: bytes, *, name: str) -> Response:
    return whole_response(key_file, name=name, media_type="application/json")


def whole_response(data: bytes, *, name: str, media_type: str) -> Response:
    """Send a small file that is made for this request, as an attachment that no cache keeps."""
    headers = {"Content-Disposition": content_disposition(name), "Cache-Control": "no-store", **NO_RANGES}
    return Response(data, media_type=media_type, headers=headers)


async def _pieces(body: AsyncIterator[bytes | memoryview], sending: Sending) -> AsyncIterator[bytes | memoryview]:
    async for piece in body:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]
    sending.note_sent()


async def _note_taken(sending: Sending, results: Results, file: StoredFile, part: Part) -> None:
    if not await sending.arrives():
        return
    try:
        await results.note_taken(file, part.start, part.stop)
    except ApplicationError:
        # The caller has the file. The sweeper deletes it when it expires.
        log.warning("result.taking_not_noted", job_id=str(file.job.id))
