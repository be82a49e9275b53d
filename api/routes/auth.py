"""Routes of accounts: registration, tokens, and log-out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from api.admission import principal_of
from api.answers.oauth import OAuthRoute, oauth_problems
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Anyone, Identity, Leaving
from api.rates import count_log_in
from api.routing import Router
from api.schemas.auth import Account, NewAccount, TokenPair, TokenRequest
from backplane import ids

router = Router(prefix="/api/v1/auth", tags=["accounts"])
tokens = APIRouter(prefix="/api/v1/auth", tags=["accounts"], route_class=OAuthRoute)


@router.post("/register", status_code=201, responses=problems(*WITH_BODY, "email-taken"))
async def register(request: Request, account: NewAccount, caller: Anyone, identity: Identity) -> Account:
    """Create an account.

    The first account of an installation is its operator. No mail is sent and none is checked. The password is stored as
    an Argon2id hash, of its Unicode normal form NFC.
    """
    await count_log_in(request)
    facts = await identity.accounts.register(caller, email=account.email, password=account.password.get_secret_value())
    return Account(account_id=ids.to_wire("acc", facts.id), email=facts.email)


@tokens.post("/token", responses=oauth_problems("file-too-large", "request-timeout"))
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
    email and a wrong password have the same answer.
    """
    response.headers["Cache-Control"] = "no-store"
    if form.grant_type == "refresh_token" and form.refresh_token is not None:
        pair = await identity.tokens.refresh(caller, form.refresh_token.get_secret_value())
    else:
        assert form.username is not None
        assert form.password is not None
        await count_log_in(request)
        user_id = await identity.accounts.authenticate(
            caller, email=form.username, password=form.password.get_secret_value()
        )
        pair = await identity.tokens.issue(caller, user_id)
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
