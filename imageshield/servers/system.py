"""The whole system under one supervisor: the embedded servers, the migration, relay, worker and gateway."""

import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from backplane.alive import SEEN_SECONDS
from imageshield.servers import embedded, exporters, ports
from imageshield.servers.errors import PortBusy, StartFailed
from imageshield.servers.home import Home
from imageshield.servers.service import Service
from imageshield.servers.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 3
FIRST_START_SECONDS = 180
"""The very first worker compiles the kernels before it answers, which takes half a minute on a slow machine."""
GRACE_SECONDS = 20
"""Time after SIGTERM in which the gateway may finish requests, and the worker its job."""
UNWINDING_SECONDS = 15
"""Additional time for a stopping worker to hand its jobs over."""
LOCAL = frozenset({ports.LOOPBACK, "::1", "localhost", "0.0.0.0", "::"})  # noqa: S104 -- compared, not bound
"""Hosts of `--host` that a browser on this machine reaches as localhost."""
GATEWAY_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "8388608"}
"""The same as in Dockerfile.api: glibc then returns the memory of large uploads to the system, and keeps that of small
ones for the next (docs/decisions/0034)."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class System:
    """A running system."""

    url: str
    """Where this machine reaches it: an address of the listening interface, without a name to resolve."""
    supervisor: Supervisor
    variables: Mapping[str, str]
    home: Path
    metrics: Mapping[str, str]
    """The metrics addresses of relay and worker, if METRICS_PORT is set."""

    @property
    def public_url(self) -> str:
        """Where browsers reach it."""
        return self.variables["PUBLIC_URL"]


@dataclass(frozen=True)
class Plan:
    """A system that can be started, on ports that were free a moment ago."""

    url: str
    services: tuple[Service, ...]
    variables: Mapping[str, str]
    ports: tuple[int, ...]
    metrics: Mapping[str, str]


@contextmanager
def running(
    data_dir: Path,
    *,
    report: Report,
    host: str = ports.LOOPBACK,
    port: int = 0,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
    interrupted: threading.Event | None = None,
) -> Iterator[System]:
    """Start everything, yield the system, and stop everything.

    Raises:
        StartRefused: the system could not be started; nothing is left running.
        Interrupted: `interrupted` was set before the system was ready; nothing is left running.
    """
    home = Home.open(data_dir)
    try:
        plan = partial(_plan, home, environment or os.environ, host=host, port=port, workers=workers)
        system = _start(home, plan, report=report, interrupted=interrupted)
        try:
            yield system
        finally:
            system.supervisor.stop()
    finally:
        home.close()


def _start(home: Home, plan: Callable[[], Plan], *, report: Report, interrupted: threading.Event | None) -> System:
    attempt = 0
    while True:
        attempt += 1
        planned = plan()
        supervisor = Supervisor(planned.services, home=home.path, report=report)
        try:
            supervisor.start(interrupted=interrupted)
        except StartFailed:
            # Another process, such as a second stack, may take a port between its choice and its use.
            if attempt == ATTEMPTS or all(map(ports.is_free, planned.ports)):
                raise
            report("a port was taken meanwhile, starting again with another one")
        else:
            return System(planned.url, supervisor, planned.variables, home.path, planned.metrics)


def _plan(home: Home, environment: Mapping[str, str], *, host: str, port: int, workers: int) -> Plan:
    if port and not ports.is_free(port, host):
        raise PortBusy(f"port {port} on {host} is in use: stop what listens there, or choose another one with --port")
    stack = embedded.compose(home, environment)
    metrics = exporters.choose(home, environment, gateway=port)
    number = port or ports.choose(avoid={*stack.ports, *metrics.values()})
    url = _url(host, number)
    variables = stack.variables | _own_variables(home, environment, host=host, port=number)
    complete = dict(environment) | variables
    own = _own_services(complete, host=host, port=number, url=url, workers=workers, metrics=metrics)
    urls = {name: f"{_url(exporters.host(environment), at)}/metrics" for name, at in metrics.items()}
    return Plan(url, (*stack.services, *own), variables, (*stack.ports, number, *metrics.values()), urls)


def _own_variables(home: Home, environment: Mapping[str, str], *, host: str, port: int) -> dict[str, str]:
    """Return the variables of our processes apart from the addresses of the servers."""
    variables = {"ALIVE_DIRECTORY": str(home.folder("run")), "PYTHONUNBUFFERED": "1"}
    variables["PUBLIC_URL"] = environment.get("PUBLIC_URL") or _public_url(host, port)
    if not environment.get("SMTP_URL") and not environment.get("MAIL_OUTBOX_DIRECTORY"):
        variables["MAIL_OUTBOX_DIRECTORY"] = str(home.folder("mails"))
    if not environment.get("ALLOWED_ORIGINS"):
        variables["ALLOWED_ORIGINS"] = _url(host, port)
    if not environment.get("NUMBA_CACHE_DIR") and not os.access(ROOT / "shield_core/cipher", os.W_OK):
        variables["NUMBA_CACHE_DIR"] = str(home.folder("cache"))
    return variables


def _own_services(
    environment: dict[str, str], *, host: str, port: int, url: str, workers: int, metrics: Mapping[str, int]
) -> tuple[Service, ...]:
    owner = environment.pop("DATABASE_OWNER_URL", None) or environment["DATABASE_URL"]
    python = partial(_python, environment=environment, metrics=metrics)
    alive = {name: Path(environment["ALIVE_DIRECTORY"]) / f"imageshield-{name}.alive" for name in ("worker", "relay")}
    return (
        python(
            "migrate",
            *("alembic", "-c", str(ROOT / "migrations/alembic.ini"), "upgrade", "head"),
            environment=environment | {"DATABASE_URL": owner},
            after=("postgres",),
            once=True,
        ),
        python(
            "relay",
            *("imageshield", "relay"),
            after=("migrate", "valkey", "seaweedfs"),
            prepare=partial(alive["relay"].unlink, missing_ok=True),
            healthy=alive["relay"].exists,
            alive=partial(_was_touched, alive["relay"]),
        ),
        python(
            "worker",
            *("celery", "-A", "worker.app", "worker", "--concurrency", str(workers)),
            *("--loglevel", environment.get("LOG_LEVEL") or "INFO"),
            # Workers need no messages from each other here, and mingling delays the start by a second.
            *("--without-gossip", "--without-mingle"),
            after=("valkey",),  # not the others: its imports take seconds, and no job arrives before they are ready
            prepare=partial(alive["worker"].unlink, missing_ok=True),
            healthy=alive["worker"].exists,
            alive=partial(_was_touched, alive["worker"]),
            start_seconds=FIRST_START_SECONDS,
            stop_seconds=float(environment.get("WORKER_STOP_SECONDS") or GRACE_SECONDS) + UNWINDING_SECONDS,
        ),
        python(
            "gateway",
            *("api", "--host", host, "--port", str(port)),
            environment=GATEWAY_MEMORY | environment,
            after=("migrate", "valkey"),
            healthy=partial(_is_ready, url),
            start_seconds=FIRST_START_SECONDS,
            stop_seconds=GRACE_SECONDS + 5,
        ),
    )


def _python(
    name: str,
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    metrics: Mapping[str, int],
    after: tuple[str, ...],
    **details: Any,
) -> Service:
    return Service(
        name=name,
        command=(sys.executable, "-m", module, *arguments),
        environment={**environment, **({"METRICS_PORT": str(metrics[name])} if name in metrics else {})},
        working_directory=ROOT,  # where `-m` finds the packages of a checkout
        after=after,
        **details,
    )


def _was_touched(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < SEEN_SECONDS
    except FileNotFoundError:
        return False


def _url(host: str, port: int) -> str:
    """Return the address to call. For "all addresses" this is the loopback address."""
    callable_host = {"0.0.0.0": ports.LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound
    return f"http://[{callable_host}]:{port}" if ":" in callable_host else f"http://{callable_host}:{port}"


def _public_url(host: str, port: int) -> str:
    """Return the address for browsers: by name on this machine, because passkeys and certificates need a name."""
    return f"http://localhost:{port}" if host in LOCAL else _url(host, port)


def _is_ready(url: str) -> bool:
    """Query `/ready`, not the gateway's own health: "ok" means that a worker was seen and every server answers."""
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=2) as answer:  # noqa: S310 -- our own http address
            return bool(json.load(answer)["status"] == "ok")
    except (OSError, ValueError, KeyError):
        return False
