"""What a command tells: results on stdout, everything else on stderr. Nothing else in this package prints."""

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
    """How the running command tells: without notes and progress, and on which stream its result."""

    quiet: bool = False
    stdout_is_data: bool = False

    def reset(self) -> None:
        self.quiet = self.stdout_is_data = False


manner: Final = Manner()
"""One for the process, as its streams are; each command begins with a fresh one."""


def say(message: str) -> None:
    """Tell a person on stderr; whether that can be written to decides nothing."""
    with suppress(OSError):
        _print(f"imageshield: {message}", sys.stderr)


def note(message: str) -> None:
    """Tell a person what they need not know: `--quiet` leaves it out."""
    if not manner.quiet:
        say(message)


def fail(failure: Failure, *, as_json: bool) -> int:
    """Tell one line of what went wrong, and in JSON to whoever asked for it. Returns the exit code."""
    say(failure.line())
    if as_json:
        with suppress(Failure):
            print_json(failure.to_json())
    return failure.exit_code


def show(*lines: str) -> None:
    """Print lines of a result: on stdout, or on stderr where stdout takes the file itself.

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
    # Escaped: names may hold what the terminal's encoding, or Unicode itself, has no bytes for. DEL is ASCII to JSON.
    text = json.dumps(value, indent=indent, separators=None if indent else (",", ":")).replace("\x7f", "\\u007f")
    with _written():
        print(text, flush=not indent)


def print_table(rows: Mapping[str, object]) -> None:
    width = max(len(name) for name in rows) + 2
    show(*(f"{name:<{width}}{value}" for name, value in rows.items()))


def flush() -> None:
    """Write what was printed to stdout.

    Raises:
        Failure: it cannot be written to.
    """
    with _written():
        sys.stdout.flush()


@contextmanager
def watched(name: str, *, percent: Percent = _percent) -> Iterator[ProgressSink]:
    """Yield a sink that draws a bar on a terminal and writes a line for each stage anywhere else."""
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
    """Keep what C libraries write to descriptor 2 from the screen: libtiff tells of every damaged strip there.

    Python's own stderr goes on to where it went.
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
    told: tuple[Stage | None, int] = (None, -1)

    def write(progress: Progress) -> None:
        nonlocal told
        done = percent(progress)
        now = (progress.stage, done // _LINE_STEP)
        if now != told:
            told = now
            say(f"{done:3d} % {_word(progress.stage)}")

    return write


def _word(stage: Stage) -> str:
    return _WORDS.get(stage, stage.value)


def printable(text: str) -> str:
    """Write what a stranger named on one line, without letting it move the cursor, turn letters round or hide."""
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
