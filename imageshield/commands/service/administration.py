"""`imageshield admin accounts …` and `admin users …`: search, tiers, suspension and operators."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import print_json, print_table, say, show

if TYPE_CHECKING:
    from backplane.wiring.administration import AdministrationServices

T = TypeVar("T")
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
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for the audit trail.")]


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
    rows, has_more = _with(
        data_dir,
        lambda found: found.accounts.page(limit=limit, before=None, words=search, tier=tier, state=state),
    )
    _print_page([_described("acc", row) for row in rows], has_more=has_more, json=json, what="accounts")


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


@users.command("list")
def list_users(
    search: Words = None,
    operators: Annotated[bool, typer.Option("--operators", help="Only operators.")] = False,
    limit: Limit = 100,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """List users, newest first."""
    rows, has_more = _with(
        data_dir,
        lambda found: found.users.page(limit=limit, before=None, words=search, operator=operators or None),
    )
    _print_page([_described("usr", row) for row in rows], has_more=has_more, json=json, what="users")


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
        user_id = await _user_id(found, user)
        await found.users.unlock(Caller.operator(), user_id)
        return await found.users.get(user_id)

    _print(_described("usr", _with(data_dir, act)), json=json)


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

    account_id = _id("acc", account)
    row = _with(data_dir, lambda found: found.accounts.change(Caller.operator(), account_id, AccountChange(**change)))
    _print(_described("acc", row), json=json)


def _change_user(user: str, data_dir: Path | None, *, json: bool, **change: Any) -> None:
    from backplane.services.administration.users import UserChange
    from backplane.services.requests.caller import Caller

    async def act(found: "AdministrationServices") -> Any:
        return await found.users.change(Caller.operator(), await _user_id(found, user), UserChange(**change))

    _print(_described("usr", _with(data_dir, act)), json=json)


async def _user_id(found: "AdministrationServices", user: str) -> UUID:
    return await found.users.id_of(user) if "@" in user else _id("usr", user)


def _with(data_dir: Path | None, act: "Callable[[AdministrationServices], Awaitable[T]]") -> T:
    from backplane.errors import ApplicationError
    from backplane.wiring.administration import open_administration
    from imageshield.commands.service.installation import installation

    async def run() -> T:
        async with open_administration(found.settings) as administration:
            return await act(administration)

    with installation(data_dir, new=False) as found:
        try:
            return asyncio.run(run())
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error


def _id(prefix: str, text: str) -> UUID:
    from backplane import ids
    from backplane.errors import NotFound

    try:
        return ids.from_wire(prefix, text)
    except NotFound:
        raise Failure("not-found", "There is no such object", f"{text} is no id {prefix}_…") from None


def _described(prefix: str, row: Any) -> dict[str, Any]:
    from backplane import ids

    fields = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in asdict(row).items()}
    name = {"acc": "account_id", "usr": "user_id"}[prefix]
    return {name: ids.to_wire(prefix, fields.pop("id")), **fields}


def _print(found: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(found)
    else:
        print_table(found)


def _print_page(found: list[dict[str, Any]], *, has_more: bool, json: bool, what: str) -> None:
    if json:
        print_json({"data": found, "has_more": has_more})
        return
    for one in found:
        print_table(one)
        show("")
    say(f"{len(found)} {what}{', and there are more' if has_more else ''}")
