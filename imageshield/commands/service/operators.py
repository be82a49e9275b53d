"""`imageshield admin create-operator`: make a user an operator of the installation."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from imageshield.terminal import passwords
from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.options import InstallationDir, Json, PasswordFd, PasswordFile
from imageshield.terminal.reporting import print_json, say

if TYPE_CHECKING:
    from backplane.services.identity.operators import Operators
    from backplane.services.requests.caller import Caller

T = TypeVar("T")

HINT = "without a terminal, give the password with --password-file or --password-fd"


def create(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address of a user, or of a new one.")],
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Make the user with the address EMAIL an operator. A new user gets the password that is asked for."""
    _check(email)
    existing = _with_operators(data_dir, lambda operators: operators.exists(email))
    if existing:
        _with_operators(data_dir, lambda operators: operators.promote(_caller(), email))
    else:
        password = passwords.given_new(password_file, password_fd) or passwords.ask_new(HINT)
        _with_operators(data_dir, lambda operators: operators.add(_caller(), email, password))
    if json:
        print_json({"email": email.lower(), "created": not existing})
    say(f"{email.lower()} is an operator" + ("" if existing else ", and a new user"))


def _check(email: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    from api.schemas.auth import NewEmail

    try:
        TypeAdapter(NewEmail).validate_python(email)
    except ValidationError:
        raise usage("EMAIL is no mail address") from None


def _caller() -> "Caller":
    from backplane.services.requests.caller import Caller

    return Caller.operator()


def _with_operators(data_dir: Path | None, act: "Callable[[Operators], Awaitable[T]]") -> T:
    from backplane.errors import ApplicationError
    from backplane.wiring.operator import open_operators
    from imageshield.commands.service.installation import installation

    async def run() -> T:
        async with open_operators(found.settings) as operators:
            return await act(operators)

    with installation(data_dir, new=False) as found:
        try:
            return asyncio.run(run())
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error
