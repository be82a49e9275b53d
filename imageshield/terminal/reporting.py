"""Printed output of commands: results on stdout, everything else on stderr. No other module of this package prints."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, TextIO

from imageshield.terminal.failures import Failure, of_writing
from shield_core.progress import Progress, ProgressSink, Stage, ignore, overall_percent

_WORDS = {
    Stage.VALIDATING: "reading the picture",
    Stage.GENERATING_QUANTUM_KEYS: "drawing the key",
    Stage.UNLOCKING: "opening the key file",
    Stage.VERIFYING: "checking every byte",
    Stage.STORING: "writing",
    Stage.ANALYZING: "measuring",
}
_LINE_STEP = 25

Percent = Callable[[Progress], int]


def _percent(progress: Progress) -> int:
    return overall_percent(progress.stage, progress.done, progress.total)


@dataclass(slots=True)
class Manner:
    """Output mode of the running command: whether it is quiet, and whether stdout carries a file."""

    quiet: bool = False
    stdout_is_data: bool = False

    def reset(self) -> None:
        self.quiet = self.stdout_is_data = False


manner: Final = Manner()
"""One per process, like its streams. Each command resets it first."""


def say(message: str) -> None:
    """Print a message on stderr. A failed write is ignored."""
    with suppress(OSError):
        _print(f"imageshield: {message}", sys.stderr)


def note(message: str) -> None:
    """Print an optional message on stderr, unless `--quiet` is set."""
    if not manner.quiet:
        say(message)


def fail(failure: Failure, *, as_json: bool) -> int:
    """Report a failure: one line on stderr, and with `as_json` JSON on stdout. Returns the exit code."""
    say(failure.line())
    if as_json:
        with suppress(Failure):
            print_json(failure.to_json())
    return failure.exit_code


def show(*lines: str) -> None:
    """Print lines of a result on stdout, or on stderr if stdout carries the file itself.

    Raises:
        Failure: stdout cannot be written to.
    """
    if manner.stdout_is_data:
        for line in () if manner.quiet else lines:
            _print(line, sys.stderr)
        return
    with _written():
        for line in lines:
            _print(line, sys.stdout)


def print_json(value: dict[str, Any], *, indent: int | None = 2) -> None:
    # Escaped: file names may hold characters that cannot be encoded. JSON does not escape DEL, because it is ASCII.
    text = json.dumps(value, indent=indent, separators=None if indent else (",", ":")).replace("\x7f", "\\u007f")
    with _written():
        print(text, flush=not indent)


def print_table(rows: Mapping[str, object]) -> None:
    width = max(len(name) for name in rows) + 2
    show(*(f"{name:<{width}}{value}" for name, value in rows.items()))


def flush() -> None:
    """Flush stdout.

    Raises:
        Failure: stdout cannot be written to.
    """
    with _written():
        sys.stdout.flush()


@contextmanager
def watched(name: str, *, percent: Percent = _percent) -> Iterator[ProgressSink]:
    """Yield a progress sink: a bar on a terminal, a line for each stage elsewhere."""
    if manner.quiet:
        yield ignore
        return
    if not sys.stderr.isatty():
        yield _lines(percent)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    words = TextColumn("{task.description:<22}", markup=False)
    columns = (words, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(name), total=100)

        def draw(progress: Progress) -> None:
            bar.update(task, completed=percent(progress), description=_word(progress.stage))

        yield draw


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Discard what C libraries write to descriptor 2: libtiff reports every damaged strip there.

    Python's `sys.stderr` still writes to the original stream.
    """
    if not _is_descriptor_2(sys.stderr):
        yield
        return
    sys.stderr.flush()
    ours = sys.stderr
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        with os.fdopen(os.dup(kept), "w", encoding=ours.encoding, errors="backslashreplace", buffering=1) as sys.stderr:
            yield
    finally:
        sys.stderr = ours
        os.dup2(kept, 2)
        os.close(kept)


def _is_descriptor_2(stream: Any) -> bool:
    try:
        return bool(stream.fileno() == 2)  # noqa: PLR2004 - stderr
    except (OSError, ValueError, AttributeError):
        return False


def _lines(percent: Percent) -> Callable[[Progress], None]:
    printed: tuple[Stage | None, int] = (None, -1)

    def write(progress: Progress) -> None:
        nonlocal printed
        done = percent(progress)
        now = (progress.stage, done // _LINE_STEP)
        if now != printed:
            printed = now
            say(f"{done:3d} % {_word(progress.stage)}")

    return write


def _word(stage: Stage) -> str:
    return _WORDS.get(stage, stage.value)


def printable(text: str) -> str:
    """Replace characters that would break the line, move the cursor, reverse the text or be invisible."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _print(line: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    print(printable(line).encode(encoding, "replace").decode(encoding), file=stream, flush=stream is sys.stderr)


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise of_writing(error, "standard output") from error
