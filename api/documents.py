"""Handing out what was measured: to its owner alone, and never for a browser to run."""

import re
from collections.abc import Iterator
from typing import Literal

from starlette.responses import Response

from api.downloads import content_disposition
from backplane.services.analyses import Document

WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")
HTML, PDF = "text/html", "application/pdf"


def document_response(document: Document) -> Response:
    """Send an analysis, or 304 where the caller has it: kept by its owner's browser, and asked for anew each time."""
    headers = {"ETag": f'"{document.etag}"', "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if document.body is None:
        return Response(status_code=304, headers=headers)
    return Response(bytes(document.body), media_type=document.media_type, headers=headers)


def report_response(document: Document, *, name: str) -> Response:
    """Send a report as an attachment: opened in place, it would be a page of this origin."""
    headers = {
        "Content-Disposition": content_disposition(name),
        "Cache-Control": "private, no-store",
        "Vary": "Accept, Authorization",
    }
    return Response(bytes(document.body or b""), media_type=document.media_type, headers=headers)


def preferred_format(accept: str | None) -> Literal["html", "pdf"]:
    """Choose by the `Accept` header (RFC 9110, section 12.5.1): PDF where it is wanted more than HTML."""
    weights = dict(_weights(accept or "*/*"))

    def weigh(media_type: str) -> float:
        ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
        return next((weights[one] for one in ranges if one in weights), 0.0)

    return "pdf" if weigh(PDF) > weigh(HTML) else "html"


def _weights(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        yield media_type, float(weight) if WEIGHT.fullmatch(weight) else 0.0
