"""One real worker, and what can befall it: stopped in mid-job, told to leave, out of time, out of memory, deaf."""

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
def room(stack, settings, tmp_path):
    variables = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "ENVIRONMENT": "test",
    }
    return WorkerUnderTest(settings, stack.variables | variables, tmp_path)


STOP_SECONDS = 30
"""Less than any of the jobs here takes, and more than a busy machine takes to end a process."""


def ask_to_stop(room, worker):
    """Send the signal, and wait until the child that runs the job has it: two that come at once are one."""
    heard = room.log().count("worker.leaving")
    os.kill(worker.pid, signal.SIGTERM)
    wait_until(lambda: room.log().count("worker.leaving") > heard, "the child has heard it")


class TestZombie:
    def test_a_child_stopped_past_its_lease_changes_nothing_when_it_goes_on(self, room):
        room.arm("worker.storing", "stop")
        with room.worker(concurrency=2) as worker:
            job_id = room.submit(PICTURE)
            wait_until(lambda: room.was_reached("worker.storing"), "a child is stopped")
            [sleeper] = [pid for pid in processes.children(worker.pid) if is_stopped(pid)]
            room.expire_leases()
            room.sweep()
            done = room.await_status(job_id, "completed")
            os.kill(sleeper, signal.SIGCONT)
            wait_until(lambda: "job.interrupted" in room.log(), "it is told that it is late")
            assert room.job(job_id) == done
        assert (done["attempts"], done["fencing_token"]) == (2, 3)
        assert len(query(room.url, "SELECT 1 FROM keys")) == 1
        assert len(query(room.url, "SELECT 1 FROM blobs WHERE purpose = 'result'")) == 1
        assert [row["seq"] for row in query(room.url, "SELECT seq FROM job_events ORDER BY seq")] == list(
            range(1, done["event_seq"] + 1)
        )


class TestStop:
    def test_a_job_that_can_end_in_time_ends_here_and_no_other_is_taken(self, room):
        room.arm("worker.encrypting", "sleep 3")
        with room.worker() as worker:
            first = room.submit(PICTURE)
            wait_until(lambda: room.was_reached("worker.encrypting"), "the job runs")
            ask_to_stop(room, worker)
            second = room.submit(PICTURE)
            assert worker.wait(60) == 0
        assert (room.job(first)["status"], room.job(first)["attempts"]) == ("completed", 1)
        assert room.job(second)["status"] == "pending"

    def test_one_that_cannot_is_handed_over_and_the_attempt_is_not_counted(self, room):
        room.arm("worker.encrypting", "sleep 600")
        with room.worker(worker_stop_seconds=1) as worker:
            job_id = room.submit(PICTURE)
            wait_until(lambda: room.was_reached("worker.encrypting"), "the job runs")
            ask_to_stop(room, worker)
            worker.wait(STOP_SECONDS)
        job = room.job(job_id)
        assert (job["status"], job["attempts"], job["lease_until"]) == ("pending", 0, None)
        with room.worker():
            assert room.relay() == 1
            assert room.await_status(job_id, "completed")["attempts"] == 1

    def test_a_second_signal_leaves_the_job_no_time(self, room):
        room.arm("worker.encrypting", "sleep 600")
        with room.worker(worker_stop_seconds=600) as worker:
            job_id = room.submit(PICTURE)
            wait_until(lambda: room.was_reached("worker.encrypting"), "the job runs")
            ask_to_stop(room, worker)
            ask_to_stop(room, worker)
            worker.wait(STOP_SECONDS)
        assert (room.job(job_id)["status"], room.job(job_id)["attempts"]) == ("pending", 0)


class TestTime:
    def test_a_job_that_takes_too_long_fails_at_once_and_its_child_goes(self, room):
        room.arm("worker.encrypting", "sleep 600")
        with room.worker(job_time_limit_seconds=1) as worker:
            before = processes.children(worker.pid)
            job_id = room.submit(PICTURE)
            failed = room.await_status(job_id, "failed")
            assert (failed["error_code"], failed["attempts"]) == ("time-limit-exceeded", 1)
            room.await_status(room.submit(PICTURE), "completed")
            assert set(processes.children(worker.pid)).isdisjoint(before)

    def test_a_child_that_hangs_is_killed_and_its_job_starts_again(self, room):
        room.arm("worker.claimed", "sleep 600")
        with room.worker(job_time_limit_seconds=1, job_hard_time_limit_seconds=2) as worker:
            [before] = processes.children(worker.pid)
            job_id = room.submit(PICTURE)
            wait_until(lambda: processes.start_time(before) is None, "the child is killed")
            room.expire_leases()
            room.sweep()
            assert room.await_status(job_id, "completed")["attempts"] == 2


class TestMemory:
    def test_a_job_that_wants_too_much_is_given_up_and_harms_no_other(self, room):
        with room.worker(concurrency=2) as worker:
            room.arm("worker.encrypting", "exhaust")
            job_id = room.submit(PICTURE)
            for attempt in (1, 2):
                wait_until(lambda attempt=attempt: is_given_back(room, job_id, attempt), "the attempt is over")
                other = room.submit(PICTURE)
                room.await_status(other, "completed")
                room.arm("worker.encrypting", "exhaust")
                room.skip_waits()
            failed = room.await_status(job_id, "failed")
            assert (failed["error_code"], failed["attempts"]) == ("poison", 3)
            assert worker.poll() is None
        assert "MemoryError" in room.log()


class TestLiveness:
    def test_a_worker_that_asks_for_nothing_any_more_is_found(self, room):
        """Its loop turns, and it answers to Celery's ping; only what it is there for it does not do."""
        control = make_celery(room.settings).control

        def seen_again():
            then = time.time() - 3600
            os.utime(room.alive, (then, then))
            return lambda: room.alive.stat().st_mtime > then + 1

        with room.worker():
            wait_until(seen_again(), "it asks the queue, once a second", seconds=10)
            assert control.cancel_consumer(NAME, reply=True)
            looked = seen_again()
            for _ in range(3):
                assert control.ping(timeout=1), "the loop turns"
            assert not looked()
            control.add_consumer(NAME)
            wait_until(looked, "it asks again", seconds=10)

    def test_a_worker_at_a_long_job_counts_by_its_heartbeat(self, room):
        room.arm("worker.encrypting", "sleep 600")
        with room.worker():
            room.submit(PICTURE)
            wait_until(lambda: room.was_reached("worker.encrypting"), "the job runs")
            then = time.time() - 3600
            os.utime(room.alive, (then, then))
            wait_until(lambda: room.alive.stat().st_mtime > then + 1, "the child says so", seconds=15)


def is_given_back(room, job_id, attempts):
    job = room.job(job_id)
    return (job["status"], job["attempts"]) == ("pending", attempts)


def is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
