"""Metrics of gateway, worker and relay, in a system of their own with two children in the pool."""

import os
import signal
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backplane.metrics import EXPORTED
from imageshield.servers.home import scratch
from tests.support import measuring, pictures
from tests.support.databases import query
from tests.support.stack import SystemUnderTest, running_system, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PICTURE = pictures.as_png(pictures.make())
OURS = ("imageshield_", "monthly_", "subscription_")
ENDED, TIMED = "imageshield_jobs_ended_total", "imageshield_job_seconds_count"


@pytest.fixture(scope="module")
def measured() -> Iterator[SystemUnderTest]:
    variables = {"METRICS_PORT": "0"} | measuring.measured_child()
    with scratch() as path, running_system(path, workers=2, **variables) as running:
        yield running


@pytest.fixture
def user(measured: SystemUnderTest) -> Iterator[User]:
    opened = User(measured.url)
    yield opened
    opened.close()


def families(system, process):
    answer = httpx.get(system.metrics[process], trust_env=False).raise_for_status()
    return list(text_string_to_metric_families(answer.text))


def count(system, process, name, **labels):
    """Add up the samples with this name and these labels; None where there is none."""
    found = [
        sample.value
        for family in families(system, process)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def counts(system):
    """Return the counts of jobs: submitted, published, ended by worker, gateway and relay, and timed."""
    return (
        count(system, "gateway", "imageshield_jobs_submitted_total") or 0,
        count(system, "relay", "imageshield_outbox_published_total") or 0,
        *(count(system, process, ENDED) or 0 for process in ("worker", "gateway", "relay")),
        count(system, "worker", TIMED) or 0,
    )


def encrypt(user, number):
    """Submit so many pictures at once that both children get some, and wait for all of them."""
    submitted = [user.submit(PICTURE)["job_id"] for _ in range(number)]
    for job_id in submitted:
        user.follow(job_id)
        assert user.job(job_id)["status"] == "completed"


def named(process):
    return {family.name for metric in EXPORTED[process] for family in metric.describe()}


class TestExports:
    @pytest.mark.parametrize("process", sorted(EXPORTED))
    def test_process_exports_what_it_sets(self, measured, user, process):
        encrypt(user, 1)
        wait_until(lambda: count(measured, "worker", TIMED), "the job is counted")
        names = {family.name for family in families(measured, process)}
        exported = {name for name in names if name.startswith(OURS) and not name.endswith("_created")}
        assert exported == named(process) - ({"imageshield_entropy_degraded"} if process == "worker" else set())

    def test_only_gateway_and_relay_export_their_memory(self, measured):
        assert count(measured, "gateway", "process_resident_memory_bytes") > 1e6
        assert count(measured, "relay", "process_resident_memory_bytes") > 1e6
        assert count(measured, "worker", "process_resident_memory_bytes") is None

    def test_relay_counts_the_dead_letters(self, measured, user):
        user.encrypt(PICTURE)
        url = measured.variables["DATABASE_URL"]
        assert count(measured, "relay", "imageshield_dead_letters") == 0
        query(url, "UPDATE jobs SET status = 'failed', error_code = 'poison', error_title = 'x'")
        [dead] = query(url, "SELECT count(*) FROM jobs WHERE status = 'failed'")
        assert dead["count"] > 0
        wait_until(lambda: count(measured, "relay", "imageshield_dead_letters") == dead["count"], "they are counted")
        assert count(measured, "gateway", "imageshield_dead_letters") is None
        assert count(measured, "worker", "imageshield_dead_letters") is None


class TestCounts:
    def grown(self, measured, before):
        return tuple(now - then for now, then in zip(counts(measured), before, strict=True))

    def test_include_every_child_and_process(self, measured, user):
        before = counts(measured)
        encrypt(user, 6)
        wait_until(lambda: self.grown(measured, before) == (6, 6, 6, 0, 0, 6), "six of everything, and no more")

    def test_survive_killed_children(self, measured, user):
        """Their successors continue the counts in the same files."""
        encrypt(user, 4)
        files = sorted(path.name for path in (measured.home / "run/imageshield-worker.metrics").iterdir())
        before = counts(measured)
        first = set(measured.children("worker"))
        assert len(first) == 2
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(set(measured.children("worker")) - first) == 2, "both children have successors")
        assert self.grown(measured, before) == (0, 0, 0, 0, 0, 0)
        encrypt(user, 3)
        wait_until(lambda: self.grown(measured, before) == (3, 3, 3, 0, 0, 3), "three more of everything")
        assert sorted(path.name for path in (measured.home / "run/imageshield-worker.metrics").iterdir()) == files

    def test_start_from_zero_with_the_worker(self, measured, user):
        encrypt(user, 1)
        starts, supervisor = measured.supervisor.starts("worker"), measured.supervisor
        os.kill(measured.pid("worker"), signal.SIGKILL)
        wait_until(lambda: supervisor.starts("worker") > starts, "it is started again")
        # What it imports takes seconds, and on a busy machine a minute.
        wait_until(lambda: supervisor.is_ready("worker"), "it is ready again", seconds=150)
        assert count(measured, "worker", ENDED) is None
        encrypt(user, 2)
        wait_until(lambda: count(measured, "worker", ENDED, kind="encrypt", status="completed") == 2, "two are counted")

    def test_files_are_private(self, measured):
        assert (measured.home / "run/imageshield-worker.metrics").stat().st_mode & 0o777 == 0o700
