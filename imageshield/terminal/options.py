"""Options that several commands share, with their help, and the checks of `-` as standard input or output."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from imageshield.terminal.inputs import STANDARD, file
from imageshield.terminal.reporting import manner

Value = TypeVar("Value")


class Purity(StrEnum):
    """How quantum bits are used."""

    FAST = "fast"
    BALANCED = "balanced"
    MULTISTAGE = "multistage"
    MAXIMUM = "maximum"


class Layout(StrEnum):
    """What is encrypted."""

    AUTO = "auto"
    PIXELS = "pixels"
    FILE = "file"


def reads(context: typer.Context, parameter: typer.CallbackParam, value: Value) -> Value:
    """Let standard input be read once, and never from a keyboard."""
    for one in value if isinstance(value, list | tuple) else [value]:
        if one in {STANDARD, "-", "@-"} or (parameter.name.endswith("_fd") and one == 0):
            _claim(context, parameter, "standard input")
            if sys.stdin.isatty() and one != 0:
                raise typer.BadParameter("standard input is a terminal: - is for a pipe or a file", param=parameter)
    return value


def writes(context: typer.Context, parameter: typer.CallbackParam, value: Value) -> Value:
    """Let standard output be written once, and nothing but text to a screen."""
    if value == STANDARD:
        _claim(context, parameter, "standard output")
        if sys.stdout.isatty():
            raise typer.BadParameter("standard output is a terminal: - is for a pipe or a file", param=parameter)
        manner.stdout_is_data = True
    return value


def _as_json(context: typer.Context, parameter: typer.CallbackParam, value: bool) -> bool:
    if value:
        _claim(context, parameter, "standard output")
    return value


def _be_quiet(value: bool) -> bool:
    manner.quiet = value
    return value


def _claim(context: typer.Context, parameter: typer.CallbackParam, stream: str) -> None:
    other = context.meta.setdefault(f"imageshield {stream}", parameter)
    if context.meta.get(f"imageshield {stream} claimed"):
        names = " and ".join(dict.fromkeys(_name(one) for one in (other, parameter)))
        raise typer.BadParameter(f"{stream} serves one of them only: {names}", param=parameter)
    context.meta[f"imageshield {stream} claimed"] = True


def _name(parameter: Any) -> str:
    return str(max(parameter.opts, key=len)) if parameter.param_type_name == "option" else str(parameter.metavar)


def read_argument(metavar: str, help: str) -> Any:  # noqa: A002 - as typer calls it
    """Declare an argument that names a file to read."""
    return typer.Argument(metavar=metavar, help=help, parser=file, callback=reads)


def read_option(*names: str, help: str, metavar: str = "FILE") -> Any:  # noqa: A002 - as typer calls it
    """Declare an option that names a file to read."""
    return typer.Option(*names, metavar=metavar, help=help, parser=file, callback=reads)


def write_option(*names: str, help: str, metavar: str = "FILE") -> Any:  # noqa: A002 - as typer calls it
    """Declare an option that names a file to write."""
    return typer.Option(*names, metavar=metavar, help=help, parser=file, callback=writes)


_FROM_FILE = "Read the password from this file, without its final line end."
_FROM_FD = "Read the password from this file descriptor."

PasswordFile = Annotated[Path | None, read_option("-p", "--password-file", help=_FROM_FILE)]
PasswordFd = Annotated[int | None, typer.Option("--password-fd", min=0, help=_FROM_FD, callback=reads)]
NewPasswordFile = Annotated[Path | None, read_option("--new-password-file", help=f"{_FROM_FILE[:-1]}: the new one.")]
NewPasswordFd = Annotated[int | None, typer.Option("--new-password-fd", min=0, help=_FROM_FD, callback=reads)]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result, or the error, as JSON on stdout.", callback=_as_json)
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Tell warnings and errors only.", callback=_be_quiet)]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there already.")]
Recipients = Annotated[
    list[str] | None,
    typer.Option(
        "-r",
        "--recipient",
        metavar="KEY|FILE",
        help="Who can open: a public key, or a file of them. May be repeated.",
        callback=reads,
    ),
]
Identities = Annotated[
    list[Path] | None, read_option("-i", "--identity", help="A file of secret keys. May be repeated.")
]
Fips = Annotated[bool, typer.Option("--fips", help="Derive from the password with PBKDF2, not with Argon2id.")]
PlainKey = Annotated[bool, typer.Option("--plain-key", help="No password: the key file opens the picture.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
InstallationDir = Annotated[
    Path | None, typer.Option(help="Where `imageshield up` keeps everything. [default: as of `up`]")
]
