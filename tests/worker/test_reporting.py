import asyncio
import threading

import pytest

from backplane.errors import Unavailable
from backplane.services.attempts.claims import LeaseLost
from shield_core.errors import Cancelled
from shield_core.progress import Progress, Stage
from worker import reporting
from worker.reporting import Reporter

pytestmark = pytest.mark.anyio


class Ledger:
    """A fake database: it records the reports, or refuses them."""

    def __init__(self, *refusals):
        self.rows = []
        self.refusals = list(refusals)
        self.written = asyncio.Condition()

    async def holds(self, count):
        """Wait until so many rows are written."""
        async with self.written:
            await self.written.wait_for(lambda: len(self.rows) >= count)

    async def report(self, claim, words):
        if self.refusals:
            raise self.refusals.pop(0)
        self.rows.extend(words)
        async with self.written:
            self.written.notify_all()


def work(reporter, *reports):
    """Report from another thread, as the pipeline does."""
    thread = threading.Thread(target=lambda: [reporter(report) for report in reports])
    thread.start()
    thread.join()


class TestReporter:
    async def test_stages_are_reported_in_order(self):
        ledger = Ledger()
        reporter = Reporter(ledger, None)
        work(reporter, *(Progress(stage) for stage in (Stage.VALIDATING, Stage.ENCRYPTING, Stage.AUTHENTICATING)))
        await reporter.flush()
        assert [stage for stage, _ in ledger.rows] == [Stage.VALIDATING, Stage.ENCRYPTING, Stage.AUTHENTICATING]

    async def test_only_last_report_of_stage_is_written(self):
        ledger = Ledger()
        reporter = Reporter(ledger, None)
        work(reporter, *(Progress(Stage.ENCRYPTING, done, 100) for done in range(101)))
        await reporter.flush()
        assert len(ledger.rows) == 1

    async def test_finish_writes_new_stages_then_nothing(self):
        """The rest of a reported stage is not worth a transaction; a report after the end would lose the lease."""
        ledger = Ledger()
        reporter = Reporter(ledger, None)
        await reporter.begin(Stage.ENCRYPTING)
        work(reporter, Progress(Stage.ENCRYPTING, 99, 100))
        await reporter.finish()
        assert len(ledger.rows) == 1
        work(reporter, Progress(Stage.STORING, 1, 2))
        await reporter.flush()
        assert len(ledger.rows) == 1

    async def test_waiting_stage_is_written_before_end(self):
        ledger = Ledger()
        reporter = Reporter(ledger, None)
        work(reporter, Progress(Stage.ENCRYPTING), Progress(Stage.AUTHENTICATING))
        await reporter.finish()
        assert [stage for stage, _ in ledger.rows] == [Stage.ENCRYPTING, Stage.AUTHENTICATING]

    async def test_the_same_word_is_not_said_twice(self):
        ledger = Ledger()
        reporter = Reporter(ledger, None)
        for _ in range(3):
            work(reporter, Progress(Stage.ENCRYPTING, 50, 100))
            await reporter.flush()
        assert len(ledger.rows) == 1

    async def test_at_most_ten_reports_per_second(self, monkeypatch):
        monkeypatch.setattr(reporting, "INTERVAL_SECONDS", 3600)
        ledger = Ledger()
        reporter = Reporter(ledger, None)
        running = asyncio.create_task(reporter.run())
        work(reporter, Progress(Stage.ENCRYPTING, 10, 100))
        await ledger.holds(1)
        work(reporter, Progress(Stage.ENCRYPTING, 50, 100))
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(ledger.rows) == 1, "more of the same stage waits"
        work(reporter, Progress(Stage.AUTHENTICATING))
        await ledger.holds(3)
        running.cancel()
        assert [stage for stage, _ in ledger.rows] == [Stage.ENCRYPTING, Stage.ENCRYPTING, Stage.AUTHENTICATING]

    async def test_two_flushes_at_once_keep_the_order(self):
        ledger = Ledger()
        slow = asyncio.Event()

        async def report(claim, words):
            if words[0][0] is Stage.ENCRYPTING:
                await slow.wait()
            ledger.rows.extend(words)

        ledger.report = report
        reporter = Reporter(ledger, None)
        work(reporter, Progress(Stage.ENCRYPTING))
        first = asyncio.create_task(reporter.flush())
        await asyncio.sleep(0)
        work(reporter, Progress(Stage.AUTHENTICATING))
        second = asyncio.create_task(reporter.flush())
        for _ in range(10):
            await asyncio.sleep(0)
        slow.set()
        await asyncio.gather(first, second)
        assert [stage for stage, _ in ledger.rows] == [Stage.ENCRYPTING, Stage.AUTHENTICATING]

    async def test_a_lost_lease_stops_the_work(self):
        reporter = Reporter(Ledger(LeaseLost()), None)
        work(reporter, Progress(Stage.ENCRYPTING))
        await reporter.flush()
        with pytest.raises(Cancelled):
            reporter(Progress(Stage.AUTHENTICATING))

    async def test_unavailable_database_does_not_stop_work(self):
        ledger = Ledger(Unavailable())
        reporter = Reporter(ledger, None)
        work(reporter, Progress(Stage.ENCRYPTING))
        await reporter.flush()
        work(reporter, Progress(Stage.AUTHENTICATING))
        await reporter.flush()
        assert [stage for stage, _ in ledger.rows] == [Stage.AUTHENTICATING]
