"""Routes of log-ins by identity providers, and of the identities linked to a user."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response

from api.admission import principal_of, require_recent, require_session
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Anyone, AnyoneOrPerson, CurrentSettings, Identity, Person, RecentPerson, settings_of
from api.rates import count_log_in
from api.requests.authorization_cookie import AuthorizationCookie
from api.requests.origins import OWN_PAGE_HEADER, OwnPage
from api.requests.refresh_cookie import RefreshCookie
from api.routing import Router
from api.schemas import federation as schemas
from backplane import ids
from backplane.errors import InsufficientScope, OriginNotAllowed, Unauthenticated
from backplane.services.identity.federation.authorizations import Purpose
from backplane.services.identity.federation.logins import Answer, Finished
from backplane.services.identity.principal import FEDERATED
from backplane.services.requests.caller import Caller
from backplane.wiring.identity import IdentityServices

router = Router(prefix="/api/v1/auth", tags=["accounts"])
ProviderId = Annotated[
    str,
    Path(
        alias="provider", description="The provider, by its `id`", pattern="^[a-z][a-z0-9-]{0,31}$", examples=["google"]
    ),
]
IdentityId = Annotated[
    str,
    Path(
        alias="identity_id",
        description="The identity, as `idn_` and 32 hexadecimal digits",
        examples=["idn_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"],
    ),
]
PROVIDER = ("provider-unavailable", "provider-answer-invalid")


@router.get("/providers", responses=problems())
async def list_providers(identity: Identity) -> schemas.Providers:
    """List the identity providers that the operator has set up, for the page of the log-in."""
    return schemas.Providers(data=[schemas.Provider.of(one) for one in identity.federation.providers])


@router.post(
    "/oidc/{provider}/start",
    dependencies=[OwnPage],
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems(
        *WITH_BODY,
        *AUTHENTICATED,
        *PROVIDER,
        "not-found",
        "origin-not-allowed",
        "reauthentication-required",
        "provider-cannot-confirm",
    ),
)
async def start_authorization(
    *,
    request: Request,
    response: Response,
    provider: ProviderId,
    start: schemas.AuthorizationStart,
    caller: AnyoneOrPerson,
    identity: Identity,
    settings: CurrentSettings,
) -> schemas.AuthorizationBegun:
    """Begin a log-in by a provider.

    For pages of `PUBLIC_URL`, because the provider sends the browser back there, to `/auth/callback/{provider}`. The
    answer names the address to open, and a cookie binds the log-in to this browser for ten minutes. `link` and
    `confirm` need the access token of a browser's session. `link` also needs that the user has proved who they are
    within ten minutes.
    """
    if settings.public_url is None or request.headers["origin"] != settings.public_url:
        raise OriginNotAllowed("Log-in by a provider works at PUBLIC_URL: open the service there")
    await count_log_in(request)
    session_id = None
    if start.purpose is not Purpose.LOGIN:
        session_id = await _demand_session(request, caller, identity, start.purpose)
    begun = await identity.federation.begin(caller, provider, start.purpose, start.return_to, session_id=session_id)
    AuthorizationCookie.of(request, settings).write(response, begun.cookie)
    return schemas.AuthorizationBegun(authorization_url=begun.authorization_url)


@router.post(
    "/oidc/{provider}/finish",
    dependencies=[OwnPage],
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems(
        *WITH_BODY,
        *PROVIDER,
        "unauthenticated",
        "not-found",
        "origin-not-allowed",
        "authorization-invalid",
        "provider-denied",
        "provider-email-unverified",
        "provider-domain-refused",
        "provider-registration-closed",
        "registration-closed",
        "invitation-required",
        "email-domain-refused",
        "account-suspended",
        "account-link-required",
        "identity-taken",
        "second-factor-required",
    ),
)
async def finish_authorization(
    *,
    request: Request,
    response: Response,
    provider: ProviderId,
    answer: schemas.AuthorizationAnswer,
    caller: Anyone,
    identity: Identity,
    settings: CurrentSettings,
) -> schemas.AuthorizationFinished:
    """Use what the provider sent the browser back with.

    The callback page sends the query of its own address. `login` starts a session, as `POST /api/v1/auth/session` does,
    and registers a user who is unknown. Users are found by the provider's issuer and subject, never by an address: one
    that has an account here is answered with `account-link-required`. A user with a second factor gets 403
    `second-factor-required`, as after a password, unless the provider has demanded one. `confirm` renews the time of
    the session's proof.
    """
    await count_log_in(request)
    cookie = AuthorizationCookie.of(request, settings)
    finished = await identity.federation.finish(
        caller,
        provider,
        cookie.read(request),
        Answer(
            state=answer.state.get_secret_value(),
            code=answer.code.get_secret_value() if answer.code is not None else None,
            error=answer.error,
            iss=answer.iss,
        ),
    )
    cookie.clear(response)
    token, seconds = await _grant(request, response, caller=caller, identity=identity, finished=finished)
    return schemas.AuthorizationFinished(
        purpose=finished.purpose.value, return_to=finished.return_to, access_token=token, expires_in=seconds
    )


@router.get("/identities", responses=problems(*AUTHENTICATED))
async def list_identities(caller: Person, identity: Identity) -> schemas.Identities:
    """List the identities at providers by which you can log in."""
    found = await identity.federation.list(caller)
    return schemas.Identities(data=[schemas.Identity.of(*one) for one in found])


@router.delete(
    "/identities/{identity_id}",
    status_code=204,
    responses=problems(*AUTHENTICATED, "not-found", "reauthentication-required", "last-login-method"),
)
async def unlink_identity(identity_id: IdentityId, caller: RecentPerson, identity: Identity) -> None:
    """Unlink an identity: it no longer logs you in. Sessions that it began go on."""
    await identity.federation.unlink(caller, ids.from_wire("idn", identity_id))


async def _demand_session(request: Request, caller: Caller, identity: IdentityServices, purpose: Purpose) -> UUID:
    """Require the session of a browser; to link, one whose user has just proved who they are."""
    if caller.user_id is None:
        raise Unauthenticated
    principal = principal_of(request)
    if principal.session_id is None or not principal.browser:
        raise InsufficientScope("This is for the session of a browser")
    await require_session(identity, principal)
    if purpose is Purpose.LINK:
        require_recent(principal)
    return principal.session_id


async def _grant(
    request: Request, response: Response, *, caller: Caller, identity: IdentityServices, finished: Finished
) -> tuple[str | None, int | None]:
    """Return an access token of the login session that has begun or was confirmed."""
    if finished.purpose is Purpose.LINK:
        return None, None
    if finished.session_id is not None:
        owner = replace(caller, account_id=finished.user_id, user_id=finished.user_id)
        return await identity.browsers.confirm(owner, finished.session_id, methods=(FEDERATED,))
    refresh = RefreshCookie.of(request, settings_of(request))
    before = refresh.read(request)
    started = await identity.browsers.start(
        caller, finished.user_id, methods=(FEDERATED,), auth_time=_proved(finished.auth_time)
    )
    if before is not None:
        await identity.browsers.end(caller, before)
    refresh.write(response, started.refresh_token, seconds=started.refresh_seconds)
    return started.access_token, started.expires_in


def _proved(auth_time: int | None) -> datetime | None:
    """Return when the user proved who they are; None where the provider does not say, for now."""
    return datetime.fromtimestamp(min(auth_time, time.time()), UTC) if auth_time is not None else None
