from fastapi import Request, Response

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import CurrentSettings, Reader, Services
from api.live.messages import demand_owner
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
    services: Services,
    settings: CurrentSettings,
    response: Response,
) -> Ticket:
    """Get a ticket to a progress socket, for a page in a browser, which cannot send a header with a socket.

    It is good once, for 30 seconds, for this job or batch, and from the `Origin` of this request, which must be there
    and in `ALLOWED_ORIGINS`. Each connection, and each reconnection, needs a new one. Programs need none: they send
    `Authorization` with the handshake.
    """
    origins = request.headers.getlist("origin")
    if len(origins) != 1 or origins[0] not in settings.allowed_origins:
        raise InsufficientScope("Tickets are for pages of an origin in ALLOWED_ORIGINS; programs send Authorization")
    prefix, subject = wanted.subject
    ids.from_wire(prefix, subject)
    await services.sessions.demand(caller.session_id)
    await demand_owner(services, caller, subject)
    ticket = await services.tickets.issue(caller, subject=subject, origin=origins[0])
    response.headers["Cache-Control"] = "no-store"
    return Ticket(ticket=ticket.text, expires_at=ticket.expires_at)
