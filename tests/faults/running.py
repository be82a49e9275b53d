"""Runner of rows: one after the other on the same installation, each with a time limit."""

import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from imageshield.servers.errors import StartRefused
from tests.faults.installation import Installation, running_installation
from tests.faults.ledger import OutsideLedger
from tests.faults.measures import BROKEN, LATER, SKIPPED, Result
from tests.faults.registry import Row
from tests.faults.site import Site
from tests.faults.skips import NotYet, Skip

Report = Callable[[str], None]


class OutOfTime(Exception):
    """A row took longer than it may."""


def run(rows: Iterable[Row], *, short: bool, folder: Path, report: Report) -> list[Result]:
    """Run the rows and return what each found; the installation's log and the record are in `folder`."""
    with running_installation(folder / "installation.log") as installation:
        ledger = OutsideLedger("", folder / "record.jsonl")
        try:
            return list(_each(rows, installation, ledger, short=short, report=report))
        finally:
            ledger.close()


def _each(
    rows: Iterable[Row], installation: Installation, ledger: OutsideLedger, *, short: bool, report: Report
) -> Iterator[Result]:
    """Run one after the other; if the product does not start, every further row is BROKEN."""
    dead = ""
    for row in rows:
        if dead:
            yield Result(row.name, row.fault, row.goals, status=BROKEN, reason=dead)
            continue
        try:
            yield run_one(row, installation, ledger, short=short, report=report)
        except StartRefused as error:
            dead = f"the product does not start: {str(error).splitlines()[0]}"
            report(str(error))
            yield Result(row.name, row.fault, row.goals, status=BROKEN, reason=dead)


def run_one(row: Row, installation: Installation, ledger: OutsideLedger, *, short: bool, report: Report) -> Result:
    """Run one row: an exception is part of its result, and the next row starts with a complete system."""
    result = Result(row.name, row.fault, row.goals)
    if row.act is None:
        result.status, result.reason = LATER, row.later
        return result
    report(f"{row.name}: {row.fault}")
    installation.run_product(**{name: made() if callable(made) else made for name, made in row.changes.items()})
    began = time.monotonic()
    try:
        with limited(row.seconds):
            row.act(Site(installation, ledger, result, short=short))
    except NotYet as reason:
        result.status, result.reason = LATER, str(reason)
    except Skip as reason:
        result.status, result.reason = SKIPPED, str(reason)
    except Exception as error:  # noqa: BLE001 -- a row that breaks is a row that is not ok
        place = traceback.extract_tb(error.__traceback__)[-1]
        result.faults.append(f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error}")
        result.status = BROKEN
    result.seconds = time.monotonic() - began
    result.judge()
    _leave_whole(installation, result, report)
    report("\n".join([f"{row.name}: {result.status} after {result.seconds:.0f} s", *result.complaints()]))
    return result


def _leave_whole(installation: Installation, result: Result, report: Report) -> None:
    installation.store_fault.unlink(missing_ok=True)
    for armed in installation.failpoints.iterdir():
        armed.unlink(missing_ok=True)
    try:
        installation.await_ready()
    except AssertionError as error:
        report(f"{result.name}: left a broken system ({error}); starting the product again")
        installation.stop_product()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the main thread if the block takes longer."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime(f"took longer than {seconds:.0f} s")

    before, began = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        # There is only one alarm: restore that of the caller, for example the time limit of a test.
        signal.setitimer(signal.ITIMER_REAL, max(0.1, left - (time.monotonic() - began)) if left else 0)
        signal.signal(signal.SIGALRM, before)
