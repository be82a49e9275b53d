"""Machine checks: programs, packages, ports, disk space, clock and caches."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from imageshield.checks.situation import Fault, Situation
from imageshield.servers import account, binaries, exporters, ports
from imageshield.servers.errors import StartRefused
from imageshield.servers.system import ROOT

DEFAULT_PORT = 8000
ROOM_BYTES = 2_000_000_000
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""This program is newer than that: a clock that shows an earlier time was never set."""
FINDERS: dict[str, Callable[[], object]] = {
    "DATABASE_URL": binaries.find_postgres,
    "REDIS_URL": binaries.find_valkey,
    "S3_ENDPOINT_URL": binaries.find_weed,
}
PACKAGES = {"gateway": ("fastapi", "uvicorn"), "worker": ("celery", "numba", "qiskit", "qiskit_aer")}


def check_programs(situation: Situation) -> list[Fault]:
    faults = []
    for variable in sorted(situation.embedded):
        try:
            FINDERS[variable]()
        except StartRefused as refusal:
            problem, _, remedy = str(refusal).partition(": ")
            faults.append(Fault(variable, f"is not set, and {problem}", remedy))
    return faults


def check_packages(situation: Situation) -> list[Fault]:
    if not situation.local:
        return []  # in production each process has its own environment with only the packages that it needs
    missing = [name for names in PACKAGES.values() for name in names if importlib.util.find_spec(name) is None]
    return [Fault("packages", f"missing: {', '.join(missing)}", "pip install imageshield[embedded]")] if missing else []


def check_home(situation: Situation) -> list[Fault]:
    path = situation.home.path
    if not situation.local or not path.exists():
        return []
    if path.stat().st_uid != os.geteuid():
        return [Fault("data directory", f"{path} belongs to another user", "run doctor as the user who runs up")]
    open_ones = [(path, "0711" if os.geteuid() == 0 else "0700")] if path.stat().st_mode & 0o066 else []
    open_ones += [(file, "0600") for file in sorted((path / "secrets").glob("*")) if file.stat().st_mode & 0o077]
    return [Fault("data directory", f"{file} is open to others", f"chmod {mode} {file}") for file, mode in open_ones]


def check_postgres_place(situation: Situation) -> list[Fault]:
    if "DATABASE_URL" not in situation.embedded:
        return []
    who = account.choose(situation.home.folder("postgres"))
    closed = None if who is None else account.closed_parent(situation.home.path, who)
    if who is None or closed is None:
        return []
    problem = f"{closed} is closed to user {who.name}, who must run PostgreSQL for root"
    return [Fault("data directory", problem, "choose a --data-dir outside of it, for example under /var/lib")]


def check_room(situation: Situation) -> list[Fault]:
    existing = next(place for place in (situation.home.path, *situation.home.path.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if not situation.local or free >= ROOM_BYTES:
        return []
    problem = f"{free // 1_000_000} MB are free where {situation.home.path} is"
    return [Fault("data directory", problem, f"make room: at least {ROOM_BYTES // 1_000_000} MB")]


def check_port(situation: Situation) -> list[Fault]:
    if not situation.local or situation.running or ports.is_free(DEFAULT_PORT):
        return []
    return [Fault("port", f"{DEFAULT_PORT} on {ports.LOOPBACK} is in use", "stop what listens there, or up --port N")]


def check_metrics_port(situation: Situation) -> list[Fault]:
    if not situation.local or situation.running:
        return []
    try:
        named = exporters.named(situation.environment)
    except StartRefused as refusal:
        return [Fault("METRICS_PORT", *str(refusal).removeprefix("METRICS_PORT ").split(": ", 1))]
    host = exporters.host(situation.environment)
    busy = [str(port) for port in named.values() if port == DEFAULT_PORT or not ports.is_free(port, host)]
    remedy = "choose another one, of which the next is free too, or 0"
    return [Fault("METRICS_PORT", f"port {' and '.join(busy)} on {host} is in use", remedy)] if busy else []


def check_clock(_: Situation) -> list[Fault]:
    now = datetime.now(UTC)
    if now >= EARLIEST:
        return []
    return [Fault("clock", f"this machine believes it is {now:%Y-%m-%d}", "set it by NTP: tokens expire by the clock")]


def check_numba_cache(situation: Situation) -> list[Fault]:
    """Check the cache of compiled kernels: NUMBA_CACHE_DIR, else beside the source, else the data directory of `up`."""
    given = situation.environment.get("NUMBA_CACHE_DIR")
    if not given and situation.local:
        return []
    directory = Path(given) if given else ROOT / "shield_core/cipher"
    existing = next(place for place in (directory, *directory.parents) if place.exists())
    if os.access(existing, os.W_OK):
        return []
    problem = f"{directory} cannot be written, so that the kernels cannot be compiled"
    return [Fault("NUMBA_CACHE_DIR", problem, "set it to a writable directory")]
