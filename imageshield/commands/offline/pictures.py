"""Commands for pictures: `encrypt`, `decrypt`, `header`, `inspect`, `verify` and `analyze`."""

from pathlib import Path
from typing import Annotated

import typer

from imageshield.terminal import options
from imageshield.terminal.failures import NOT_AUTHENTIC, OK

app = typer.Typer()


@app.command()
def encrypt(  # noqa: PLR0917 - typer calls it by name
    image: Annotated[Path, options.read_argument("IMAGE", "A picture: PNG, JPEG, TIFF, HEIC, a raw file …")],
    out: Annotated[
        Path | None, options.write_option("-o", "--out", help="The encrypted image. [default: NAME.enc.png]")
    ] = None,
    key_out: Annotated[
        Path | None, options.write_option("--key-out", help="The key file. [default: NAME.enc.qkey]")
    ] = None,
    receipt: Annotated[Path | None, options.write_option("--receipt", help="Also write an unsigned receipt.")] = None,
    purity: Annotated[options.Purity, typer.Option(help="How quantum bits are used.")] = options.Purity.BALANCED,
    layout: Annotated[options.Layout, typer.Option(help="Encrypt the pixels or the whole file.")] = options.Layout.AUTO,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="Encrypt only this rectangle of pixels. May be given up to 64 times."),
    ] = None,
    password_file: options.PasswordFile = None,
    password_fd: options.PasswordFd = None,
    recipient: options.Recipients = None,
    fips: options.Fips = False,
    plain_key: options.PlainKey = False,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
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
    file: Annotated[Path, options.read_argument("FILE", "An encrypted image.")],
    key: Annotated[
        Path | None, options.read_option("--key", help="Its key file. [default: NAME.enc.qkey beside FILE]")
    ] = None,
    out: Annotated[
        Path | None, options.write_option("-o", "--out", help="The picture. [default: its original name, beside FILE]")
    ] = None,
    password_file: options.PasswordFile = None,
    password_fd: options.PasswordFd = None,
    identity: options.Identities = None,
    material: Annotated[
        Path | None,
        options.read_option(
            "--material",
            help="The material file of an image with the purity maximum. [default: NAME.enc.qmat beside FILE]",
        ),
    ] = None,
    header: Annotated[
        Path | None,
        options.read_option(
            "--header", help="The header of the encrypted image, if another program has saved FILE again as PNG."
        ),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
) -> None:
    """Decrypt FILE with its key file."""
    from imageshield.commands.offline import access, files

    given = access.Keys(password_file, password_fd, identity or ())
    files.decrypt(file, key=key, material=material, header=header, out=out, keys=given, force=force, as_json=json)


@app.command()
def header(
    file: Annotated[Path, options.read_argument("FILE", "An encrypted image.")],
    out: Annotated[
        Path | None, options.write_option("-o", "--out", help="The header. [default: NAME.enc.qhdr]")
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
) -> None:
    """Write the header of FILE, which programs drop when they save FILE again, to a file of its own."""
    from imageshield.commands.offline import headers

    headers.write(file, out=out, force=force, as_json=json)


@app.command()
def inspect(
    file: Annotated[Path, options.read_argument("FILE", "An encrypted image, a key file or a material file.")],
    json: options.Json = False,
) -> None:
    """Show what is visible in FILE without a key."""
    from imageshield.commands.offline import files

    raise typer.Exit(OK if files.inspect(file, as_json=json) else NOT_AUTHENTIC)


@app.command()
def verify(  # noqa: PLR0917 - typer calls it by name
    receipt: Annotated[Path, options.read_argument("RECEIPT", "A receipt from the service.")],
    image: Annotated[Path | None, options.read_option("--image", help="The encrypted image of the receipt.")] = None,
    key: Annotated[Path | None, options.read_option("--key", help="The key file of that image.")] = None,
    keys: Annotated[
        Path | None,
        options.read_option("--keys", metavar="JWKS", help="The public keys of trusted signers."),
    ] = None,
    ml_dsa_65: Annotated[bool, typer.Option("--ml-dsa-65", help="Also require a signature with ML-DSA-65.")] = False,
    password_file: options.PasswordFile = None,
    password_fd: options.PasswordFd = None,
    identity: options.Identities = None,
    json: options.Json = False,
) -> None:
    """Check RECEIPT. Exit code 0 only if a trusted signer signed it and every given file agrees with it."""
    from imageshield.commands.offline import access
    from imageshield.commands.offline.verify import Exhibits
    from imageshield.commands.offline.verify import verify as run

    opening = access.Keys(password_file, password_fd, identity or ())
    exhibits = Exhibits(image, key, opening, trusted=keys, demand_ml_dsa_65=ml_dsa_65)
    raise typer.Exit(run(receipt, exhibits, as_json=json))


@app.command()
def analyze(  # noqa: PLR0917 - typer calls it by name
    original: Annotated[Path, options.read_argument("ORIGINAL", "The original picture.")],
    encrypted: Annotated[Path, options.read_argument("ENCRYPTED", "The encrypted image, or any other picture.")],
    report: Annotated[
        Path | None, options.write_option("--report", help="Write a report: a page (.html, or -) or a PDF (.pdf).")
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,  # noqa: ARG001 - its callback does it
    force: options.Force = False,
) -> None:
    """Measure what encryption did to ORIGINAL: entropy, histogram, correlation, NPCR, UACI, PSNR."""
    from imageshield.commands.offline.analyze import analyze as run

    run(original, encrypted, report=report, force=force, as_json=json)
