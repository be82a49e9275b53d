"""Commands for keys: `rewrap`, `keygen`, `import-legacy`, and `opener`, which only needs a browser afterwards."""

from pathlib import Path
from typing import Annotated

import typer

from imageshield.terminal import options
from imageshield.terminal.inputs import file

app = typer.Typer()


@app.command()
def rewrap(  # noqa: PLR0917 - typer calls it by name
    key: Annotated[Path, options.read_argument("KEY", "A key file.")],
    out: Annotated[Path, options.write_option("-o", "--out", help="The new key file.")],
    password_file: options.PasswordFile = None,
    password_fd: options.PasswordFd = None,
    identity: options.Identities = None,
    new_password_file: options.NewPasswordFile = None,
    new_password_fd: options.NewPasswordFd = None,
    fips: options.Fips = False,
    recipient: options.Recipients = None,
    plain_key: options.PlainKey = False,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
) -> None:
    """Make a new key file from KEY, with another password or for other recipients."""
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
        Path | None,
        options.read_option("--public", help="Create nothing: print the public keys of this secret key file."),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
) -> None:
    """Create the keys of a recipient: a secret one to keep, and a public one to give away."""
    from imageshield.commands.offline import keygen as making

    if public is None:
        making.generate(out=out, as_json=json)
    else:
        making.show_public(public, out=out, as_json=json)


@app.command()
def import_legacy(  # noqa: PLR0917 - typer calls it by name
    encrypted: Annotated[Path, options.read_argument("ENCRYPTED", "A picture that the predecessor encrypted.")],
    key: Annotated[Path, options.read_argument("KEY.npz", "Its key file.")],
    out: Annotated[Path, options.write_option("-o", "--out", help="The picture, as a PNG.")],
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Continue if the HMAC of the key file does not match.")
    ] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
) -> None:
    """Decrypt a picture that the predecessor of this program encrypted."""
    from imageshield.commands.offline.import_legacy import import_legacy as run

    run(encrypted, key, out=out, verify=not unverified, force=force, as_json=json)


@app.command()
def opener(
    out: Annotated[Path, options.write_option("-o", "--out", help="The page.")] = Path("open.html"),
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
) -> None:
    """Write one HTML file that decrypts in a browser, without this program, the service or a network."""
    from imageshield.commands.offline.opener import write

    write(out, force=force, as_json=json)
