"""The program `imageshield`: commands, errors and exit codes. A command imports what it needs only when it runs."""

import os
import sys
import traceback
from typing import Annotated, Any, Final, NoReturn

try:
    try:
        import typer
    except ModuleNotFoundError:  # a plain `pip install imageshield` is a library
        sys.stderr.write("imageshield: the command line needs the extra `cli`: pip install 'imageshield[cli]'\n")
        raise SystemExit(2) from None

    from imageshield.commands.offline import audit, entropy, keys, pictures
    from imageshield.commands.remote import login
    from imageshield.commands.service import admin, system
    from imageshield.terminal import signals
    from imageshield.terminal.extras import lacking
    from imageshield.terminal.failures import (
        INTERRUPTED,
        OK,
        Failure,
        of_encoding,
        of_system,
        of_writing,
        usage,
    )
    from imageshield.terminal.reporting import fail, flush, manner, say, show
    from imageshield.terminal.streams import make_stdout_reliable, open_closed
    from shield_core import __version__
except KeyboardInterrupt:  # Ctrl-C: these imports take a third of a second
    sys.stderr.write("imageshield: interrupted\n")
    raise SystemExit(130) from None

app = typer.Typer(
    name="imageshield",
    help="Encrypt images with quantum-seeded keys, here or with a service.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for commands in (pictures, system, keys, login, admin, entropy, audit):
    app.add_typer(commands.app)


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
"""Typer's error for a wrong command line: its own copy of a click class, which it does not export."""


EXPECTED: Final = (Failure, BadCommandLine, MemoryError, ModuleNotFoundError, OSError, UnicodeEncodeError)
"""Errors that are reported in one line. Any other error is a bug and keeps its traceback."""


def run(arguments: list[str]) -> int:
    """Run one command and report its failure, if any. Returns the exit code."""
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
    except SystemExit as end:  # shell completion exits by itself
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
    """Describe a failed write of text that typer itself prints: help and completion."""
    last = list(traceback.walk_tb(error.__traceback__))[-1][0]
    return of_writing(error, "standard output") if last.f_code is typer.echo.__code__ else None


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    if "stdout" in open_closed():
        sys.exit(
            fail(Failure("file-unwritable", "The file cannot be written", "standard output is closed"), as_json=False)
        )
    make_stdout_reliable()
    signals.install_handlers()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # The failure is reported already. Without this, Python writes the rest at exit and fails a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
