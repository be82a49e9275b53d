"""Routes by which the user of a browser's login session confirms who they are."""

from uuid import UUID

from fastapi import Request, Response

from api.admission import principal_of
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Identity, PersonInSession
from api.requests.origins import OWN_PAGE_HEADER, OwnPage
from api.routing import Router
from api.schemas.passkeys import PasskeyOptions
from api.schemas.sessions import AccessToken, Confirmation

router = Router(prefix="/api/v1/auth/session/confirm", tags=["accounts"], dependencies=[OwnPage])
OWN_PAGE = (*AUTHENTICATED, "origin-not-allowed")


@router.post(
    "",
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems(
        *OWN_PAGE,
        *WITH_BODY,
        "wrong-password",
        "second-factor-required",
        "code-wrong",
        "clock-wrong",
        "passkey-refused",
        "too-many-attempts",
    ),
)
async def confirm_session(
    request: Request, given: Confirmation, caller: PersonInSession, identity: Identity, response: Response
) -> AccessToken:
    """Confirm who you are, after 403 `reauthentication-required`, and get a new access token.

    With a password, and a second factor where you have one, or with a passkey that verifies you. For ten minutes the
    new token may export keys, delete, and change factors, password and address.
    """
    password = given.password.get_secret_value() if given.password is not None else None
    token, seconds = await identity.confirmations.confirm(
        caller, _session(request), password=password, proof=given.proof
    )
    response.headers["Cache-Control"] = "no-store"
    return AccessToken(access_token=token, expires_in=seconds)


@router.post("/options", openapi_extra=OWN_PAGE_HEADER, responses=problems(*OWN_PAGE, "passkeys-unavailable"))
async def ask_for_own_passkey(
    request: Request, caller: PersonInSession, identity: Identity, response: Response
) -> PasskeyOptions:
    """Get the options for `navigator.credentials.get`, to confirm who you are with one of your passkeys."""
    response.headers["Cache-Control"] = "no-store"
    return PasskeyOptions(options=await identity.confirmations.ask_for_passkey(caller, _session(request)))


def _session(request: Request) -> UUID:
    session_id = principal_of(request).session_id
    assert session_id is not None
    return session_id
