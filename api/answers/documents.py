"""Headers of analyses and reports, and the choice between HTML and PDF."""

import re
from collections.abc import Iterator
from typing import Literal

WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")
HTML, PDF = "text/html", "application/pdf"
CREDENTIALS = "Authorization, X-API-Key, X-Account"
"""What decides whose an answer is: a browser must not show it to the next person who signs in."""

ANALYSIS_HEADERS = {"Content-Disposition": "inline", "Cache-Control": "private, no-cache", "Vary": CREDENTIALS}
"""The owner's browser keeps the analysis, and validates it each time."""

REPORT_HEADERS = {"Cache-Control": "private, no-store", "Vary": f"Accept, {CREDENTIALS}"}
"""A report is an attachment like every file: shown in the browser, it would be a page of this origin."""


def preferred_format(accept: str | None) -> Literal["html", "pdf"]:
    """Choose by the `Accept` header (RFC 9110, section 12.5.1): PDF if its weight is higher than that of HTML."""
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
