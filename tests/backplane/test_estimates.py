"""Estimates from earlier jobs, and admission to the queue."""

import asyncio

import pytest

from backplane import ids
from backplane.db.models import Job
from backplane.errors import Overloaded
from backplane.kinds import KINDS
from backplane.services.jobs import estimates as module
from backplane.services.jobs.estimates import Backlog, Estimates, Paces, Remembered

pytestmark = [pytest.mark.anyio]

COMPLETED = """
INSERT INTO jobs (id, account_id, kind, status, attempts, retries, purity_requested, layout, "analyze",
                  estimated_ms, base_ms, started_at, completed_at)
SELECT gen_random_uuid(), :account, :kind, 'completed', :attempts, 0, :purity, :layout, false, 1, :base,
       now() - make_interval(secs => number + :seconds), now() - make_interval(secs => number)
FROM generate_series(CAST(:age AS int), CAST(:age AS int) + CAST(:count AS int) - 1) AS number
"""
PENDING = """
INSERT INTO jobs (id, account_id, kind, priority, estimated_ms, base_ms)
SELECT gen_random_uuid(), :account, :kind, :priority, 1, :base FROM generate_series(1, :count)
"""


@pytest.fixture
def completed(sql, account):
    """Write jobs that have completed, each after so many seconds of work."""

    async def write(count, *, seconds, base=1000, kind="encrypt", purity="balanced", layout="pixels", **changes):
        values = {"attempts": 1, "age": 1} | changes
        same = {"account": account.id, "kind": kind, "purity": purity, "layout": layout}
        await sql(COMPLETED, count=count, seconds=seconds, base=base, **same, **values)

    return write


@pytest.fixture
def pending(sql, account):
    async def write(count, *, base=1000, kind="encrypt", priority=1, account_id=account.id):
        await sql(PENDING, account=account_id, kind=kind, priority=priority, base=base, count=count)

    return write


@pytest.fixture
def make(resources):
    return lambda max_pending=100: Estimates(resources.database, resources.bus, max_pending=max_pending)


@pytest.fixture
def new_job(account):
    def make(**changes):
        columns = {"kind": "encrypt", "purity_requested": "balanced", "layout": "pixels", "analyze": False} | changes
        columns = {"priority": KINDS[columns["kind"]].priority, "base_ms": 1000} | columns
        return Job(id=ids.new(), account_id=account.id, **columns)

    return make


@pytest.mark.stack
class TestEstimate:
    async def test_is_the_expected_time_where_nothing_was_measured(self, make, new_job):
        assert await make().estimate_ms(new_job()) == 1000

    async def test_converges_on_what_was_measured(self, make, new_job, completed):
        await completed(5, seconds=3)
        assert await make().estimate_ms(new_job(base_ms=500)) == pytest.approx(1500, abs=1)

    async def test_forgets_what_was_long_ago(self, make, new_job, completed):
        await completed(150, seconds=9, age=1000)
        await completed(200, seconds=2)
        assert await make().estimate_ms(new_job()) == pytest.approx(2000, abs=1)

    async def test_a_few_odd_ones_do_not_move_it(self, make, new_job, completed):
        await completed(30, seconds=2)
        await completed(10, seconds=300)
        assert await make().estimate_ms(new_job()) == pytest.approx(2000, abs=1)

    async def test_each_sort_has_a_pace_of_its_own(self, make, new_job, completed):
        await completed(20, seconds=2)
        await completed(20, seconds=5, purity="maximum")
        await completed(20, seconds=1, layout="file")
        await completed(20, seconds=7, kind="decrypt", purity=None)
        estimate = make().estimate_ms
        jobs = [
            new_job(),
            new_job(purity_requested="maximum"),
            new_job(layout="file"),
            new_job(kind="decrypt", purity_requested=None),
        ]
        # Each is alone in its turn: what waits before it is taken off.
        found = [await make().estimate_ms(job) for job in jobs]
        assert found == pytest.approx([2000, 5000, 1000, 7000], abs=1)
        assert await estimate(new_job(purity_requested="fast")) == pytest.approx(8000 / 3, abs=1)

    async def test_second_attempts_tell_nothing_of_the_pace(self, make, new_job, completed):
        await completed(20, seconds=60, attempts=2)
        assert await make().estimate_ms(new_job()) == 1000

    async def test_frequent_kind_does_not_displace_another(self, make, new_job, completed):
        await completed(10, seconds=4, kind="decrypt", purity=None, age=5000)
        await completed(300, seconds=2)
        assert await make().estimate_ms(new_job(kind="decrypt", purity_requested=None)) == pytest.approx(4000, abs=1)

    async def test_what_waits_before_it_is_added(self, make, new_job, pending):
        await pending(6)
        await pending(4, priority=0, kind="decrypt")
        await pending(50, priority=2)
        assert await make().estimate_ms(new_job()) == 11_000
        assert await make().estimate_ms(new_job(kind="decrypt")) == 5000

    async def test_workers_that_were_heard_share_the_wait(self, make, new_job, pending, resources):
        await pending(8)
        for name in ("one", "two", "three", "four"):
            await resources.bus._redis.set(f"imageshield:pools:{name}", "{}")
        assert await make().estimate_ms(new_job()) == 3000

    async def test_own_admissions_count_in_estimates_at_once(self, make, new_job):
        estimates = make()
        assert [await estimates.estimate_ms(new_job()) for _ in range(3)] == [1000, 2000, 3000]

    async def test_one_look_serves_many(self, make, new_job, resources, monkeypatch):
        estimates, looks = make(), []
        real = module.estimates.waiting

        async def waiting(session):
            looks.append(1)
            return await real(session)

        monkeypatch.setattr(module.estimates, "waiting", waiting)
        for _ in range(20):
            await estimates.estimate_ms(new_job())
        assert len(looks) == 1


@pytest.mark.stack
class TestRoom:
    async def test_full_queue_refuses_with_retry_after(self, make, pending):
        await pending(10, base=60_000)
        with pytest.raises(Overloaded) as refusal:
            await make(10).require_room(ids.new())
        assert refusal.value.retry_after == 60

    async def test_one_below_it_does_not(self, make, pending):
        await pending(9)
        await make(10).require_room(ids.new())

    async def test_one_account_cannot_fill_it_for_the_others(self, make, pending, account):
        await pending(5)
        with pytest.raises(Overloaded, match="your jobs"):
            await make(10).require_room(account.id)
        await make(10).require_room(ids.new())

    async def test_a_batch_needs_room_for_all_of_it(self, make, pending):
        await pending(8)
        estimates = make(10)
        with pytest.raises(Overloaded):
            await estimates.require_room(ids.new(), jobs=3)
        await estimates.require_room(ids.new(), jobs=2)

    async def test_recent_admissions_count(self, make, pending):
        await pending(8)
        estimates = make(10)
        for _ in range(2):
            await estimates.require_room(ids.new())
        with pytest.raises(Overloaded):
            await estimates.require_room(ids.new())

    async def test_the_shortest_wait_is_a_second(self, make, pending):
        await pending(2, base=1)
        with pytest.raises(Overloaded) as refusal:
            await make(2).require_room(ids.new())
        assert refusal.value.retry_after == 1


class TestBacklog:
    def test_turns_decide_and_not_who_has_sent_more(self):
        ada, bob = ids.new(), ids.new()
        backlog = Backlog([], Paces(), workers=1)
        backlog.add(1, ada, 50_000, jobs=50)
        assert backlog.wait_ms(1, bob) == 1000
        assert backlog.wait_ms(1, ada) == 50_000

    def test_clock_jump_does_not_distort_estimates(self):
        paces = Paces([module.Pace("encrypt", "fast", "file", False, 86_400.0, 10)])
        assert paces.of_kind("encrypt") == 50


class TestRemembered:
    async def test_is_read_again_when_it_is_too_old(self):
        reads = iter(range(10))

        async def read():
            return next(reads)

        fresh, stale = Remembered(read, seconds=60), Remembered(read, seconds=-1)
        assert [await fresh.get(), await fresh.get(), await stale.get(), await stale.get()] == [0, 0, 1, 2]

    async def test_failed_read_is_repeated(self):
        answers = [Overloaded(), "figures"]

        async def read():
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        remembered = Remembered(read, seconds=60)
        with pytest.raises(Overloaded):
            await remembered.get()
        assert await remembered.get() == "figures"

    async def test_concurrent_readers_share_read_and_failure(self):
        reads = []

        async def read():
            reads.append(1)
            await asyncio.sleep(0)
            raise Overloaded

        remembered = Remembered(read, seconds=60)
        answers = await asyncio.gather(*(remembered.get() for _ in range(50)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {Overloaded}
        assert len(reads) == 1

    async def test_cancelled_reader_does_not_cancel_read(self):
        begun, go = asyncio.Event(), asyncio.Event()

        async def read():
            begun.set()
            await go.wait()
            return "figures"

        remembered = Remembered(read, seconds=60)
        first, second = (asyncio.create_task(remembered.get()) for _ in range(2))
        await begun.wait()
        first.cancel()
        go.set()
        assert await second == "figures"
        with pytest.raises(asyncio.CancelledError):
            await first
