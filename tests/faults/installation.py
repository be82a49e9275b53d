"""The system of a fault run: each server under a supervisor of its own, the store's proxy, and the product.

A server of its own supervisor can stay down for as long as a row wants; the product can be started again with other
settings while the servers, and what is in them, stay.
"""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import boto3
import redis
from botocore.config import Config

from imageshield.servers import embedded, ports, process_runner, processes, seaweed, system
from imageshield.servers.home import Home, scratch
from imageshield.servers.service import Service
from imageshield.servers.supervisor import Supervisor
from tests.faults.disks import SmallDisk, moved, small_disk
from tests.support.stack import ROOT, clean_environment, wait_until

WORKERS = 4
PROXY = "store-proxy"
READY_SECONDS = 60.0


class Installation:
    """The servers and processes that rows break and inspect."""

    def __init__(self, path: Path, servers: Home, *, log: Path) -> None:
        self.path = path
        self._log = log
        self._servers = servers
        self._kept: dict[str, Supervisor] = {}
        self._services: dict[str, Service] = {}
        self._changes: dict[str, str] = {}
        self._product: system.System | None = None
        self._lifetime: ExitStack | None = None
        self.failpoints = path / "failpoints"
        self.store_fault = path / "store-fault.json"
        composed = embedded.compose(servers, {})
        self.variables = dict(composed.variables)
        for service in composed.services:
            self._services[service.name] = service
        self._put_a_proxy_before_the_store(set(composed.ports))

    def open(self) -> None:
        self.failpoints.mkdir()
        for name in self._services:
            self.up(name)

    def close(self) -> None:
        self.stop_product()
        for name in reversed(list(self._kept)):
            self.down(name)
        for log in self.path.glob("product/logs/*.log"):
            shutil.copy(log, self._log.parent)

    # Servers.

    def up(self, name: str) -> None:
        """Start a server and wait until it answers."""
        supervisor = Supervisor([self._services[name]], home=self._place(name), report=self.report)
        supervisor.start()
        self._kept[name] = supervisor

    def _place(self, name: str) -> Path:
        """Make the directory of a supervisor of one process."""
        place = self._servers.path / "kept" / name
        for folder in ("run", "logs"):
            (place / folder).mkdir(parents=True, exist_ok=True)
        return place

    def down(self, name: str) -> None:
        """Stop a server until the next `up`."""
        self._kept.pop(name).stop()

    # The product.

    def run_product(self, **changes: str) -> None:
        """Run the product with these settings; if it already does, only wait until it answers."""
        if self._product is not None and changes == self._changes:
            self.await_ready()
            return
        self.stop_product()
        environment = clean_environment() | {"ENVIRONMENT": "test", "FAILPOINTS_DIRECTORY": str(self.failpoints)}
        environment |= {name: self.variables[name] for name in SERVERS} | changes
        workers = int(environment.pop("WORKERS", WORKERS))
        with ExitStack() as stack:
            running = system.running(
                self.path / "product", report=self.report, workers=workers, environment=environment
            )
            self._product = stack.enter_context(running)
            self._lifetime = stack.pop_all()
        self._changes = changes

    def stop_product(self) -> None:
        if self._lifetime is not None:
            self._lifetime.close()
        self._product, self._lifetime = None, None

    @property
    def url(self) -> str:
        assert self._product is not None, "the product is not running"
        return self._product.url

    def environment(self) -> dict[str, str]:
        """Return the environment of the product's processes, to start one more."""
        assert self._product is not None
        own = {"ENVIRONMENT": "test", "FAILPOINTS_DIRECTORY": str(self.failpoints)} | self._changes
        return clean_environment() | self.variables | dict(self._product.variables) | own

    # Processes.

    def pid(self, name: str) -> int:
        pid = self._supervisor(name).pid(name)
        assert pid is not None, f"{name} is not running"
        return pid

    def children(self, name: str) -> list[int]:
        return processes.children(self.pid(name))

    def starts(self, name: str) -> int:
        return self._supervisor(name).starts(name)

    def send(self, name: str, number: signal.Signals) -> None:
        os.kill(self.pid(name), number)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL, *, wait: bool = True) -> None:
        """Send a signal to a process and, with `wait`, wait until its successor answers."""
        before = self.starts(name)
        self.send(name, number)
        if wait:
            wait_until(lambda: self.starts(name) > before, f"{name} is started again", seconds=READY_SECONDS)
            wait_until(lambda: self._supervisor(name).is_ready(name), f"{name} answers", seconds=READY_SECONDS)

    def await_ready(self) -> None:
        for supervisor in self._supervisors():
            wait_until(
                lambda of=supervisor: all(map(of.is_ready, of.names)), "every process answers", seconds=READY_SECONDS
            )

    def log(self, name: str) -> str:
        return self._supervisor(name).log(name).read_text(errors="replace")

    def report(self, text: str) -> None:
        with self._log.open("a") as log:
            log.write(text + "\n")

    @contextmanager
    def more_of(self, name: str, count: int) -> Iterator[None]:
        """Run more instances of a process of the product, each under a supervisor of its own."""
        command = COMMANDS[name]
        with ExitStack() as stack:
            for number in range(count):
                service = Service(
                    name=f"{name}-{number + 2}",
                    command=(sys.executable, "-m", *command),
                    environment=self.environment()
                    | {"ALIVE_DIRECTORY": str(self._place(f"{name}-{number + 2}") / "run")},
                    working_directory=ROOT,
                )
                supervisor = Supervisor([service], home=self._place(service.name), report=self.report)
                stack.callback(supervisor.stop)
                supervisor.start()
            yield

    @contextmanager
    def store_on_a_small_disk(self) -> Iterator[SmallDisk]:
        """Move the object store's data to a small disk meanwhile; raise Skip if none can be made."""
        before = self._services["seaweedfs"]
        with small_disk(self.path / "small-disk") as disk:
            self.down("seaweedfs")
            self._services["seaweedfs"] = moved(before, disk.path)
            try:
                self.up("seaweedfs")
                yield disk
            finally:
                self.down("seaweedfs")
                self._services["seaweedfs"] = before
                self.up("seaweedfs")

    # What is in the servers, without the product.

    async def connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.variables["DATABASE_OWNER_URL"], timeout=10)

    def redis(self) -> "redis.Redis[Any]":
        return redis.Redis.from_url(self.variables["REDIS_URL"], socket_timeout=10)

    def objects(self) -> dict[str, int]:
        """List every object in the store with its size, without the proxy."""
        client = boto3.client(
            "s3",
            endpoint_url=self.variables["STORE_UPSTREAM"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=seaweed.REGION,
            config=Config(s3={"addressing_style": "path"}),
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.variables["S3_BUCKET"])
        try:
            return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}
        finally:
            client.close()

    def _supervisor(self, name: str) -> Supervisor:
        return next(supervisor for supervisor in self._supervisors() if name in supervisor.names)

    def _supervisors(self) -> list[Supervisor]:
        own = [] if self._product is None else [self._product.supervisor]
        return [*self._kept.values(), *own]

    def _put_a_proxy_before_the_store(self, taken: set[int]) -> None:
        port = ports.choose(avoid=taken)
        upstream = self.variables["S3_ENDPOINT_URL"]
        self.variables |= {"STORE_UPSTREAM": upstream, "S3_ENDPOINT_URL": f"http://{ports.LOOPBACK}:{port}"}
        self._services[PROXY] = proxy(port, upstream, self.store_fault)


COMMANDS = {"relay": ("imageshield", "relay")}

SERVERS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "S3_ENDPOINT_URL",
    "S3_BUCKET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)


def proxy(port: int, upstream: str, fault: Path) -> Service:
    return Service(
        name=PROXY,
        command=(
            *(sys.executable, "-m", "uvicorn", "tests.faults.store_proxy:app", "--host", ports.LOOPBACK),
            *("--port", str(port), "--log-level", "critical", "--no-server-header", "--no-date-header"),
        ),
        environment=clean_environment() | {"STORE_UPSTREAM": upstream, "STORE_FAULT": str(fault)},
        working_directory=ROOT,
        healthy=lambda: not ports.is_free(port),
    )


@contextmanager
def running_installation(log: Path) -> Iterator[Installation]:
    """Start the servers and the store's proxy, and stop everything afterwards."""
    # A process that a row kills restarts without the delay for processes that do not run long.
    steady, process_runner.STEADY_SECONDS = process_runner.STEADY_SECONDS, 0.0
    try:
        with scratch() as own, scratch() as place:
            servers = Home.open(place)
            installation = Installation(own, servers, log=log)
            try:
                installation.open()
                yield installation
            finally:
                installation.close()
                servers.close()
    finally:
        process_runner.STEADY_SECONDS = steady
