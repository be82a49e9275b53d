"""The processes of the running system: their logs, and what happens when one is killed."""

import contextlib

import httpx
import pytest
import redis

from backplane.bus import WORKERS
from imageshield.servers import processes
from tests.support.stack import SystemUnderTest, wait_until
from worker.presence import REPORT_SECONDS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


class TestLogs:
    def test_no_secret_is_in_any_log(self, system: SystemUnderTest):
        for path in (system.home / "secrets").iterdir():
            if path.name != "s3-access-key":  # a name, which SeaweedFS tells; its secret is the other one
                secret = path.read_bytes().strip()
                assert not [log for log in (system.home / "logs").iterdir() if secret in log.read_bytes()], path.name


class TestRestarts:
    @pytest.mark.parametrize("name", ["gateway", "worker", "relay"])
    def test_killed_process_is_started_again(self, name, system: SystemUnderTest):
        before = system.pid(name)
        pool = system.children(name)
        system.kill(name)
        assert system.pid(name) != before
        wait_until(lambda: not [pid for pid in pool if processes.start_time(pid)], "its children are gone")
        wait_until(lambda: ready(system.url), "the system is complete again", seconds=90)


class TestPresence:
    def test_worker_is_seen_again_after_redis_lost_it(self, system: SystemUnderTest):
        """Celery has cleared its timer when it lost the connection."""
        system.kill("valkey")
        with redis.Redis.from_url(system.variables["REDIS_URL"]) as client:
            client.flushall()
            wait_until(lambda: client.keys(f"{WORKERS}:*"), "it is seen", seconds=3 * REPORT_SECONDS)
        wait_until(lambda: ready(system.url), "the gateway sees it")


def ready(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/ready", trust_env=False).json()["status"] == "ok"
    return False
