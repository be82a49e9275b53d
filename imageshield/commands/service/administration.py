"""`imageshield admin accounts …` and `admin users …`: search, tiers, suspension and operators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imageshield.commands.service.operating import (
    described,
    id_of,
    print_one,
    print_page,
    user_id_of,
    with_administration,
)
from imageshield.terminal.failures import usage
from imageshield.terminal.options import InstallationDir, Json

if TYPE_CHECKING:
    from backplane.wiring.administration import AdministrationServices

MOST = 1000

accounts = typer.Typer(
    name="accounts", help="Search accounts, change tiers, suspend.", no_args_is_help=True, rich_markup_mode=None
)
users = typer.Typer(
    name="users", help="Search users, suspend, name operators.", no_args_is_help=True, rich_markup_mode=None
)

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The id of the account, acc_…")]
UserName = Annotated[str, typer.Argument(metavar="USER", help="The id of the user, usr_…, or the email address")]
Words = Annotated[str | None, typer.Option("--search", help="A part of the name or of the email address.")]
Limit = Annotated[int, typer.Option(min=1, max=MOST, help="The maximum number; the newest come first.")]
Reason = Annotated[
    str | None,
    typer.Option(
        "--reason",
        help="Why. Kept with the audit trail, also after an erasure: no personal data, rather a ticket number.",
    ),
]


@accounts.command("list")
def list_accounts(
    *,
    search: Words = None,
    tier: Annotated[str | None, typer.Option(help="Only accounts of this tier.")] = None,
    state: Annotated[str | None, typer.Option(help="active, suspended or closed.")] = None,
    limit: Limit = 100,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """List accounts, newest first."""
    if state not in {None, "active", "suspended", "closed"}:
        raise usage("--state is active, suspended or closed")
    rows, has_more = with_administration(
        data_dir,
        lambda found: found.accounts.page(limit=limit, before=None, words=search, tier=tier, state=state),
    )
    print_page([described("acc", row) for row in rows], has_more=has_more, json=json, what="accounts")


@accounts.command()
def set_tier(
    account: AccountId,
    tier: Annotated[str, typer.Argument(metavar="TIER", help="One of the table of tiers, such as pro.")],
    reason: Reason = None,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Give ACCOUNT another tier. It counts for what is submitted from then on."""
    _change_account(account, data_dir, json=json, tier=tier, reason=reason)


@accounts.command("suspend")
def suspend_account(
    account: AccountId, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False
) -> None:
    """Refuse the requests of ACCOUNT. Its data is kept."""
    _change_account(account, data_dir, json=json, suspended=True, reason=reason)


@accounts.command("reinstate")
def reinstate_account(
    account: AccountId, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False
) -> None:
    """End the suspension of ACCOUNT."""
    _change_account(account, data_dir, json=json, suspended=False, reason=reason)


@accounts.command()
def members(account: AccountId, data_dir: InstallationDir = None, json: Json = False) -> None:
    """List the members of ACCOUNT with their roles."""
    account_id = id_of("acc", account)
    rows = with_administration(data_dir, lambda found: found.accounts.members(account_id))
    print_page([described("usr", row, name="user_id") for row in rows], has_more=False, json=json, what="members")


@users.command("list")
def list_users(
    *,
    search: Words = None,
    operators: Annotated[bool, typer.Option("--operators", help="Only operators.")] = False,
    resets: Annotated[
        bool, typer.Option("--resets", help="Only users whose reset of second factors waits for its confirmation.")
    ] = False,
    limit: Limit = 100,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """List users, newest first."""
    rows, has_more = with_administration(
        data_dir,
        lambda found: found.users.page(
            limit=limit, before=None, words=search, operator=operators or None, reset=resets or None
        ),
    )
    print_page([described("usr", row) for row in rows], has_more=has_more, json=json, what="users")


@users.command("suspend")
def suspend_user(user: UserName, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False) -> None:
    """End the login sessions of USER, and refuse to log in."""
    _change_user(user, data_dir, json=json, suspended=True, reason=reason)


@users.command("reinstate")
def reinstate_user(user: UserName, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False) -> None:
    """Let USER log in again."""
    _change_user(user, data_dir, json=json, suspended=False, reason=reason)


@users.command()
def unlock(user: UserName, data_dir: InstallationDir = None, json: Json = False) -> None:
    """Forget the wrong passwords that delay the next log-in of USER."""
    from backplane.services.requests.caller import Caller

    async def act(found: "AdministrationServices") -> Any:
        user_id = await user_id_of(found, user)
        await found.users.unlock(Caller.operator(), user_id)
        return await found.users.get(user_id)

    print_one(described("usr", with_administration(data_dir, act)), json=json)


@users.command()
def end_sessions(user: UserName, data_dir: InstallationDir = None, json: Json = False) -> None:
    """End all login sessions of USER, who can log in again."""
    from backplane.services.requests.caller import Caller

    async def act(found: "AdministrationServices") -> dict[str, Any]:
        user_id = await user_id_of(found, user)
        ended = await found.users.end_sessions(Caller.operator(), user_id)
        return described("usr", await found.users.get(user_id)) | {"ended_sessions": ended}

    print_one(with_administration(data_dir, act), json=json)


@users.command()
def grant_operator(user: UserName, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False) -> None:
    """Make USER an operator of the installation."""
    _change_user(user, data_dir, json=json, operator=True, reason=reason)


@users.command()
def revoke_operator(
    user: UserName, reason: Reason = None, data_dir: InstallationDir = None, json: Json = False
) -> None:
    """Take the rights of an operator from USER."""
    _change_user(user, data_dir, json=json, operator=False, reason=reason)


def _change_account(account: str, data_dir: Path | None, *, json: bool, **change: Any) -> None:
    from backplane.services.administration.accounts import AccountChange
    from backplane.services.requests.caller import Caller

    account_id = id_of("acc", account)
    row = with_administration(
        data_dir, lambda found: found.accounts.change(Caller.operator(), account_id, AccountChange(**change))
    )
    print_one(described("acc", row), json=json)


def _change_user(user: str, data_dir: Path | None, *, json: bool, **change: Any) -> None:
    from backplane.services.administration.users import UserChange
    from backplane.services.requests.caller import Caller

    async def act(found: "AdministrationServices") -> Any:
        return await found.users.change(Caller.operator(), await user_id_of(found, user), UserChange(**change))

    print_one(described("usr", with_administration(data_dir, act)), json=json)
