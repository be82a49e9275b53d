"""`imageshield admin reset-factors …`: reset the lost second factors of a user, with a second operator or a mail."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import typer

from imageshield.commands.service.administration import Reason, UserName
from imageshield.commands.service.operating import described, print_one, user_id_of, with_administration
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import say

if TYPE_CHECKING:
    from typing import Any

    from backplane.services.administration.factor_resets import FactorResets
    from backplane.wiring.administration import AdministrationServices

app = typer.Typer(
    name="reset-factors",
    help="Reset lost second factors, with a second operator or a mail.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def request(user: UserName, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False) -> None:
    """Ask for the removal of all second factors of USER. Another operator confirms it, or the user by a mail."""
    from backplane.services.requests.caller import Caller

    _act(user, data_dir, lambda resets, user_id: resets.request(Caller.operator(), user_id, reason), json=json)
    say("nothing is removed yet: an operator confirms it in the console, or the user by the link of the mail")


@app.command()
def confirm(user: UserName, data_dir: InstallationDir = None, json: Json = False) -> None:
    """Remove the second factors of USER, as an operator in the console has asked. The password stays."""
    from backplane.services.requests.caller import Caller

    _act(user, data_dir, lambda resets, user_id: resets.confirm(Caller.operator(), user_id), json=json)


@app.command()
def withdraw(user: UserName, data_dir: InstallationDir = None, json: Json = False) -> None:
    """Withdraw the request for USER. The link of the mail ends."""
    from backplane.services.requests.caller import Caller

    _act(user, data_dir, lambda resets, user_id: resets.withdraw(Caller.operator(), user_id), json=json)


def _act(
    user: str, data_dir: Path | None, act: "Callable[[FactorResets, UUID], Awaitable[None]]", *, json: bool
) -> None:
    async def run(found: "AdministrationServices") -> "Any":
        user_id = await user_id_of(found, user)
        await act(found.factor_resets, user_id)
        return await found.users.get(user_id)

    print_one(described("usr", with_administration(data_dir, run)), json=json)
