"""The commands about keys: making them, locking a key file anew, and those of the predecessor."""

from pathlib import Path
from typing import Annotated

import typer

from imageshield.terminal.inputs import file
from imageshield.terminal.options import (
    Fips,
    Force,
    Identities,
    Json,
    NewPasswordFd,
    NewPasswordFile,
    PasswordFd,
    PasswordFile,
    PlainKey,
    Quiet,
    Recipients,
    read_argument,
    read_option,
    write_option,
)

app = typer.Typer()


@app.command()
def rewrap(  # noqa: PLR0917 - typer calls it by name
    key: Annotated[Path, read_argument("KEY", "A key file.")],
    out: Annotated[Path, write_option("-o", "--out", help="The new key file.")],
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    identity: Identities = None,
    new_password_file: NewPasswordFile = None,
    new_password_fd: NewPasswordFd = None,
    recipient: Recipients = None,
    fips: Fips = False,
    plain_key: PlainKey = False,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 - its callback does it
    force: Force = False,
) -> None:
    """Make of KEY a key file that others open: with another password, for other recipients."""
    from imageshield.commands.offline import access
    from imageshield.commands.offline.rewrap import rewrap as run

    keys = access.Keys(password_file, password_fd, identity or ())
    locks = access.Locks(
        new_password_file, new_password_fd, plain=plain_key, recipients=recipient or (), fips=fips, prefix="--new-"
    )
    run(key, out=out, keys=keys, locks=locks, force=force, as_json=json)


@app.command()
def keygen(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Where to keep the secret key. [default: stdout]", parser=file)
    ] = None,
    public: Annotated[
        Path | None, read_option("--public", help="Make nothing: print the public keys of this file.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 - its callback does it
) -> None:
    """Make the keys of a recipient: a secret one to keep, and a public one to hand out."""
    from imageshield.commands.offline import keygen as making

    if public is None:
        making.generate(out=out, as_json=json)
    else:
        making.show_public(public, out=out, as_json=json)


@app.command()
def import_legacy(  # noqa: PLR0917 - typer calls it by name
    encrypted: Annotated[Path, read_argument("ENCRYPTED", "A picture that the predecessor encrypted.")],
    key: Annotated[Path, read_argument("KEY.npz", "Its key file.")],
    out: Annotated[Path, write_option("-o", "--out", help="The picture, as a PNG.")],
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Go on where the key file's HMAC does not fit.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 - its callback does it
    force: Force = False,
) -> None:
    """Get a picture back that the predecessor of this program encrypted."""
    from imageshield.commands.offline.import_legacy import import_legacy as run

    run(encrypted, key, out=out, verify=not unverified, force=force, as_json=json)
