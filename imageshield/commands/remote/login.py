"""`imageshield login`, `logout` and `whoami`."""

import getpass
import socket
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.options import Json, PasswordFile, read_option
from imageshield.terminal.reporting import print_json, print_table, say

KEYS = "/api/v1/auth/keys"
SCOPES = ("jobs:read", "jobs:write", "keys:export", "results:read", "usage:read")
"""What a person does with pictures at a command line; `--scope` names others."""

app = typer.Typer()

Server = Annotated[str | None, typer.Option(metavar="URL", help="The service, such as https://images.example.")]
ApiKeyFile = Annotated[Path | None, read_option("--api-key-file", help="Read the API key from this file.")]


@app.command()
def login(  # noqa: PLR0917 - typer calls it by name
    server: Server = None,
    email: Annotated[str | None, typer.Option(help="The address that you log in with.")] = None,
    password_file: PasswordFile = None,
    api_key_file: ApiKeyFile = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope of the new key. May be repeated.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long the new key is valid.")] = 90,
    json: Json = False,
) -> None:
    """Make an API key for this device, or take an existing one, and keep it for your commands."""
    from imageshield.commands.remote import credentials
    from imageshield.commands.remote.connections import read_server

    address = read_server(server or _ask("Server: ", "--server"))
    if api_key_file is not None:
        credential = credentials.Credential(address, credentials.read_key(api_key_file))
    else:
        key = _make_key(address, email, password_file, scopes=scope or SCOPES, days=days)
        credential = credentials.Credential(address, key, made=True)
    found = _described(credential.server, credential.connect().get(f"{KEYS}/current"))
    place = credentials.keep(credential)
    _show(found, as_json=json)
    say(f"the API key is in {place}, for you alone")


@app.command()
def logout(json: Json = False) -> None:
    """Revoke the API key that `login` made, and forget it. A key that you brought is only forgotten."""
    from imageshield.commands.remote import credentials

    found = credentials.kept()
    if found is None:
        raise Failure("not-logged-in", "You are not logged in", "there is nothing to forget")
    # First: a service that is gone for good must not keep the key here.
    credentials.forget()
    if found.made:
        try:
            found.connect().delete(f"{KEYS}/current")
        except Failure as failure:
            if failure.code not in {"unauthenticated", "api-key-expired"}:
                detail = f"it is forgotten here, and valid at {found.server}: revoke it there. {failure.line()}"
                raise Failure("not-revoked", "The API key was not revoked", detail) from failure
    _show({"server": found.server, "revoked": found.made}, as_json=json)


@app.command()
def whoami(server: Server = None, api_key_file: ApiKeyFile = None, json: Json = False) -> None:
    """Show the service, the account and the rights of the API key that your commands send."""
    from imageshield.commands.remote import credentials

    credential = credentials.given(server, api_key_file)
    _show(_described(credential.server, credential.connect().get(f"{KEYS}/current")), as_json=json)


def _make_key(server: str, email: str | None, password_file: Path | None, *, scopes: Any, days: int) -> str:
    """Log in, make a key, and log out again: only the key remains."""
    from imageshield.commands.remote.connections import Connection

    form = {
        "grant_type": "password",
        "username": email or _ask("Email: ", "--email"),
        "password": _password(password_file),
    }
    token = _text(_log_in(Connection(server), form), "access_token")
    session = Connection(server, Authorization=f"Bearer {token}")
    try:
        wanted = {"name": _name(), "scopes": sorted(scopes), "expires_in_days": days}
        return _text(session.post(KEYS, wanted), "secret")
    finally:
        session.post("/api/v1/auth/logout")


def _log_in(server: Any, form: dict[str, str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = server.post_form("/api/v1/auth/token", form)
    except Failure as failure:
        if failure.code != "second-factor-required":
            raise
        found = server.post_form("/api/v1/auth/token", form | {"otp": _ask("One-time code: ", "a terminal")})
    return found


def _password(file: Path | None) -> str:
    from imageshield.terminal import passwords

    if file is not None:
        return passwords.given(file, None)[0]  # type: ignore[index] # a file was given
    _demand_terminal("--password-file")
    return getpass.getpass("Password: ")


def _name() -> str:
    """Name the key after the device, in characters that the service takes."""
    host = "".join(one for one in socket.gethostname() if one.isprintable())[:60].strip()
    return f"imageshield on {host or 'a device'}"


def _ask(prompt: str, option: str) -> str:
    _demand_terminal(option)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    text = sys.stdin.readline().strip()
    if not text:
        raise usage(f"nothing was given: see {option}")
    return text


def _demand_terminal(option: str) -> None:
    if not sys.stdin.isatty():
        raise usage(f"standard input is no terminal: name it with {option}")


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise Failure("server-unknown", "This is no ImageShield service", f"its answer has no {name}")
    return value


def _described(server: str, key: dict[str, Any]) -> dict[str, Any]:
    names = ("account_id", "id", "name", "prefix", "scopes", "networks", "expires_at")
    return {"server": server} | {name: key.get(name) for name in names}


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    texts = {name: " ".join(value) if isinstance(value, list) else value for name, value in found.items()}
    print_table({name: value for name, value in texts.items() if value is not None})
