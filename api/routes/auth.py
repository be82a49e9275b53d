"""Routes of accounts: registration, tokens, and log-out."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse

from api.admission import principal_of
from api.answers.oauth import OAuthRoute, oauth_problems
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Anyone, Identity, Leaving
from api.rates import count_log_in
from api.routing import Router
from api.schemas.auth import Account, NewAccount, PendingAddress, TokenPair, TokenRequest
from backplane import ids

router = Router(prefix="/api/v1/auth", tags=["accounts"])
REFUSED = (
    "email-domain-refused",
    "email-taken",
    "invitation-required",
    "operator-code-invalid",
    "password-too-common",
    "proof-of-work-refused",
    "registration-closed",
)
PENDING: dict[int | str, dict[str, Any]] = {
    202: {"description": "A mail asks to confirm the address", "model": PendingAddress}
}
tokens = APIRouter(prefix="/api/v1/auth", tags=["accounts"], route_class=OAuthRoute)


@router.post(
    "/register",
    status_code=201,
    response_model=Account,
    responses=PENDING | problems(*WITH_BODY, *REFUSED),
)
async def register(request: Request, account: NewAccount, caller: Anyone, identity: Identity) -> Account | Response:
    """Create an account.

    Where the installation confirms addresses (`MAIL_VERIFICATION`), the answer is 202 for a free and for a taken
    address, and the mail says which. The account is made by `POST /auth/verify-email`. Otherwise the account is made at
    once. The password is stored as an Argon2id hash, of its Unicode normal form NFC. Common ones are refused.
    """
    await count_log_in(request)
    code = account.operator_code
    # A new installation has no keys to sign a challenge with, and the code of its first operator is proof enough.
    if code is None or await identity.operator_codes.any_operator():
        await identity.proof_of_work.require(account.proof_of_work)
    facts = await identity.registrations.register(
        caller,
        email=account.email,
        password=account.password.get_secret_value(),
        operator_code=code.get_secret_value() if code is not None else None,
    )
    if facts is None:
        return JSONResponse(PendingAddress(email=account.email.lower()).model_dump(), status_code=202)
    return Account(account_id=ids.to_wire("acc", facts.id), email=facts.email)


@tokens.post(
    "/token",
    responses=oauth_problems("file-too-large", "request-timeout", "second-factor-required", "too-many-attempts"),
)
async def get_token(
    *,
    request: Request,
    form: Annotated[TokenRequest, Form()],
    caller: Anyone,
    identity: Identity,
    response: Response,
) -> TokenPair:
    """Get an access token, by password or by refresh token (OAuth 2.0, RFC 6749).

    Access tokens are JWTs (ES256) for 15 minutes; verify them with `/.well-known/jwks.json`. A refresh token works
    once and returns the next one; a second use means that it was copied, and ends all sessions of its login. A wrong
    email and a wrong password have the same answer. After five wrong passwords in a row the answer is 429, and
    `Retry-After` grows from a second to 15 minutes. A user with a second factor sends its code as `otp`; without it the
    answer is 403 `second-factor-required`. A passkey needs a browser: programs of its user send an API key, or a
    recovery code as `otp`.
    """
    response.headers["Cache-Control"] = "no-store"
    if form.grant_type == "refresh_token" and form.refresh_token is not None:
        pair = await identity.tokens.refresh(caller, form.refresh_token.get_secret_value())
    else:
        assert form.username is not None
        assert form.password is not None
        await count_log_in(request)
        logged_in = await identity.log_ins.by_password_and_code(
            caller, email=form.username, password=form.password.get_secret_value(), proof=form.proof
        )
        pair = await identity.tokens.issue(caller, logged_in.user_id, methods=logged_in.methods)
    return TokenPair(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
        scope=pair.scope,
    )


@router.post("/logout", status_code=204, responses=problems(*AUTHENTICATED))
async def log_out(request: Request, caller: Leaving, identity: Identity) -> None:
    """End the session of this access token.

    Its tokens are no longer valid, and its sockets and event streams are closed. A session that has already ended is
    204 too.
    """
    session_id = principal_of(request).session_id
    assert session_id is not None
    await identity.tokens.end(caller, session_id)
