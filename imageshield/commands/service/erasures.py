"""`imageshield admin erase …`: what an operator does on a written demand."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import print_json, print_table, say

if TYPE_CHECKING:
    from backplane.services.erasure.schedule import ErasureFacts
    from backplane.settings import Settings

MOST_DAYS, DEFAULT_DAYS = 30, 14

Name = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT|USER", help="The id of the account, acc_…, or of the user, usr_…, or the address."),
]


def erase(
    name: Name,
    *,
    grace_days: Annotated[
        int, typer.Option(min=0, max=MOST_DAYS, help="Days in which it can be canceled; 0 erases at once.")
    ] = DEFAULT_DAYS,
    yes: Annotated[bool, typer.Option("--yes", help="You know what will be lost.")] = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Erase an account or a user, with all jobs, pictures and keys, after some days. Afterwards nobody gets them back.

    The account is closed from now on; its unfinished jobs are ended. The relay must run.
    """
    from imageshield.commands.service.installation import installation

    if not yes:
        raise usage("--yes is missing: with the keys, every picture whose key only this service has is lost")
    with installation(data_dir, new=False) as found:
        facts = _schedule(found.settings, name, timedelta(days=grace_days))
    _print(facts, as_json=json)


def _schedule(settings: "Settings", name: str, grace: timedelta) -> "ErasureFacts":
    from backplane.errors import ApplicationError
    from backplane.services.requests.caller import Caller
    from backplane.wiring.erasure import open_erasures

    async def run() -> "ErasureFacts":
        account_id = await _find(settings, name)
        async with open_erasures(settings) as erasures:
            return await erasures.erase_for_operator(Caller.operator(), account_id, grace=grace)

    try:
        return asyncio.run(run())
    except ApplicationError as error:
        raise Failure(error.code, error.title, error.detail or "") from error


async def _find(settings: "Settings", name: str) -> UUID:
    """Return the id of an account; a user and the personal account have the same."""
    from backplane import ids
    from backplane.wiring.administration import open_administration

    if "@" not in name:
        return ids.from_wire("usr" if name.startswith("usr_") else "acc", name)
    async with open_administration(settings) as administration:
        return await administration.users.id_of(name)


def _print(facts: "ErasureFacts", *, as_json: bool) -> None:
    from backplane import ids

    found: dict[str, Any] = {
        "id": ids.to_wire("ers", facts.id),
        "account_id": ids.to_wire("acc", facts.account_id),
        "state": facts.state,
        "requested_at": facts.requested_at.isoformat(),
        "erase_at": facts.erase_at.isoformat(),
        "backups_by": facts.backups_by.isoformat() if facts.backups_by is not None else None,
    }
    if as_json:
        print_json(found)
        return
    print_table(found)
    if facts.backups_by is None:
        say("BACKUP_RETENTION_DAYS and VAULT_COPY_RETENTION_DAYS are unset: nobody knows when the last backup is gone")
