"""What a person is told while a command works, on stderr: a bar on a terminal, lines elsewhere."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from cli.failures import Failure
from shield_core.progress import Progress, ProgressSink, Stage, overall_percent

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


def say(message: str) -> None:
    print(f"imageshield: {printable(message)}", file=sys.stderr, flush=True)


def fail(failure: Failure, *, as_json: bool) -> int:
    """Tell one line of what went wrong, and in JSON to whoever asked for it. Returns the exit code."""
    with suppress(OSError):
        say(failure.line())
        if as_json:
            print_json(failure.to_json())
    return failure.exit_code


def print_json(value: dict[str, Any]) -> None:
    # Escaped: names may hold what the terminal's encoding, or Unicode itself, has no bytes for.
    print(json.dumps(value, indent=2))


def print_table(rows: Mapping[str, object]) -> None:
    width = max(len(name) for name in rows) + 2
    for name, value in rows.items():
        print(f"{name:<{width}}{printable(str(value))}")


@contextmanager
def watched(name: str, *, percent: Percent = _percent) -> Iterator[ProgressSink]:
    """Yield a sink that draws a bar on a terminal and writes a line for each stage anywhere else."""
    if not sys.stderr.isatty():
        yield _lines(percent)
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:<22}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=100)

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
    """Write what a stranger named on one line, without letting it move the cursor."""
    safe = "".join(character if character.isprintable() else "\ufffd" for character in text)
    encoding = sys.stdout.encoding or "utf-8"
    return safe.encode(encoding, "replace").decode(encoding)
