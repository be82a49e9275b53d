"""Processes killed in the middle of a job: a pool child, Redis, PostgreSQL and the relay."""

import os
import signal
import threading

import httpx
import pytest

from tests.support import pictures
from tests.support.stack import ChildrenKilledAt, SystemUnderTest, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def large() -> bytes:
    return pictures.as_png(pictures.enlarge("astronaut.png", megapixels=25, seed=4), compress_level=1)


class TestWorkerChild:
    def test_child_killed_while_encrypting_loses_no_job(self, user: User, system: SystemUnderTest, large: bytes):
        """The job completes at its second attempt, without a gap in its events."""
        job_id = user.submit(large)["job_id"]
        kill = ChildrenKilledAt(system, "encrypting")
        events = user.follow(job_id, seen=kill)
        job = user.job(job_id)
        assert kill.killed
        assert (job["status"], job["attempts"]) == ("completed", 2)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        response = user.decrypt(user.download(job["result_url"]), user.download(job["key_file_url"]))
        assert response.status_code == 200


class TestBroker:
    def test_redis_killed_in_mid_job_loses_no_job(self, user: User, system: SystemUnderTest, large: bytes):
        jobs = [user.submit(large)["job_id"]]
        jobs += [user.submit(pictures.sample("coffee.png"))["job_id"] for _ in range(6)]
        wait_until(lambda: user.job(jobs[0])["status"] == "processing", "the large job has begun")
        system.kill("valkey")
        jobs += [user.submit(pictures.sample("rocket.jpg"))["job_id"] for _ in range(3)]
        for job_id in jobs:
            events = user.follow(job_id)
            assert events[-1]["type"] == "completed"
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert {user.job(job_id)["status"] for job_id in jobs} == {"completed"}


class TestDatabase:
    def test_postgresql_killed_in_mid_job_loses_no_job(self, user: User, system: SystemUnderTest, large: bytes):
        job_id = user.submit(large)["job_id"]
        wait_until(lambda: user.job(job_id)["status"] == "processing", "the job has begun")
        system.kill("postgres")
        wait_until(lambda: user.job(job_id)["status"] == "completed", "the job completes", seconds=90)

    def test_requests_meanwhile_get_200_or_503(self, user: User, system: SystemUnderTest):
        """Each 503 has a Retry-After."""
        over = threading.Event()
        answers: list[httpx.Response] = []

        def ask() -> None:
            while not over.is_set():
                answers.append(user.http.get("/jobs"))

        asking = threading.Thread(target=ask)
        asking.start()
        system.kill("postgres")
        over.set()
        asking.join()
        assert {answer.status_code for answer in answers} == {200, 503}
        assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
        assert user.http.get("/jobs").status_code == 200


class TestRelay:
    def test_job_accepted_without_relay_runs_later(self, user: User, system: SystemUnderTest):
        os.kill(system.pid("relay"), signal.SIGKILL)
        job_id = user.submit(pictures.sample("rocket.jpg"))["job_id"]
        assert user.follow(job_id)[-1]["type"] == "completed"
