import threading
from datetime import UTC, datetime

import pytest
import redis

from backplane.services.entropy.pools import PoolLevel, pool_key
from backplane.settings import Settings
from shield_core.quantum.pool import UNIT_BITS, BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Stuck
from tests.worker.test_sources import REQUIRED
from worker import refilling
from worker.refilling import Refilling, report_to_redis

WAIT = 30


class Reports:
    """Record the reported levels, and let a test wait for them."""

    def __init__(self):
        self.levels = []
        self.news = threading.Condition()

    def __call__(self, level):
        with self.news:
            self.levels.append(level)
            self.news.notify_all()

    def await_level(self, count):
        with self.news:
            assert self.news.wait_for(lambda: len(self.levels) >= count, WAIT)
        return self.levels[count - 1]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(refilling, "QUIET_SECONDS", 0.01)


@pytest.fixture
def reports():
    return Reports()


@pytest.fixture
def start(reports):
    begun = []

    def begin(pool):
        begun.append(Refilling(pool, reports))
        begun[-1].start()
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()
        assert not one._thread.is_alive()


class Counting(DeterministicSource):
    asked = 0

    def measure(self, n_bits):
        self.asked += n_bits
        return super().measure(n_bits)


class TestFill:
    def test_fills_the_pool_piece_by_piece(self, reports):
        pool = BitPool(Counting(1))
        one = Refilling(pool, reports)
        one.fill()
        level = one.level()
        assert level.waiting_bits == level.capacity_bits == pool.source.asked == 1 << 20
        assert level.refill.bits == 1 << 20
        assert level.refill.seconds > 0

    def test_a_full_pool_is_left_alone(self, reports):
        one = Refilling(BitPool(DeterministicSource(1)), reports)
        one.fill()
        before = one.level().refill
        one.fill()
        assert one.level().refill == before

    def test_nothing_is_measured_while_a_job_runs(self, reports):
        pool = BitPool(Counting(1))
        one = Refilling(pool, reports)
        with one.paused():
            one.fill()
        assert pool.source.asked == 0
        one.fill()
        assert pool.waiting_bits == pool.capacity_bits

    def test_starting_job_stops_filling_after_current_piece(self, reports):
        one = None

        class Beginning(Counting):
            def measure(self, n_bits):
                one._at_work += 1
                return super().measure(n_bits)

        pool = BitPool(Beginning(1))
        one = Refilling(pool, reports)
        one.fill()
        assert 0 < pool.waiting_bits < pool.capacity_bits

    def test_failing_source_shows_only_in_level(self, reports):
        one = Refilling(BitPool(Stuck()), reports)
        one.fill()
        level = one.level()
        assert (level.waiting_bits, level.refill) == (0, None)
        assert level.alarm.reason == "the source failed the health test repetition-count"


class TestThread:
    def test_reports_the_level_once_it_has_filled(self, start, reports):
        start(BitPool(DeterministicSource(1)))
        level = reports.await_level(1)
        assert (level.source, level.kind, level.waiting_bits) == ("deterministic", "simulated", 1 << 20)

    def test_fills_again_after_a_job(self, start, reports):
        pool = BitPool(DeterministicSource(1))
        one = start(pool)
        reports.await_level(1)
        with one.paused():
            assert pool.take() is not None
        level = reports.await_level(2)
        assert (level.waiting_bits, level.refill.bits) == (1 << 20, UNIT_BITS)

    def test_waits_until_series_of_jobs_ends(self, start, reports, monkeypatch):
        """Jobs that follow each other closely are one pause: nothing is measured between them."""
        monkeypatch.setattr(refilling, "QUIET_SECONDS", WAIT)
        pool = BitPool(Counting(1))
        one = start(pool)
        reports.await_level(1)
        for _ in range(20):
            with one.paused():
                assert pool.take() is not None
        assert pool.waiting_bits == pool.capacity_bits - 20 * UNIT_BITS
        assert len(reports.levels) == 1

    def test_endless_series_is_still_reported(self, start, reports, monkeypatch):
        monkeypatch.setattr(refilling, "QUIET_SECONDS", WAIT)
        one = start(BitPool(DeterministicSource(1)))
        reports.await_level(1)
        monkeypatch.setattr(refilling, "REPORT_SECONDS", 0)
        with one.paused():
            pass
        assert reports.await_level(2)

    def test_reports_again_while_nothing_happens(self, start, reports, monkeypatch):
        monkeypatch.setattr(refilling, "REPORT_SECONDS", 0.01)
        start(BitPool(DeterministicSource(1)))
        assert reports.await_level(3).reported_at > reports.levels[0].reported_at

    def test_holds_no_process_up(self, start):
        assert start(BitPool(DeterministicSource(1)))._thread.daemon


class TestLevel:
    def test_names_neither_machine_nor_bits(self, reports):
        pool = BitPool(DeterministicSource(1))
        one = Refilling(pool, reports)
        one.fill()
        text = one.level().to_json()
        assert PoolLevel.from_json(text) == PoolLevel.from_json(text.encode())
        raw = DeterministicSource(1).measure(1 << 16)
        assert all(raw[at : at + 8].hex() not in text for at in range(0, 64, 8))
        assert Refilling(pool, reports).level().worker != one.level().worker


class TestReportToRedis:
    LEVEL = PoolLevel("0a0b0c0d", "aer", "simulated", 4096, 8192, None, None, datetime(2026, 1, 2, tzinfo=UTC))

    @pytest.mark.stack
    def test_writes_the_level_and_lets_it_expire(self, settings, redis_url):
        report_to_redis(settings)(self.LEVEL)
        with redis.Redis.from_url(redis_url) as client:
            assert PoolLevel.from_json(client.get(pool_key("0a0b0c0d"))) == self.LEVEL
            assert 0 < client.ttl(pool_key("0a0b0c0d")) <= 60

    def test_unavailable_redis_is_ignored(self):
        report_to_redis(Settings(**REQUIRED))(self.LEVEL)
