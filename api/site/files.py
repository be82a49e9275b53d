"""Files of the console's build, read once at the start, and the answers that send them."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

from starlette.requests import Request
from starlette.responses import Response

from api.middleware.headers import PAGE_POLICY
from api.requests.ranges import demand_match, is_known
from api.routing import head_response

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""Not from `mimetypes`: what that knows depends on the machine."""

ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Content codings in the order of preference, with the suffix that the build gives to the compressed file."""

PLAIN: Final = "identity"
_CHOICE = re.compile(r"\s*([\w*!#$%&'+.^`|~-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """A file with its compressed forms."""

    bodies: Mapping[str, bytes]
    """By content coding; `identity` is always among them."""
    media_type: str
    tag: str
    headers: Mapping[str, str]

    @classmethod
    def read(cls, path: Path, headers: Mapping[str, str]) -> Self:
        """Read a file, and the `.br` and `.gz` beside it."""
        plain = path.read_bytes()
        compressed = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS.items()}
        bodies = {name: other.read_bytes() for name, other in compressed.items() if other.is_file()}
        # A worker has the policy of its own script, not of the page that starts it: every file carries the policy.
        given = {"Content-Security-Policy": PAGE_POLICY} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return cls(
            bodies={**bodies, PLAIN: plain},
            media_type=TYPES.get(path.suffix, "application/octet-stream"),
            tag=hashlib.sha256(plain).hexdigest()[:32],
            headers=given | ({"Vary": "Accept-Encoding"} if bodies else {}),
        )

    def respond(self, request: Request, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Send the file in the form that the caller prefers; 304 if the caller has it.

        Raises:
            PreconditionFailed: `If-Match` names other bytes.
        """
        coding = choose_coding(request.headers.getlist("accept-encoding"), self.bodies)
        # Each form has a tag of its own: a strong tag names bytes, and these differ.
        tag = self.tag if coding == PLAIN else f"{self.tag}-{coding}"
        given = {**self.headers, "ETag": f'"{tag}"', **(headers or {})}
        if status == HTTPStatus.OK:
            demand_match(request.headers, tag)
            if is_known(request.headers, tag):
                # With all headers, the policy too: a cache takes them over from this answer.
                return Response(status_code=304, headers=given)
        if coding != PLAIN:
            given["Content-Encoding"] = coding
        return self._whole(request.method, given, self.bodies[coding], status=status)

    def _whole(self, method: str, headers: Mapping[str, str], body: bytes, *, status: int) -> Response:
        if method != "HEAD":
            return Response(body, status_code=status, headers=headers, media_type=self.media_type)
        response = head_response(headers, size=len(body), media_type=self.media_type)
        response.status_code = status
        return response


def choose_coding(accepted: Sequence[str], offered: Mapping[str, bytes]) -> str:
    """Choose a content coding (RFC 9110, section 12.5.3): `identity` if the header names no other, or is malformed."""
    found = [_CHOICE.fullmatch(part) for part in ",".join(accepted).split(",")]
    weights = {one[1].lower(): float(one[2] or 1) for one in found if one}
    fitting = [name for name in ENCODINGS if name in offered and weights.get(name, weights.get("*", 0)) > 0]
    return max(fitting, key=lambda name: weights.get(name, weights.get("*", 0)), default=PLAIN)
