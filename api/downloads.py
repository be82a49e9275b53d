"""Handing files out: always as an attachment, never for a browser to interpret, and a plaintext one time only."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import structlog
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from api.routing import head_response
from backplane.errors import ApplicationError
from backplane.services.results import ResultFile, Results
from backplane.services.tokens import Principal
from shield_core.image.names import harmless_name

log = structlog.get_logger()
PIECE = 256 * 1024
"""A larger write would lie in the socket's buffer as a whole."""


def content_disposition(file_name: str, *, fallback: str = "file") -> str:
    """Write `attachment` with a name (RFC 6266): in plain ASCII for old readers, and whole as RFC 8187 encodes it."""
    name = harmless_name(file_name) or fallback
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ()") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def result_response(result: ResultFile, results: Results, caller: Principal) -> Response:
    """Stream a result; a picture in clear is deleted once its last byte has been taken."""
    headers = {
        "Content-Disposition": content_disposition(result.file_name),
        "Content-Length": str(result.size),
        "Cache-Control": "no-store",
    }
    if not result.plaintext:
        return StreamingResponse(_pieces(result.body), media_type=result.media_type, headers=headers)
    taken = asyncio.Event()
    return StreamingResponse(
        _pieces(result.body, taken),
        media_type=result.media_type,
        headers=headers,
        # Not at the end of the stream itself: it is cancelled when the caller hangs up, and most do at the last byte.
        background=BackgroundTask(_discard, taken, results, caller, result),
    )


def head_of_result(media_type: str, size: int) -> Response:
    """Answer HEAD for a file that is not opened."""
    return head_response({"Cache-Control": "no-store"}, size=size, media_type=media_type)


def key_file_response(key_file: bytes, *, name: str) -> Response:
    return Response(
        key_file,
        media_type="application/json",
        headers={"Content-Disposition": content_disposition(name), "Cache-Control": "no-store"},
    )


async def _pieces(
    body: AsyncIterator[bytes | memoryview], taken: asyncio.Event | None = None
) -> AsyncIterator[bytes | memoryview]:
    async for piece in body:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]
    if taken is not None:
        taken.set()


async def _discard(taken: asyncio.Event, results: Results, caller: Principal, result: ResultFile) -> None:
    if not taken.is_set():
        return
    try:
        await results.discard(caller.account_id, result.job_id)
    except ApplicationError:
        # All of it has been sent, so this is nothing to the caller; the sweeper deletes it when its time is over.
        log.warning("result.discard_failed", job_id=str(result.job_id))
