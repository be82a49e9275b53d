"""Routes of the login sessions of browsers: the refresh token is in a cookie, the access token in the answer."""

from fastapi import Request, Response

from api.answers.problems import WITH_BODY, problems
from api.dependencies import Anyone, CurrentSettings, Identity
from api.errors import problem
from api.rates import count_log_in
from api.requests.origins import OWN_PAGE_HEADER, OwnPage
from api.requests.refresh_cookie import RefreshCookie
from api.routing import Router
from api.schemas.sessions import BrowserSession, Login
from backplane.errors import Unauthenticated
from backplane.services.identity import browser_sessions

router = Router(prefix="/api/v1/auth/session", tags=["accounts"], dependencies=[OwnPage])
REFUSED = ("unauthenticated", "origin-not-allowed")


@router.post("", openapi_extra=OWN_PAGE_HEADER, responses=problems(*REFUSED, *WITH_BODY, "too-many-attempts"))
async def start_session(
    *, request: Request, response: Response, login: Login, caller: Anyone, identity: Identity, settings: CurrentSettings
) -> BrowserSession:
    """Log a browser in.

    For pages of this service: `Origin` must be `PUBLIC_URL` or in `ALLOWED_ORIGINS`. The refresh token is in a cookie
    that no script can read; programs use `POST /api/v1/auth/token`. A session that the browser had before ends. A wrong
    email and a wrong password have the same answer.
    """
    await count_log_in(request)
    user_id = await identity.accounts.authenticate(
        caller, email=login.email, password=login.password.get_secret_value()
    )
    cookie = RefreshCookie.of(request, settings)
    before = cookie.read(request)
    started = await identity.browsers.start(caller, user_id)
    if before is not None:
        await identity.browsers.end(caller, before)
    return _answer(response, cookie, started)


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


def _answer(response: Response, cookie: RefreshCookie, session: browser_sessions.BrowserSession) -> BrowserSession:
    cookie.write(response, session.refresh_token, seconds=session.refresh_seconds)
    return BrowserSession(access_token=session.access_token, expires_in=session.expires_in)
