"""Many sockets on running jobs while Redis is killed or emptied."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import redis

from tests.support import pictures
from tests.support.stack import SystemUnderTest, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

LISTENERS = 50
RESUMED = timedelta(seconds=10)


def listen(user: User, job_id: str, opened: Callable[[], object]) -> tuple[list[int], str, datetime]:
    """Follow a job on one socket to its end; return the sequence numbers, the last type and its time."""
    numbers: list[int] = []
    with user.socket(job_id) as socket:
        for text in socket:
            message = json.loads(text)
            if message["type"] == "snapshot":
                opened()
            else:
                numbers.append(message["seq"])
    return numbers, message["type"], datetime.now(UTC)


def flush(system: SystemUnderTest) -> None:
    with redis.Redis.from_url(system.variables["REDIS_URL"]) as client:
        client.flushall()


def kill(system: SystemUnderTest) -> None:
    system.kill("valkey")


class TestRedis:
    @pytest.mark.parametrize("take_away", [kill, flush])
    def test_fifty_sockets_get_every_event(
        self, user: User, system: SystemUnderTest, take_away: Callable[[SystemUnderTest], None]
    ):
        large = pictures.as_png(pictures.enlarge("astronaut.png", megapixels=12, seed=9), compress_level=1)
        jobs = [user.submit(large)["job_id"]]
        jobs += [user.submit(pictures.sample("rocket.jpg"))["job_id"] for _ in range(4)]
        open_ones = threading.Semaphore(0)
        with ThreadPoolExecutor(LISTENERS) as threads:
            futures = [
                threads.submit(listen, user, jobs[number % len(jobs)], open_ones.release) for number in range(LISTENERS)
            ]
            wait_until(lambda: user.job(jobs[0])["status"] != "pending", "the first job has begun")
            take_away(system)
            for _ in range(LISTENERS):
                assert open_ones.acquire(timeout=60)
        for number, future in enumerate(futures):
            numbers, last, at = future.result()
            job = user.job(jobs[number % len(jobs)])
            assert (last, job["status"]) == ("completed", "completed")
            assert numbers == list(range(1, len(numbers) + 1))
            assert at - datetime.fromisoformat(job["completed_at"]) < RESUMED
