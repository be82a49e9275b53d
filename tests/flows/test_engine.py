"""A real worker under faults: stopped, asked to leave, out of time, out of memory, without a consumer."""

import os
import signal
import time
from pathlib import Path

import pytest

from backplane.queue import NAME, make_celery
from imageshield.servers import processes
from tests.support import pictures
from tests.support.databases import query
from tests.support.stack import wait_until
from tests.support.worker_under_test import WorkerUnderTest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

PICTURE = pictures.sample("rocket.jpg")


@pytest.fixture
def under_test(stack, settings, tmp_path):
    variables = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "ENVIRONMENT": "test",
    }
    return WorkerUnderTest(settings, stack.variables | variables, tmp_path)


STOP_SECONDS = 60
"""Less than any of the jobs here takes, and more than a busy machine takes to end a process."""


def ask_to_stop(under_test, worker):
    """Send SIGTERM and wait until the child that runs the job has it: two signals at once count as one."""
    seen = under_test.log().count("worker.leaving")
    os.kill(worker.pid, signal.SIGTERM)
    wait_until(lambda: under_test.log().count("worker.leaving") > seen, "the child has the signal")


class TestFencing:
    def test_child_continuing_after_its_lease_changes_nothing(self, under_test):
        """Another attempt has taken the job meanwhile and completed it."""
        under_test.arm("worker.storing", "stop")
        with under_test.worker(concurrency=2) as worker:
            job_id = under_test.submit(PICTURE)
            wait_until(lambda: stopped_children(worker), "a child is stopped")
            [sleeper] = stopped_children(worker)
            under_test.expire_leases()
            under_test.sweep()
            done = under_test.await_status(job_id, "completed")
            os.kill(sleeper, signal.SIGCONT)
            wait_until(lambda: "job.interrupted" in under_test.log(), "the late child finds its lease taken")
            assert under_test.job(job_id) == done
        assert (done["attempts"], done["fencing_token"]) == (2, 3)
        assert len(query(under_test.url, "SELECT 1 FROM keys")) == 1
        assert len(query(under_test.url, "SELECT 1 FROM blobs WHERE purpose = 'result'")) == 1
        assert [row["seq"] for row in query(under_test.url, "SELECT seq FROM job_events ORDER BY seq")] == list(
            range(1, done["event_seq"] + 1)
        )


class TestStop:
    def test_short_job_completes_and_no_other_starts(self, under_test):
        under_test.arm("worker.encrypting", "sleep 3")
        with under_test.worker() as worker:
            first = under_test.submit(PICTURE)
            wait_until(lambda: under_test.was_reached("worker.encrypting"), "the job runs")
            ask_to_stop(under_test, worker)
            second = under_test.submit(PICTURE)
            assert worker.wait(60) == 0
        assert (under_test.job(first)["status"], under_test.job(first)["attempts"]) == ("completed", 1)
        assert under_test.job(second)["status"] == "pending"

    def test_long_job_goes_to_the_next_worker(self, under_test):
        """The interrupted attempt is not counted."""
        under_test.arm("worker.encrypting", "sleep 600")
        with under_test.worker(worker_stop_seconds=1) as worker:
            job_id = under_test.submit(PICTURE)
            wait_until(lambda: under_test.was_reached("worker.encrypting"), "the job runs")
            ask_to_stop(under_test, worker)
            worker.wait(STOP_SECONDS)
        job = under_test.job(job_id)
        assert (job["status"], job["attempts"], job["lease_until"]) == ("pending", 0, None)
        with under_test.worker():
            assert under_test.relay() == 1
            assert under_test.await_status(job_id, "completed")["attempts"] == 1

    def test_second_signal_stops_the_job_at_once(self, under_test):
        under_test.arm("worker.encrypting", "sleep 600")
        with under_test.worker(worker_stop_seconds=600) as worker:
            job_id = under_test.submit(PICTURE)
            wait_until(lambda: under_test.was_reached("worker.encrypting"), "the job runs")
            ask_to_stop(under_test, worker)
            ask_to_stop(under_test, worker)
            worker.wait(STOP_SECONDS)
        assert (under_test.job(job_id)["status"], under_test.job(job_id)["attempts"]) == ("pending", 0)


class TestTime:
    def test_job_over_its_time_limit_fails(self, under_test):
        """It is not tried again, and its child is replaced."""
        under_test.arm("worker.encrypting", "sleep 600")
        with under_test.worker(job_time_limit_seconds=1) as worker:
            before = processes.children(worker.pid)
            job_id = under_test.submit(PICTURE)
            failed = under_test.await_status(job_id, "failed")
            assert (failed["error_code"], failed["attempts"]) == ("time-limit-exceeded", 1)
            under_test.await_status(under_test.submit(PICTURE), "completed")
            assert set(processes.children(worker.pid)).isdisjoint(before)

    def test_hanging_child_is_killed_and_job_starts_again(self, under_test):
        under_test.arm("worker.claimed", "sleep 600")
        with under_test.worker(job_time_limit_seconds=1, job_hard_time_limit_seconds=2) as worker:
            [before] = processes.children(worker.pid)
            job_id = under_test.submit(PICTURE)
            wait_until(lambda: processes.start_time(before) is None, "the child is killed")
            under_test.expire_leases()
            under_test.sweep()
            assert under_test.await_status(job_id, "completed")["attempts"] == 2


class TestMemory:
    def test_job_without_enough_memory_harms_no_other(self, under_test):
        """It fails as `poison` after three attempts; the worker keeps running."""
        with under_test.worker(concurrency=2) as worker:
            under_test.arm("worker.encrypting", "exhaust")
            job_id = under_test.submit(PICTURE)
            for attempt in (1, 2):
                wait_until(lambda attempt=attempt: is_given_back(under_test, job_id, attempt), "the attempt is over")
                other = under_test.submit(PICTURE)
                under_test.await_status(other, "completed")
                under_test.arm("worker.encrypting", "exhaust")
                under_test.skip_waits()
            failed = under_test.await_status(job_id, "failed")
            assert (failed["error_code"], failed["attempts"]) == ("poison", 3)
            assert worker.poll() is None
        assert "MemoryError" in under_test.log()


class TestLiveness:
    def test_worker_that_consumes_nothing_is_not_alive(self, under_test):
        """Its loop runs and it answers Celery's ping, but it no longer asks the queue for messages."""
        control = make_celery(under_test.settings).control

        def seen_again():
            then = time.time() - 3600
            os.utime(under_test.alive, (then, then))
            return lambda: under_test.alive.stat().st_mtime > then + 1

        with under_test.worker():
            wait_until(seen_again(), "it asks the queue, once a second", seconds=10)
            assert control.cancel_consumer(NAME, reply=True)
            looked = seen_again()
            for _ in range(3):
                assert control.ping(timeout=1), "the loop turns"
            assert not looked()
            control.add_consumer(NAME)
            wait_until(looked, "it asks again", seconds=10)

    def test_heartbeat_of_a_long_job_is_alive(self, under_test):
        """The child touches the file while the worker waits for it."""
        under_test.arm("worker.encrypting", "sleep 600")
        with under_test.worker():
            under_test.submit(PICTURE)
            wait_until(lambda: under_test.was_reached("worker.encrypting"), "the job runs")
            then = time.time() - 3600
            os.utime(under_test.alive, (then, then))
            wait_until(
                lambda: under_test.alive.stat().st_mtime > then + 1, "the heartbeat touches the file", seconds=15
            )


def is_given_back(under_test, job_id, attempts):
    job = under_test.job(job_id)
    return (job["status"], job["attempts"]) == ("pending", attempts)


def stopped_children(worker):
    return [pid for pid in processes.children(worker.pid) if is_stopped(pid)]


def is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
