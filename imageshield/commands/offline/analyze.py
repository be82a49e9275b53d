"""`analyze`: measure an original and what became of it, on this machine."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imageshield.terminal.failures import of_core, usage
from imageshield.terminal.inputs import STANDARD, read
from imageshield.terminal.outputs import Outputs, check_distinct, check_target
from imageshield.terminal.reporting import print_json, quiet_libraries, show, watched
from shield_core import __version__
from shield_core.analysis.report.about import About
from shield_core.analysis.report.contents import Contents, write
from shield_core.encrypted import png
from shield_core.encrypted.header import Header, parse
from shield_core.encrypted.tag import SIZE as TAG_SIZE
from shield_core.errors import HeaderInvalid, HeaderMissing, ShieldError, UnsupportedFormat
from shield_core.image.limits import MAX_BYTES, MAX_ENCRYPTED_BYTES
from shield_core.keys.keyfile import key_id_text
from shield_core.progress import Progress, ProgressSink, Stage

PAGE = ".html"
SHEET = ".pdf"

_HEAD = ("test", "measured", "original", "expected of noise", "off by", "p-value", "verdict")
_NAMES = (0, 6)  # columns of words; the others are numbers, which end at the same place


def analyze(original: Path, encrypted: Path, *, report: Path | None, force: bool, as_json: bool) -> None:
    """Print what was measured, and write a report where one is asked for."""
    if report is not None:
        _check_report(report, (original, encrypted), force=force)
    data, image = read(original, MAX_BYTES), read(encrypted, MAX_ENCRYPTED_BYTES)
    with Outputs(force=force) as outputs, watched(f"analyze {original.name}", percent=_percent) as sink:
        analysis = _appraise(data, image, sink)
        about = _about(original, encrypted, _read_header(image))
        if report is not None:
            outputs.write(report, memoryview(_render(report, analysis, about)))
    if as_json:
        paths = {
            "original": str(original),
            "encrypted": str(encrypted),
            "report": None if report is None else str(report),
        }
        print_json({"files": paths} | analysis)
    else:
        _print_results(write(analysis, about), report)


def _check_report(report: Path, inputs: Sequence[Path], *, force: bool) -> None:
    if report != STANDARD and report.suffix.lower() not in {PAGE, SHEET}:
        raise usage(f"--report names a file that ends in {PAGE} or {SHEET}")
    for path in inputs:
        check_distinct({"the report": report, "what is analyzed": path})
    check_target(report, force=force)


def _appraise(original: bytes, encrypted: bytes, sink: ProgressSink) -> dict[str, Any]:
    from shield_core.appraisal import STEPS, appraise

    done = 0

    def advance(steps: int) -> None:
        nonlocal done
        done += steps
        sink(Progress(Stage.ANALYZING, done, STEPS))

    try:
        with quiet_libraries():
            return appraise(original, encrypted, threads=min(2, os.cpu_count() or 1), progress=advance)
    except ShieldError as error:
        raise of_core(error) from error


def _percent(progress: Progress) -> int:
    """Analysis is all that is done here, and not the end of a job."""
    return 100 * progress.done // progress.total


def _read_header(encrypted: bytes) -> Header | None:
    try:
        return parse(png.find(encrypted)[:-TAG_SIZE])
    except (UnsupportedFormat, HeaderMissing, HeaderInvalid):
        return None


def _about(original: Path, encrypted: Path, header: Header | None) -> About:
    made = {"made_at": datetime.now(UTC), "product_version": __version__}
    names = {"file_name": original.name, "encrypted_name": encrypted.name}
    if header is None:
        return About(**made, **names)
    return About(**made, **names, key_id=key_id_text(header.key_id), purity=header.purity.value, layout=header.layout)


def _render(report: Path, analysis: Mapping[str, Any], about: About) -> bytes:
    if report == STANDARD or report.suffix.lower() == PAGE:
        from shield_core.analysis.report.page import render_html

        return render_html(analysis, about).encode()
    from shield_core.analysis.report.sheet import render_pdf

    return render_pdf(analysis, about)


def _print_results(contents: Contents, report: Path | None) -> None:
    rows = [
        (result.name, result.value, result.was, result.expected, result.deviation, result.p_value, result.verdict)
        for result in contents.results
    ]
    _print_grid([_HEAD, *rows])
    reasons = dict.fromkeys(result.reason for result in contents.results if result.reason)
    _print_lines("not tested:", [*reasons])
    show("", f"grade {contents.letter or 'withheld'}: {contents.letter_words}", contents.false_alarm)
    _print_lines("what these numbers do not show:", contents.limits)
    if report is not None:
        show("", f"report  {report}")


def _print_grid(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.ljust(width) if column in _NAMES else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        show("  ".join(cells).rstrip())


def _print_lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        show("", title, *(f"- {line}" for line in lines))
