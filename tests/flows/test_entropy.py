"""Entropy sources through the running system: a network generator that fails and recovers, and the simulator."""

import json
from collections.abc import Iterator

import pytest

from imageshield.servers.home import scratch
from tests.core.quantum.test_qrng import Generator, generator, sound
from tests.support import pictures
from tests.support.databases import query
from tests.support.stack import SystemUnderTest, running_system, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

KEY = "canary-of-the-generator"
BROKEN = "degraded: The source qrng failed: it answered with the status 503"


def broken(handler, _):
    handler.send(KEY.encode(), status=503)


@pytest.fixture(scope="module")
def server() -> Iterator[Generator]:
    with generator(broken) as running:
        yield running


@pytest.fixture(scope="module")
def remote(server: Generator) -> Iterator[SystemUnderTest]:
    """A system whose workers use that generator."""
    chosen = {"ENTROPY_SOURCE": "qrng", "QRNG_URL": server.url, "QRNG_API_KEY": KEY, "ENTROPY_POOL_BITS": "8192"}
    with scratch() as path, running_system(path, **chosen) as running:
        yield running


@pytest.fixture
def asking(remote: SystemUnderTest) -> Iterator[User]:
    opened = User(remote.url)
    yield opened
    opened.close()


def audit(system: SystemUnderTest, job: dict) -> dict:
    found = query(
        system.variables["DATABASE_URL"],
        "SELECT details::text FROM audit_events WHERE action = 'image.encrypt' AND outcome = 'success'"
        " AND object_id = $1::text::uuid",
        job["job_id"].removeprefix("job_"),
    )
    return json.loads(found[0]["details"])["entropy"]


class TestGeneratorOnTheNetwork:
    def test_pictures_are_labeled_while_it_fails(self, asking: User, remote: SystemUnderTest, server: Generator):
        """They are encrypted all the same; once it answers again, new pictures have no label."""
        original = pictures.sample("coffee.png")
        job = asking.encrypt(original)
        statement = json.loads(asking.download(job["receipt_url"]))["statement"]
        assert job["quantum_purity"] == {"requested": "balanced", "served": "balanced", "reason": BROKEN}
        assert (statement["degraded"], statement["purity"]["reason"]) == (True, BROKEN)
        assert audit(remote, job) == {"source": "qrng", "kind": "hardware", "degraded": True, "reason": BROKEN}
        [pool] = asking.http.get("/entropy/pools").json()["pools"]
        assert (pool["source"], pool["waiting_bits"]) == ("qrng", 0)
        assert pool["alarm"]["reason"] == BROKEN.removeprefix("degraded: ")

        server.answer = sound
        job = asking.encrypt(original)
        statement = json.loads(asking.download(job["receipt_url"]))["statement"]
        assert job["quantum_purity"]["reason"] is None
        assert (statement["degraded"], statement["source"]["kind"]) == (False, "hardware")
        assert statement["raw"]["extraction"]["method"] == "sha-512"
        assert audit(remote, job) == {"source": "qrng", "kind": "hardware", "degraded": False, "reason": None}
        wait_until(lambda: asking.http.get("/entropy/pools").json()["waiting_bits"] == 8192, "the pool is full")
        fast = json.loads(asking.download(asking.encrypt(original, quantum_purity="fast")["receipt_url"]))["statement"]
        assert fast["pool"] == {"waiting_bits": 8192, "topped_up": False}

        assert asking.decrypt(asking.download(job["result_url"])).status_code == 200
        assert all(KEY not in remote.log(name) for name in remote.supervisor.names)


class TestSimulator:
    def test_each_balanced_picture_runs_its_own_circuits(self, user: User):
        """Two receipts: the same circuit, run twice, at two times, for two keys."""
        receipts = [
            json.loads(user.download(user.encrypt(pictures.sample("coffee.png"))["receipt_url"])) for _ in range(2)
        ]
        first, second = (receipt["statement"] for receipt in receipts)
        assert first["source"] == second["source"]
        assert first["source"]["kind"] == "simulated"
        assert first["raw"]["measured_at"] < second["started_at"] <= second["raw"]["measured_at"]
        assert [said["raw"]["bits"] for said in (first, second)] == [4096, 4096]
        assert [said["pool"] for said in (first, second)] == [None, None]
        assert first["key_id"] != second["key_id"]

    def test_the_pools_fill_by_themselves(self, user: User):
        def full() -> bool:
            said = user.http.get("/entropy/pools").json()
            return said["pools"] and said["waiting_bits"] == said["capacity_bits"] == len(said["pools"]) << 20

        wait_until(full, "every pool is full")
        assert {pool["source"] for pool in user.http.get("/entropy/pools").json()["pools"]} == {"aer"}
