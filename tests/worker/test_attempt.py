import asyncio
from types import SimpleNamespace

import pytest

from backplane.errors import Gone, StorageFull, Unavailable
from backplane.services.attempts.claims import LeaseLost
from shield_core.errors import ImageCorrupt, MacMismatch, NoMatch, PayloadInvalid, SourceFailed
from shield_core.progress import Progress, Stage
from worker import attempt as attempt_module
from worker.attempt import Attempt
from worker.interruption import Interruption

pytestmark = pytest.mark.anyio


class Claims:
    """A fake database: it records what an attempt does to its job."""

    def __init__(self, *, held=True, cancelled=False):
        self.acts = []
        self.details = []
        self.held = held
        self.cancelled = cancelled
        self.inputs = self.products = self

    async def report(self, claim, words):
        pass

    async def heartbeat(self, claim):
        return self.held

    async def release(self, claim):
        self.acts.append("released")

    async def hand_over(self, claim):
        self.acts.append("handed over")

    async def fail(self, claim, *, code, title, detail=None):
        self.acts.append(code)
        self.details.append(detail)

    async def cancel(self, claim):
        if self.cancelled:
            self.acts.append("cancelled")
        return self.cancelled

    async def discard(self, job):
        self.acts.append("results deleted")


@pytest.fixture
def claims():
    return Claims()


@pytest.fixture
def make(claims):
    def make(*, last=False, limit_seconds=60, claims=claims, kind="encrypt"):
        claim = SimpleNamespace(job=SimpleNamespace(kind=kind), last_attempt=last)
        return Attempt(SimpleNamespace(claims=claims), claim, limit_seconds=limit_seconds)

    return make


def work(error=None):
    async def do(_equipment, _claim, _reporter):
        if error is not None:
            raise error

    return do


class Stuck:
    """Work that ignores interruptions until the test releases it."""

    def __init__(self):
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, _equipment, _claim, _reporter):
        self.begun.set()
        await self.go.wait()


async def attentive(_equipment, _claim, reporter):
    """Work on a thread, which reports all the time."""

    def do():
        while True:
            reporter(Progress(Stage.ENCRYPTING))

    await asyncio.to_thread(do)


class TestEnds:
    async def test_completed_work_needs_nothing_more(self, make, claims):
        assert await make().run(work())
        assert claims.acts == []

    async def test_refusal_says_what_was_wrong(self, make, claims):
        await make().run(work(ImageCorrupt("the PNG ends before its IEND chunk")))
        assert claims.details == ["the PNG ends before its IEND chunk"]

    @pytest.mark.parametrize("error", [NoMatch("no stanza"), PayloadInvalid("no digest"), MacMismatch()], ids=type)
    async def test_failed_decryption_says_its_title(self, make, claims, error):
        await make(kind="decrypt").run(work(error))
        assert claims.details == ["Wrong key or password, or the file was changed"]

    @pytest.mark.parametrize("error", [ImageCorrupt(), NoMatch(), Gone()], ids=lambda error: error.code)
    async def test_a_refusal_is_never_tried_again(self, make, claims, error):
        await make().run(work(error))
        assert claims.acts == [error.code]

    @pytest.mark.parametrize(
        "error",
        [Unavailable(), StorageFull(), SourceFailed(), RuntimeError(), MemoryError()],
        ids=lambda e: type(e).__name__,
    )
    async def test_transient_and_unexpected_errors_are_retried(self, make, claims, error):
        await make().run(work(error))
        assert claims.acts == ["released"]

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (Unavailable(), "unavailable"),
            (StorageFull(), "storage-full"),
            (RuntimeError(), "poison"),
            (MemoryError(), "poison"),
        ],
    )
    async def test_the_last_attempt_says_why(self, make, claims, error, code):
        await make(last=True).run(work(error))
        assert claims.acts == [code]

    async def test_lost_lease_writes_nothing(self, make, claims):
        await make().run(work(LeaseLost()))
        assert claims.acts == []


class TestInterruption:
    async def test_slow_job_fails_at_first_attempt(self, make, claims):
        assert await make(limit_seconds=0).run(attentive)
        assert claims.acts == ["time-limit-exceeded"]

    async def test_a_worker_that_leaves_hands_its_job_over(self, make, claims):
        running = make()
        running.interrupt(Interruption.LEAVING)
        assert await running.run(attentive)
        assert claims.acts == ["handed over"]

    async def test_a_heartbeat_that_is_refused_stops_the_work(self, make, monkeypatch):
        monkeypatch.setattr(attempt_module, "HEARTBEAT_SECONDS", 0)
        claims = Claims(held=False)
        assert await make(claims=claims).run(attentive)
        assert claims.acts == []

    async def test_cancelled_job_leaves_nothing(self, make, monkeypatch):
        monkeypatch.setattr(attempt_module, "HEARTBEAT_SECONDS", 0)
        claims = Claims(held=False, cancelled=True)
        assert await make(claims=claims).run(attentive)
        assert claims.acts == ["cancelled", "results deleted"]

    async def test_the_first_reason_stands(self, make, claims):
        running = make()
        running.interrupt(Interruption.LEAVING)
        running.interrupt(Interruption.TOO_LONG)
        await running.run(attentive)
        assert claims.acts == ["handed over"]

    async def test_end_does_not_wait_for_stuck_work(self, make, claims, monkeypatch):
        monkeypatch.setattr(attempt_module, "UNWINDING_SECONDS", 0)
        stuck, running = Stuck(), make()
        ended = asyncio.create_task(running.run(stuck))
        await stuck.begun.wait()
        running.interrupt(Interruption.LEAVING)
        assert not await ended, "its child should end"
        assert claims.acts == ["handed over"]
        stuck.go.set()

    async def test_work_that_ends_meanwhile_has_ended(self, make, claims):
        stuck, running = Stuck(), make()
        ended = asyncio.create_task(running.run(stuck))
        await stuck.begun.wait()
        running.interrupt(Interruption.LEAVING)
        stuck.go.set()
        assert await ended
