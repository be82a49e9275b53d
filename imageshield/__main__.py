"""`imageshield …`: every command of the local door. Each imports what it needs when it runs, and nothing before."""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

try:
    try:
        import typer
    except ModuleNotFoundError:  # a plain `pip install imageshield` is a library
        sys.stderr.write("imageshield: the command line needs the extra `cli`: pip install 'imageshield[cli]'\n")
        raise SystemExit(2) from None

    from imageshield.commands import admin, entropy, keys
    from imageshield.terminal import signals
    from imageshield.terminal.extras import lacking
    from imageshield.terminal.failures import (
        INTERRUPTED,
        NOT_AUTHENTIC,
        OK,
        Failure,
        of_encoding,
        of_system,
        of_writing,
        usage,
    )
    from imageshield.terminal.options import (
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
        Quiet,
        Recipients,
        read_argument,
        read_option,
        write_option,
    )
    from imageshield.terminal.reporting import fail, flush, manner, say, show
    from imageshield.terminal.streams import mend_stdout, open_closed
    from shield_core import __version__
except KeyboardInterrupt:  # Ctrl-C: all of this takes a third of a second to read
    sys.stderr.write("imageshield: interrupted\n")
    raise SystemExit(130) from None

app = typer.Typer(
    name="imageshield",
    help="Encrypt images with quantum-seeded keys, here or with a service.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app)
app.add_typer(admin.app)
app.add_typer(entropy.app)


def _show_version(value: bool) -> None:
    if value:
        show(f"imageshield {__version__}")
        raise typer.Exit


@app.callback()
def imageshield(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Encrypt images with quantum-seeded keys, here or with a service."""


BadCommandLine: Final = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a command line that it cannot read: its own copy of click's class, which it does not export."""


EXPECTED: Final = (Failure, BadCommandLine, MemoryError, ModuleNotFoundError, OSError, UnicodeEncodeError)
"""What is told in one line; anything else is a fault of the program."""


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
    from imageshield.commands import access, files

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
    from imageshield.commands import access, files

    given = access.Keys(password_file, password_fd, identity or ())
    files.decrypt(file, key=key, material=material, out=out, keys=given, force=force, as_json=json)


@app.command()
def inspect(
    file: Annotated[Path, read_argument("FILE", "An encrypted image, a key file or a material file.")],
    json: Json = False,
) -> None:
    """Show what can be seen of FILE without a key."""
    from imageshield.commands import files

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
    from imageshield.commands import access
    from imageshield.commands.verify import Exhibits
    from imageshield.commands.verify import verify as run

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
    from imageshield.commands.analyze import analyze as run

    run(original, encrypted, report=report, force=force, as_json=json)


@app.command()
def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    data_dir: DataDir = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many pictures at the same time.")] = None,
) -> None:
    """Run the whole system until Ctrl-C: gateway, worker, relay, database, Redis, object store."""
    from imageshield.commands.up import run

    raise typer.Exit(run(host=host, port=port, data_dir=data_dir, workers=workers))


@app.command()
def demo(json: Json = False) -> None:
    """Run the whole system once, with one picture there and back, and print the evidence."""
    from imageshield.commands.demo import run

    raise typer.Exit(run(as_json=json))


@app.command()
def doctor(data_dir: DataDir = None, json: Json = False) -> None:
    """Name every fault of the configuration at once."""
    from imageshield.commands.doctor import run

    raise typer.Exit(run(as_json=json, data_dir=data_dir))


@app.command()
def relay() -> None:
    """Run the outbox relay and the sweeper, until SIGTERM."""
    from relay.__main__ import main as run

    run()


def run(arguments: list[str]) -> int:
    """Run one command. Returns its exit code; every failure has been told by then."""
    manner.reset()
    try:
        code = _run(arguments)
        flush()
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except EXPECTED as error:
        return fail(_failure(error, arguments), as_json="--json" in arguments)
    if code == INTERRUPTED:
        say("interrupted")
    return code


def _run(arguments: list[str]) -> int:
    try:
        return int(app(args=arguments, prog_name="imageshield", standalone_mode=False) or OK)
    except SystemExit as end:  # shell completion leaves by itself
        return int(end.code or OK)


def _failure(error: Any, arguments: list[str]) -> Failure:
    match error:
        case Failure():
            return error
        case MemoryError():
            return Failure("out-of-memory", "There is not enough memory for this picture")
        case ModuleNotFoundError():
            return lacking(error, arguments)
        case OSError():
            return _of_typer(error) or of_system(error)
        case UnicodeEncodeError():
            return of_encoding(error)
    command = getattr(getattr(error, "ctx", None), "command_path", "imageshield")
    return usage(f"{error.format_message()} (see {command} --help)")


def _of_typer(error: OSError) -> Failure | None:
    """Say what became of what typer prints by itself, help and completion: nothing else that it does is refused."""
    last = list(traceback.walk_tb(error.__traceback__))[-1][0]
    return of_writing(error, "standard output") if last.f_code is typer.echo.__code__ else None


def main() -> NoReturn:
    """Run what the command line says, and leave with its exit code."""
    if "stdout" in open_closed():
        sys.exit(
            fail(Failure("file-unwritable", "The file cannot be written", "standard output is closed"), as_json=False)
        )
    mend_stdout()
    signals.heed()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # That has been told; Python's own attempt to write the rest at the end would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
