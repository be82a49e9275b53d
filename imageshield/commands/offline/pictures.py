"""The commands about pictures: encrypt, decrypt, inspect, verify and analyze."""

from pathlib import Path
from typing import Annotated

import typer

from imageshield.terminal.failures import NOT_AUTHENTIC, OK
from imageshield.terminal.options import (
    Fips,
    Force,
    Identities,
    Json,
    Layout,
    PasswordFd,
    PasswordFile,
    PlainKey,
    Purity,
    Quiet,
    Recipients,
    read_argument,
    read_option,
    write_option,
)

app = typer.Typer()


@app.command()
def encrypt(  # noqa: PLR0917 - typer calls it by name
    image: Annotated[Path, read_argument("IMAGE", "A picture: PNG, JPEG, TIFF, HEIC, a raw file …")],
    out: Annotated[
        Path | None, write_option("-o", "--out", help="The encrypted image. [default: NAME.enc.png]")
    ] = None,
    key_out: Annotated[Path | None, write_option("--key-out", help="The key file. [default: NAME.enc.qkey]")] = None,
    receipt: Annotated[Path | None, write_option("--receipt", help="Write a receipt as well; nobody signs it.")] = None,
    purity: Annotated[Purity, typer.Option(help="How quantum bits are used.")] = Purity.BALANCED,
    layout: Annotated[Layout, typer.Option(help="Encrypt the pixels, or the file as it is.")] = Layout.AUTO,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="Encrypt this rectangle of pixels alone. May be given up to 64 times."),
    ] = None,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    recipient: Recipients = None,
    fips: Fips = False,
    plain_key: PlainKey = False,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 - its callback does it
    force: Force = False,
) -> None:
    """Encrypt IMAGE into a picture that anyone can look at and a key file that opens it."""
    from imageshield.commands.offline import access, files

    files.encrypt(
        image,
        out=out,
        key_out=key_out,
        receipt=receipt,
        purity=purity.value,
        layout=layout.value,
        regions=region or [],
        locks=access.Locks(password_file, password_fd, plain=plain_key, recipients=recipient or (), fips=fips),
        force=force,
        as_json=json,
    )


@app.command()
def decrypt(  # noqa: PLR0917 - typer calls it by name
    file: Annotated[Path, read_argument("FILE", "An encrypted image.")],
    key: Annotated[Path | None, read_option("--key", help="Its key file. [default: NAME.enc.qkey beside FILE]")] = None,
    out: Annotated[
        Path | None, write_option("-o", "--out", help="The picture. [default: its own name, beside FILE]")
    ] = None,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    identity: Identities = None,
    material: Annotated[
        Path | None,
        read_option("--material", help="The material of an image of maximum. [default: NAME.enc.qmat beside FILE]"),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 - its callback does it
    force: Force = False,
) -> None:
    """Decrypt FILE with its key file."""
    from imageshield.commands.offline import access, files

    given = access.Keys(password_file, password_fd, identity or ())
    files.decrypt(file, key=key, material=material, out=out, keys=given, force=force, as_json=json)


@app.command()
def inspect(
    file: Annotated[Path, read_argument("FILE", "An encrypted image, a key file or a material file.")],
    json: Json = False,
) -> None:
    """Show what can be seen of FILE without a key."""
    from imageshield.commands.offline import files

    raise typer.Exit(OK if files.inspect(file, as_json=json) else NOT_AUTHENTIC)


@app.command()
def verify(  # noqa: PLR0917 - typer calls it by name
    receipt: Annotated[Path, read_argument("RECEIPT", "A receipt, as the service sent it.")],
    image: Annotated[Path | None, read_option("--image", help="The encrypted image that it should be about.")] = None,
    key: Annotated[Path | None, read_option("--key", help="The key file of that image.")] = None,
    keys: Annotated[
        Path | None, read_option("--keys", metavar="JWKS", help="The public keys that are trusted to sign receipts.")
    ] = None,
    ml_dsa_65: Annotated[bool, typer.Option("--ml-dsa-65", help="Demand a signature with ML-DSA-65 as well.")] = False,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    identity: Identities = None,
    json: Json = False,
) -> None:
    """Say what RECEIPT shows, and of what: exit 0 only where a trusted signer vouches and all that is given agrees."""
    from imageshield.commands.offline import access
    from imageshield.commands.offline.verify import Exhibits
    from imageshield.commands.offline.verify import verify as run

    opening = access.Keys(password_file, password_fd, identity or ())
    exhibits = Exhibits(image, key, opening, trusted=keys, demand_ml_dsa_65=ml_dsa_65)
    raise typer.Exit(run(receipt, exhibits, as_json=json))


@app.command()
def analyze(  # noqa: PLR0917 - typer calls it by name
    original: Annotated[Path, read_argument("ORIGINAL", "The picture before.")],
    encrypted: Annotated[Path, read_argument("ENCRYPTED", "The encrypted image, or any other picture.")],
    report: Annotated[
        Path | None, write_option("--report", help="Write a report: a page (.html, or -) or a PDF (.pdf).")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 - its callback does it
    force: Force = False,
) -> None:
    """Measure what encryption did to ORIGINAL: entropy, histogram, correlation, NPCR, UACI, PSNR."""
    from imageshield.commands.offline.analyze import analyze as run

    run(original, encrypted, report=report, force=force, as_json=json)
