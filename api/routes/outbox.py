"""Routes of operators: the mails that an installation without a mail server writes to a folder."""

from typing import Annotated

from fastapi import Query, Response, Security

from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Mail, RecentOperator, authenticate_operator
from api.requests.cursors import read_cursor
from api.routing import Router
from api.schemas.outbox import ID, OutboxEntry, OutboxMail, OutboxPage
from api.schemas.values import WholeNumber
from backplane import ids

router = Router(prefix="/api/v1/admin/outbox", tags=["admin"])


@router.get(
    "",
    dependencies=[Security(authenticate_operator)],
    responses=problems(*AUTHENTICATED, "not-found", "validation-failed"),
)
async def list_outbox(
    mail: Mail,
    limit: Annotated[WholeNumber, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="The `next_cursor` of the page before")] = None,
) -> OutboxPage:
    """List the mails that were written to `MAIL_OUTBOX_DIRECTORY`, newest first. For operators.

    404 where a mail server sends the mails, and in production.
    """
    found, has_more = await mail.outbox.page(limit=limit, before=read_cursor(ID, cursor))
    entries = [OutboxEntry.of(one) for one in found]
    return OutboxPage(data=entries, has_more=has_more, next_cursor=entries[-1].id if has_more else None)


@router.get("/{mail_id}", responses=problems(*AUTHENTICATED, "reauthentication-required", "not-found"))
async def read_outbox_mail(mail_id: str, caller: RecentOperator, mail: Mail, response: Response) -> OutboxMail:
    """Read a mail of the outbox. For operators, in a browser only within ten minutes of the log-in.

    Its links can log in and set passwords, so the audit trail of the system names who has read it.
    """
    response.headers["Cache-Control"] = "no-store"
    return OutboxMail.of(await mail.outbox.read(caller, ids.from_wire(ID, mail_id)))
