"""The route that issues tickets for progress sockets."""

from fastapi import Request, Response

from api.admission import principal_of, require_session
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import CurrentFeeds, CurrentSettings, Identity, Reader
from api.live.messages import require_owner
from api.routing import Router
from api.schemas.tickets import NewTicket, Ticket
from backplane import ids
from backplane.errors import InsufficientScope

router = Router(prefix="/api/v1", tags=["jobs"])


@router.post("/ws-tickets", status_code=201, responses=problems(*AUTHENTICATED, *WITH_BODY, "not-found"))
async def issue_ticket(
    *,
    request: Request,
    wanted: NewTicket,
    caller: Reader,
    identity: Identity,
    feeds: CurrentFeeds,
    settings: CurrentSettings,
    response: Response,
) -> Ticket:
    """Get a ticket to a progress socket, for a page in a browser, which cannot send a header with a socket.

    It is valid once, for 30 seconds, for this job or batch, and from the `Origin` of this request, which is required
    and must be `PUBLIC_URL` or in `ALLOWED_ORIGINS`. Each connection, and each reconnection, needs a new one. Programs
    need none: they send `Authorization` with the handshake.
    """
    origins = request.headers.getlist("origin")
    if len(origins) != 1 or origins[0] not in settings.origins:
        raise InsufficientScope(
            "Tickets are for pages of PUBLIC_URL and of ALLOWED_ORIGINS; programs send Authorization"
        )
    prefix, subject = wanted.subject
    ids.from_wire(prefix, subject)
    holder = principal_of(request)
    await require_session(identity, holder)
    await require_owner(feeds, caller, subject)
    ticket = await identity.tickets.issue(holder, caller.account_id, subject=subject, origin=origins[0])
    response.headers["Cache-Control"] = "no-store"
    return Ticket(ticket=ticket.text, expires_at=ticket.expires_at)
