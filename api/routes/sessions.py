"""Routes of the login sessions of browsers: the refresh token is in a cookie, the access token in the answer."""

from fastapi import Request, Response

from api.answers.problems import WITH_BODY, problems
from api.dependencies import Anyone, CurrentSettings, Identity, settings_of
from api.errors import problem
from api.rates import count_log_in
from api.requests.origins import OWN_PAGE_HEADER, OwnPage
from api.requests.refresh_cookie import RefreshCookie
from api.routing import Router
from api.schemas.passkeys import PasskeyOptions
from api.schemas.sessions import BrowserSession, Login, PasskeyLogin, PasskeyRequest, SecondFactor
from backplane.errors import Unauthenticated
from backplane.services.identity import browser_sessions
from backplane.services.identity.log_ins import LoggedIn
from backplane.services.requests.caller import Caller
from backplane.wiring.identity import IdentityServices

router = Router(prefix="/api/v1/auth/session", tags=["accounts"], dependencies=[OwnPage])
REFUSED = ("unauthenticated", "origin-not-allowed")


@router.post(
    "",
    response_model=BrowserSession,
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems(*REFUSED, *WITH_BODY, "second-factor-required", "too-many-attempts"),
)
async def start_session(
    *, request: Request, response: Response, login: Login, caller: Anyone, identity: Identity
) -> BrowserSession:
    """Log a browser in.

    For pages of this service: `Origin` must be `PUBLIC_URL` or in `ALLOWED_ORIGINS`. The refresh token is in a cookie
    that no script can read; programs use `POST /api/v1/auth/token`. A session that the browser had before ends. A wrong
    email and a wrong password have the same answer. A user with a second factor gets 403 `second-factor-required`,
    whose `pending` and `methods` are for `…/second-factor`.
    """
    await count_log_in(request)
    logged_in = await identity.log_ins.by_password(
        caller, email=login.email, password=login.password.get_secret_value()
    )
    return await _start(request, response, caller, identity, logged_in=logged_in)


@router.post(
    "/second-factor",
    response_model=BrowserSession,
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems(
        *REFUSED, *WITH_BODY, "log-in-expired", "code-wrong", "clock-wrong", "passkey-refused", "too-many-attempts"
    ),
)
async def finish_session(
    *,
    request: Request,
    response: Response,
    given: SecondFactor,
    caller: Anyone,
    identity: Identity,
) -> BrowserSession:
    """Finish a log-in with a second factor.

    A wrong code does not end the log-in. After five of them each further one has to wait.
    """
    await count_log_in(request)
    logged_in = await identity.log_ins.finish(caller, given.pending.get_secret_value(), given.proof)
    return await _start(request, response, caller, identity, logged_in=logged_in)


@router.post(
    "/passkey/options",
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems("origin-not-allowed", *WITH_BODY, "log-in-expired", "passkeys-unavailable"),
)
async def ask_for_passkey(wanted: PasskeyRequest, identity: Identity, response: Response) -> PasskeyOptions:
    """Get the options for `navigator.credentials.get`, for a log-in.

    With `pending` the passkey is its second factor. Without it the options name no user: the browser offers the
    passkeys that it has. They are good once, for 5 minutes.
    """
    pending = wanted.pending.get_secret_value() if wanted.pending is not None else None
    response.headers["Cache-Control"] = "no-store"
    return PasskeyOptions(options=await identity.log_ins.ask_for_passkey(pending))


@router.post(
    "/passkey",
    response_model=BrowserSession,
    openapi_extra=OWN_PAGE_HEADER,
    responses=problems("origin-not-allowed", *WITH_BODY, "passkey-refused", "passkeys-unavailable"),
)
async def start_session_by_passkey(
    *,
    request: Request,
    response: Response,
    given: PasskeyLogin,
    caller: Anyone,
    identity: Identity,
) -> BrowserSession:
    """Log a browser in with a passkey alone.

    The device must have asked for a fingerprint, a face or a PIN, and the passkey must be one that it finds itself.
    """
    await count_log_in(request)
    logged_in = await identity.log_ins.by_passkey(caller, given.passkey.written())
    return await _start(request, response, caller, identity, logged_in=logged_in)


@router.post("/refresh", response_model=BrowserSession, openapi_extra=OWN_PAGE_HEADER, responses=problems(*REFUSED))
async def refresh_session(
    request: Request, response: Response, caller: Anyone, identity: Identity, settings: CurrentSettings
) -> BrowserSession | Response:
    """Get the next access token of a browser.

    The cookie brings the next refresh token, at most once a minute. A cookie that was replaced less than 20 seconds ago
    brings the same next one, for an answer that was lost and for two tabs at once. Used later, it ends the session. If
    the session has ended, the answer is 401 and removes the cookie.
    """
    cookie = RefreshCookie.of(request, settings)
    try:
        session = await identity.browsers.refresh(caller, cookie.demand(request))
    except Unauthenticated as error:
        refused = problem(request, error)
        cookie.clear(refused)
        return refused
    return _answer(response, cookie, session)


@router.delete(
    "", status_code=204, response_model=None, openapi_extra=OWN_PAGE_HEADER, responses=problems("origin-not-allowed")
)
async def end_session(request: Request, caller: Anyone, identity: Identity, settings: CurrentSettings) -> Response:
    """Log a browser out.

    The session of the cookie ends, its sockets and event streams are closed, and the cookie is removed. 204 also where
    there is no session.
    """
    cookie = RefreshCookie.of(request, settings)
    token = cookie.read(request)
    if token is not None:
        await identity.browsers.end(caller, token)
    ended = Response(status_code=204)
    cookie.clear(ended)
    return ended


async def _start(
    request: Request, response: Response, caller: Caller, identity: IdentityServices, *, logged_in: LoggedIn
) -> BrowserSession:
    cookie = RefreshCookie.of(request, settings_of(request))
    before = cookie.read(request)
    started = await identity.browsers.start(caller, logged_in.user_id, methods=logged_in.methods)
    if before is not None:
        await identity.browsers.end(caller, before)
    return _answer(response, cookie, started)


def _answer(response: Response, cookie: RefreshCookie, session: browser_sessions.BrowserSession) -> BrowserSession:
    cookie.write(response, session.refresh_token, seconds=session.refresh_seconds)
    return BrowserSession(access_token=session.access_token, expires_in=session.expires_in)
