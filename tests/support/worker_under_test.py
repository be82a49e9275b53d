"""A real worker on the servers of the session; the test acts as gateway, relay and sweeper."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from backplane.queue import CeleryQueue
from backplane.services.jobs.submissions import Picture
from backplane.services.pictures.encryptions import EncryptRequest
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.upkeep.outbox import OutboxRelay
from backplane.settings import Settings
from backplane.wiring.gateway import GatewayServices, open_gateway
from backplane.wiring.relay import wire_sweeper
from backplane.wiring.resources import Resources, open_resources
from imageshield.servers import processes
from tests.support.accounts import add_account
from tests.support.databases import query
from tests.support.stack import ROOT, clean_environment, wait_until

T = TypeVar("T")


class WorkerUnderTest:
    """One worker, its jobs, and a directory of failpoints."""

    def __init__(self, settings: Settings, variables: dict[str, str], directory: Path) -> None:
        self.settings = settings
        self.url = settings.database_url.get_secret_value().replace("postgresql+asyncpg", "postgresql")
        self.variables = variables
        self.alive = directory / "imageshield-worker.alive"
        self._failpoints = directory / "failpoints"
        self._failpoints.mkdir()
        self._log = directory / "worker.log"
        account = asyncio.run(self._with_resources(lambda it: add_account(it, "worker@example.org")))
        self._caller = Caller(account.id)

    @contextmanager
    def worker(self, *, concurrency: int = 1, **changes: object) -> Iterator[subprocess.Popen[bytes]]:
        """Start a worker and wait until it accepts jobs; the end of the block kills it."""
        environment = (
            clean_environment() | self.variables | {name.upper(): str(value) for name, value in changes.items()}
        )
        environment |= {
            "ALIVE_DIRECTORY": str(self.alive.parent),
            "FAILPOINTS_DIRECTORY": str(self._failpoints),
            "WORKER_THREADS": "1",
            "PYTHONFAULTHANDLER": "1",
        }
        celery = ("celery", "-A", "worker.app", "worker", "--without-gossip", "--without-mingle", "--loglevel", "INFO")
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *celery, "--concurrency", str(concurrency)],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            ready = self.log().count("worker.ready")
            wait_until(
                lambda: self.alive.exists() and self.log().count("worker.ready") > ready,
                "the worker is ready",
                seconds=60,
            )
            yield worker
        except BaseException:
            write_stacks(worker)
            raise
        finally:
            if worker.poll() is None:
                processes.kill_group(worker.pid)
            worker.wait()
            sys.stderr.write(self.log())  # shown if the test fails

    def arm(self, name: str, act: str) -> None:
        (self._failpoints / name).write_text(act)

    def was_reached(self, name: str) -> bool:
        return any(self._failpoints.glob(f"{name}.*.taken"))

    def submit(self, picture: bytes, **encrypt_request: Any) -> UUID:
        """Submit a picture, and publish its job."""

        async def submit(gateway: GatewayServices) -> UUID:
            upload = Picture(picture, "scan.png")
            return (
                await gateway.pictures.encryptions.submit(
                    Submission(self._caller), upload, EncryptRequest(**encrypt_request)
                )
            ).id

        job_id = asyncio.run(self._as_gateway(submit))
        self.relay()
        return job_id

    def relay(self) -> int:
        async def relay(resources: Resources) -> int:
            queue = CeleryQueue.from_settings(self.settings)
            try:
                return await OutboxRelay(resources.database, queue).drain()
            finally:
                queue.close()

        return asyncio.run(self._with_resources(relay))

    def sweep(self) -> None:
        """Sweep jobs as the sweeper does, and publish them."""

        async def sweep(resources: Resources) -> None:
            await wire_sweeper(resources).recover_jobs()

        asyncio.run(self._with_resources(sweep))
        self.relay()

    def expire_leases(self) -> None:
        """Expire the leases of all running jobs."""
        query(self.url, "UPDATE jobs SET lease_until = now() - interval '1 second' WHERE status = 'processing'")

    def skip_waits(self) -> None:
        """Make all waiting jobs due now."""
        query(self.url, "UPDATE jobs SET not_before = NULL WHERE status = 'pending'")
        query(self.url, "UPDATE outbox SET due_at = now()")
        self.relay()

    def job(self, job_id: UUID) -> dict[str, Any]:
        [row] = query(self.url, "SELECT * FROM jobs WHERE id = $1", job_id)
        return dict(row)

    def await_status(self, job_id: UUID, status: str, *, seconds: float = 60) -> dict[str, Any]:
        wait_until(lambda: self.job(job_id)["status"] == status, f"the job is {status}", seconds=seconds)
        return self.job(job_id)

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    async def _as_gateway(self, act: Callable[[GatewayServices], Awaitable[T]]) -> T:
        async with open_gateway(self.settings) as gateway:
            return await act(gateway)

    async def _with_resources(self, act: Callable[[Resources], Awaitable[T]]) -> T:
        async with open_resources(self.settings) as resources:
            return await act(resources)


def write_stacks(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and its children in a way that each of them writes its stack to the log."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGABRT)
        with suppress(subprocess.TimeoutExpired):
            worker.wait(5)
    processes.kill_group(worker.pid)
