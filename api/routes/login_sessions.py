"""Routes of the list of a user's login sessions."""

from fastapi import Request

from api.admission import principal_of
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Identity, Person, PersonInSession
from api.routing import Router
from api.schemas.login_sessions import PREFIX, LoginSession, LoginSessions
from backplane import ids

router = Router(prefix="/api/v1/auth/sessions", tags=["accounts"])


@router.get("", responses=problems(*AUTHENTICATED))
async def list_sessions(request: Request, caller: Person, identity: Identity) -> LoginSessions:
    """List your login sessions, of browsers and of programs: the last used first."""
    current = principal_of(request).session_id
    found = await identity.sessions.list(caller)
    return LoginSessions(data=[LoginSession.of(one, current=current) for one in found])


@router.delete("/{session_id}", status_code=204, responses=problems(*AUTHENTICATED, "not-found"))
async def end_login_session(session_id: str, caller: PersonInSession, identity: Identity) -> None:
    """End a login session: within a second its tokens are refused, and its sockets and event streams are closed."""
    await identity.sessions.end(caller, ids.from_wire(PREFIX, session_id))


@router.delete("", status_code=204, responses=problems(*AUTHENTICATED))
async def end_other_sessions(request: Request, caller: PersonInSession, identity: Identity) -> None:
    """End all your login sessions but this one."""
    await identity.sessions.end_all(caller, but=principal_of(request).session_id)
