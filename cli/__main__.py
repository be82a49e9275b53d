"""`imageshield …`: every command of the local door. Each imports what it needs when it runs, and nothing before."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from cli import admin, entropy, keys
from cli.failures import ERROR, INTERRUPTED, NOT_AUTHENTIC, OK, Failure, usage
from cli.options import (
    DataDir,
    Fips,
    Force,
    Identities,
    Json,
    Layout,
    PasswordFd,
    PasswordFile,
    PlainKey,
    Purity,
    Recipients,
)
from cli.reporting import fail, say

app = typer.Typer(
    name="imageshield",
    help="Encrypt images with quantum-seeded keys, here or with a service.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app)
app.add_typer(admin.app)
app.add_typer(entropy.app)


BadCommandLine: Final = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a command line that it cannot read: its own copy of click's class, which it does not export."""


@app.command()
def encrypt(  # noqa: PLR0917 - typer calls it by name
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture: PNG, JPEG, TIFF, HEIC, a raw file …")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The encrypted image. [default: NAME.enc.png]")
    ] = None,
    key_out: Annotated[Path | None, typer.Option(help="The key file. [default: NAME.enc.qkey]")] = None,
    receipt: Annotated[Path | None, typer.Option(help="Write a receipt as well; nobody signs it.")] = None,
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
    force: Force = False,
) -> None:
    """Encrypt IMAGE into a picture that anyone can look at and a key file that opens it."""
    from cli import access, files

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
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An encrypted image.")],
    key: Annotated[Path | None, typer.Option(help="Its key file. [default: NAME.enc.qkey beside FILE]")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The picture. [default: its own name, beside FILE]")
    ] = None,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    identity: Identities = None,
    material: Annotated[
        Path | None, typer.Option(help="The material of an image of maximum. [default: NAME.enc.qmat beside FILE]")
    ] = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Decrypt FILE with its key file."""
    from cli import access, files

    given = access.Keys(password_file, password_fd, identity or ())
    files.decrypt(file, key=key, material=material, out=out, keys=given, force=force, as_json=json)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An encrypted image, a key file or a material file.")],
    json: Json = False,
) -> None:
    """Show what can be seen of FILE without a key."""
    from cli import files

    raise typer.Exit(OK if files.inspect(file, as_json=json) else NOT_AUTHENTIC)


@app.command()
def verify(  # noqa: PLR0917 - typer calls it by name
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="A receipt, as the service sent it.")],
    image: Annotated[Path | None, typer.Option(help="The encrypted image that it should be about.")] = None,
    key: Annotated[Path | None, typer.Option(help="The key file of that image.")] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="JWKS", help="The public keys that are trusted to sign receipts.")
    ] = None,
    ml_dsa_65: Annotated[bool, typer.Option("--ml-dsa-65", help="Demand a signature with ML-DSA-65 as well.")] = False,
    password_file: PasswordFile = None,
    password_fd: PasswordFd = None,
    identity: Identities = None,
    json: Json = False,
) -> None:
    """Say what RECEIPT shows, and of what: exit 0 only where a trusted signer vouches and all that is given agrees."""
    from cli import access
    from cli.verify import Exhibits
    from cli.verify import verify as run

    opening = access.Keys(password_file, password_fd, identity or ())
    exhibits = Exhibits(image, key, opening, trusted=keys, demand_ml_dsa_65=ml_dsa_65)
    raise typer.Exit(run(receipt, exhibits, as_json=json))


@app.command()
def analyze(
    original: Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The picture before.")],
    encrypted: Annotated[Path, typer.Argument(metavar="ENCRYPTED", help="The encrypted image, or any other picture.")],
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report: a page (.html) or a PDF (.pdf).")
    ] = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Measure what encryption did to ORIGINAL: entropy, histogram, correlation, NPCR, UACI, PSNR."""
    from cli.analysis import analyze as run

    run(original, encrypted, report=report, force=force, as_json=json)


@app.command()
def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    data_dir: DataDir = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many pictures at the same time.")] = None,
) -> None:
    """Run the whole system until Ctrl-C: gateway, worker, relay, database, Redis, object store."""
    from cli.up import run

    raise typer.Exit(run(host=host, port=port, data_dir=data_dir, workers=workers))


@app.command()
def demo(json: Json = False) -> None:
    """Run the whole system once, with one picture there and back, and print the evidence."""
    from cli.demo import run

    raise typer.Exit(run(as_json=json))


@app.command()
def doctor(data_dir: DataDir = None, json: Json = False) -> None:
    """Name every fault of the configuration at once."""
    from cli.doctor import run

    raise typer.Exit(run(as_json=json, data_dir=data_dir))


@app.command()
def relay() -> None:
    """Run the outbox relay and the sweeper, until SIGTERM."""
    from worker.relay import main as run

    run()


def run(arguments: list[str]) -> int:
    """Run one command. Returns its exit code; every failure has been told by then."""
    as_json = "--json" in arguments
    try:
        code = int(app(args=arguments, prog_name="imageshield", standalone_mode=False) or OK)
    except Failure as failure:
        return fail(failure, as_json=as_json)
    except MemoryError:
        return fail(Failure("out-of-memory", "There is not enough memory for this picture"), as_json=as_json)
    except BadCommandLine as error:
        return fail(_explain(error), as_json=as_json)
    except BrokenPipeError:
        return _nobody_reads()
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    if code == INTERRUPTED:
        say("interrupted")
    return code


def _explain(error: Any) -> Failure:
    command = getattr(getattr(error, "ctx", None), "command_path", "imageshield")
    return usage(f"{error.format_message()} (see {command} --help)")


def _nobody_reads() -> int:
    """Whoever read our output has gone; Python's own attempt to flush it at the end would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ERROR


def main() -> NoReturn:
    """Run what the command line says, and leave with its exit code."""
    code = run(sys.argv[1:])
    try:
        # What was printed may still lie in the buffer, and nobody may be there to take it.
        sys.stdout.flush()
    except BrokenPipeError:
        code = _nobody_reads()
    sys.exit(code)


if __name__ == "__main__":
    main()
