"""`imageshield admin mails`: list the mails that were given up."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imageshield.terminal.failures import Failure
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import print_json, print_table, say, show

if TYPE_CHECKING:
    from backplane.services.mail.deliveries import DeadMail
    from backplane.settings import Settings


def list_dead(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The maximum number; the newest come first.")] = 100,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """List the mails that were given up, newest first. Their recipients and texts are deleted."""
    from backplane.errors import ApplicationError
    from imageshield.commands.service.installation import installation

    with installation(data_dir, new=False) as found:
        try:
            mails = asyncio.run(_read(found.settings, limit))
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error
    described = [_described(mail) for mail in mails]
    if json:
        print_json({"data": described})
        return
    for mail in described:
        print_table(mail)
        show("")
    say(f"{len(described)} dead mails")


async def _read(settings: "Settings", limit: int) -> "list[DeadMail]":
    from backplane.wiring.operator import open_dead_mails

    async with open_dead_mails(settings) as read:
        return await read(limit=limit)


def _described(mail: "DeadMail") -> dict[str, Any]:
    from backplane import ids

    return {
        "mail_id": ids.to_wire("mai", mail.id),
        "user_id": None if mail.user_id is None else ids.to_wire("usr", mail.user_id),
        "kind": mail.kind,
        "outcome": mail.outcome,
        "status_code": mail.status_code,
        "attempts": mail.attempts,
        "created_at": mail.created_at.isoformat(),
        "given_up_at": mail.ended_at.isoformat(),
    }
