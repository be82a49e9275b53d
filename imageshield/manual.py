"""The manual page, generated from the same declarations as `--help`.

`python -m imageshield.manual` prints it; with `--write` it replaces docs/reference/imageshield.1.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import typer.main

from imageshield.__main__ import app
from shield_core import __version__

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "imageshield.1"

EXIT_CODES: Final[Mapping[str, str]] = {
    "0": "done",
    "1": "an error: the picture, a file, a closed or full output, or the machine",
    "2": "the command line is wrong or incomplete, or an extra is not installed",
    "3": "wrong key, wrong password, or something was changed",
    "130": "ended by Ctrl-C, SIGTERM or SIGHUP",
}


def render() -> str:
    """Write the page in roff, in the macros of man(7)."""
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="imageshield", **root.context_settings)
    return "\n".join(_page(root, context)) + "\n"


def _page(root: Any, context: Any) -> Iterator[str]:
    yield f'.TH IMAGESHIELD 1 "" "imageshield {__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"imageshield \\- {_text(root.help.rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield ".B imageshield"
    yield "COMMAND [OPTION]... [ARGUMENT]..."
    yield ".SH DESCRIPTION"
    yield "A file called \\- is standard input or standard output; each serves one file, and never a terminal."
    yield ".SH OPTIONS"
    yield from _parameters(root.get_params(context), context)
    yield ".SH COMMANDS"
    yield from _commands(root, context)
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_CODES.items():
        yield from (".TP", f".B {code}", _text(meaning))


def _commands(group: Any, context: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        within = typer.Context(command, info_name=name, parent=context)
        if hasattr(command, "commands"):
            yield from _commands(command, within)
            continue
        usage = " ".join(command.collect_usage_pieces(within))
        yield from (f".SS {_text(within.command_path.partition(' ')[2])} {_text(usage)}", _text(command.help))
        yield from _parameters(command.params, within)


def _parameters(parameters: Iterable[Any], context: Any) -> Iterator[str]:
    for parameter in parameters:
        record = parameter.get_help_record(context)
        if record is not None:
            names, help_text = record
            yield from (".TP", f".B {_text(names)}", _text(help_text))


def _text(text: str) -> str:
    """Write a paragraph of roff: ASCII, with hyphens that can be copied, and no line that roff reads as a request."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    line = "".join(character if character.isascii() else f"\\[u{ord(character):04X}]" for character in line)
    return f"\\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(render())
    else:
        sys.stdout.write(render())
