"""Runs rows, one after the other, each against the same house, and lets none hang."""

import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from imageshield.servers.errors import StartRefused
from tests.faults.client import OutsideLedger
from tests.faults.house import House, running_house
from tests.faults.measures import BROKEN, LATER, SKIPPED, Result
from tests.faults.registry import Row
from tests.faults.site import Site
from tests.faults.skips import NotYet, Skip

Report = Callable[[str], None]


class OutOfTime(Exception):
    """A row took longer than it may."""


def run(rows: Iterable[Row], *, short: bool, folder: Path, report: Report) -> list[Result]:
    """Run the rows and return what each found; the house's log and the diary are in `folder`."""
    with running_house(folder / "house.log") as house:
        ledger = OutsideLedger("", folder / "diary.jsonl")
        try:
            return list(_each(rows, house, ledger, short=short, report=report))
        finally:
            ledger.close()


def _each(rows: Iterable[Row], house: House, ledger: OutsideLedger, *, short: bool, report: Report) -> Iterator[Result]:
    """Run one after the other; a product that does not start is not started again for each of them."""
    dead = ""
    for row in rows:
        if dead:
            yield Result(row.name, row.fault, row.goals, status=BROKEN, reason=dead)
            continue
        try:
            yield run_one(row, house, ledger, short=short, report=report)
        except StartRefused as error:
            dead = f"the product does not start: {str(error).splitlines()[0]}"
            report(str(error))
            yield Result(row.name, row.fault, row.goals, status=BROKEN, reason=dead)


def run_one(row: Row, house: House, ledger: OutsideLedger, *, short: bool, report: Report) -> Result:
    """Run one row; whatever happens in it is its result, and the next one starts with a whole system."""
    result = Result(row.name, row.fault, row.goals)
    if row.act is None:
        result.status, result.reason = LATER, row.later
        return result
    report(f"{row.name}: {row.fault}")
    house.run_product(**{name: made() if callable(made) else made for name, made in row.changes.items()})
    began = time.monotonic()
    try:
        with limited(row.seconds):
            row.act(Site(house, ledger, result, short=short))
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
    _leave_whole(house, result, report)
    report("\n".join([f"{row.name}: {result.status} after {result.seconds:.0f} s", *result.complaints()]))
    return result


def _leave_whole(house: House, result: Result, report: Report) -> None:
    house.store_fault.unlink(missing_ok=True)
    for armed in house.failpoints.iterdir():
        armed.unlink(missing_ok=True)
    try:
        house.await_ready()
    except AssertionError as error:
        report(f"{result.name}: left a broken system behind ({error}); starting the product again")
        house.stop_product()


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the main thread where the block takes longer."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime(f"took longer than {seconds:.0f} s")

    before, began = signal.signal(signal.SIGALRM, ring), time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        # Whoever had set the only alarm there is, as a test's own time limit does, gets it back.
        signal.setitimer(signal.ITIMER_REAL, max(0.1, left - (time.monotonic() - began)) if left else 0)
        signal.signal(signal.SIGALRM, before)
