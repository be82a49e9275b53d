"""Options that several commands have, with what `--help` says of them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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


PasswordFile = Annotated[
    Path | None, typer.Option(help="Read the password from this file, without its final line end.")
]
PasswordFd = Annotated[int | None, typer.Option(min=0, help="Read the password from this file descriptor.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result, or the error, as JSON on stdout.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there already.")]
Recipients = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY|FILE", help="Who can open: a public key, or a file of them. May be repeated."),
]
Identities = Annotated[
    list[Path] | None, typer.Option("--identity", metavar="FILE", help="A file of secret keys. May be repeated.")
]
Fips = Annotated[bool, typer.Option("--fips", help="Derive from the password with PBKDF2, not with Argon2id.")]
PlainKey = Annotated[bool, typer.Option("--plain-key", help="No password: the key file opens the picture.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
