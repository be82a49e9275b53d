"""Well-known addresses: the contact for security faults (RFC 9116), and the page that changes a password."""

from datetime import UTC, datetime, timedelta

from fastapi.responses import PlainTextResponse
from starlette.responses import RedirectResponse, Response

from api.answers.problems import problems
from api.dependencies import CurrentSettings
from api.routing import Router
from backplane.errors import NotFound

VALID = timedelta(days=180)
"""RFC 9116, section 2.5.5, recommends less than a year. It moves with every answer: the operator renews nothing."""

router = Router(tags=["service"])


@router.get(
    "/.well-known/security.txt",
    response_class=Response,
    responses={
        200: {"description": "The file", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems("not-found"),
    },
)
async def security_contact(settings: CurrentSettings) -> Response:
    """Get the contact for security faults (RFC 9116), where the operator names one (`SECURITY_CONTACT`)."""
    if settings.security_contact is None:
        raise NotFound("The operator of this service names no contact")
    expires = (datetime.now(UTC) + VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {_as_uri(settings.security_contact)}", f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}"]
    lines.append("Preferred-Languages: en")
    if settings.public_url is not None:
        lines.append(f"Canonical: {settings.public_url}/.well-known/security.txt")
    return PlainTextResponse("\n".join([*lines, ""]), headers={"Cache-Control": "public, max-age=3600"})


@router.get("/.well-known/change-password", include_in_schema=False)
async def change_password() -> Response:
    """Lead password managers to the page (https://w3c.github.io/webappsec-change-password-url/)."""
    return RedirectResponse("/settings/security#password", status_code=302)


def _as_uri(contact: str) -> str:
    return contact if contact.startswith("https://") else f"mailto:{contact}"
