"""Embedded PostgreSQL: a cluster created once, a server that never runs as root, a real log-in as health check."""

import asyncio
import contextlib
import hashlib
import hmac
import os
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import asyncpg

from backplane.db import roles
from imageshield.servers import account, binaries, processes
from imageshield.servers.account import Account
from imageshield.servers.errors import ClusterRefused, PlaceClosed
from imageshield.servers.home import Home
from imageshield.servers.ports import LOOPBACK
from imageshield.servers.service import Service

USER = "imageshield"
DATABASE = "imageshield"
LEFTOVER_SECONDS = 15.0

# Options of the command line: the configuration files of the cluster stay as initdb wrote them.
# No socket file: its path may have at most 107 bytes, and nothing here needs it.
OPTIONS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC", "log_timezone=UTC")
VOLATILE_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For tests that do not check durability."""


def url(home: Home, port: int) -> str:
    return f"postgresql://{USER}:{home.secret('postgres-password')}@{LOOPBACK}:{port}/{DATABASE}"


def application_url(home: Home, port: int) -> str:
    """Return the address for gateway, worker and relay, whose role owns no table."""
    return f"postgresql://{roles.APPLICATION}:{_application_password(home)}@{LOOPBACK}:{port}/{DATABASE}"


def _application_password(home: Home) -> str:
    """Derive it: a secret of its own could be lost, and who has the owner's password needs no other."""
    return hmac.digest(home.secret("postgres-password").encode(), roles.APPLICATION.encode(), hashlib.sha256).hex()


def service(home: Home, port: int, *, volatile: bool = False) -> Service:
    data = home.folder("postgres") / "data"
    who = account.choose(data)
    programs = _reachable(binaries.find_postgres(), home, who)
    options = OPTIONS + (VOLATILE_OPTIONS if volatile else ())
    return Service(
        name="postgres",
        command=(str(programs / "postgres"), "-D", str(data), "-p", str(port), *_flags(options)),
        environment=_environment(),
        prepare=partial(_prepare, home, programs, data, who),
        healthy=partial(_answers, url(home, port), _application_password(home)),
        account=who,
        start_seconds=300.0,  # after a crash it first replays its log
        stop_signal=signal.SIGINT,  # fast shutdown: it ends open sessions and writes everything
        stop_seconds=15.0,
        death_signal=signal.SIGINT,
    )


def _flags(options: tuple[str, ...]) -> list[str]:
    return [part for option in options for part in ("-c", option)]


def _environment() -> dict[str, str]:
    """Build an environment without the caller's variables: PGDATA, PGOPTIONS and others would change the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


def _reachable(found: binaries.Postgres, home: Home, who: Account | None) -> Path:
    """Return a folder of the programs that the user of the server can enter; copy them if needed.

    A virtual environment under /root is closed to that user.
    """
    if who is None or account.can_run(found.directory / "postgres", who):
        return found.directory
    if not found.from_wheel:
        raise PlaceClosed(f"{found.directory} cannot be reached by user {who.name}, who must run PostgreSQL for root")
    package = found.directory.parents[1]
    copy = home.folder("engine") / package.stat().st_mtime_ns.__str__()
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall/bin"


def _copy(package: Path, target: Path) -> None:
    unfinished = target.with_suffix(".new")
    shutil.rmtree(target.parent, ignore_errors=True)  # the copy of an older version
    shutil.copytree(package / "pginstall", unfinished / package.name / "pginstall", symlinks=True)
    # The programs look for their libraries beside their package.
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name)
    for directory in (target.parent, unfinished):
        directory.chmod(0o755)
    unfinished.rename(target)


def _prepare(home: Home, programs: Path, data: Path, who: Account | None) -> None:
    if who is not None:
        if (closed := account.closed_parent(data.parent, who)) is not None:
            raise PlaceClosed(
                f"{closed} is closed to user {who.name}, who must run PostgreSQL for root: "
                "choose a --data-dir outside of it, for example under /var/lib"
            )
        os.chown(data.parent, who.uid, who.gid)
    if not (data / "PG_VERSION").exists():
        _make_cluster(home, programs, data, who)
    _refuse_other_version(programs, data)
    _clear_leftovers(data)


def _make_cluster(home: Home, programs: Path, data: Path, who: Account | None) -> None:
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    password = data.with_name("password")
    password.unlink(missing_ok=True)
    password.touch(mode=0o600)
    password.write_text(home.secret("postgres-password"))
    if who is not None:
        os.chown(password, who.uid, who.gid)
    initdb = (str(programs / "initdb"), "-A", "scram-sha-256", "--locale=C.UTF-8", "-E", "UTF8", "-U", USER)
    try:
        account.run([*initdb, f"--pwfile={password}", "-D", str(unfinished)], who, _environment())
    except subprocess.CalledProcessError as error:
        raise ClusterRefused(f"initdb failed: {error.stderr.strip()}") from error
    finally:
        password.unlink(missing_ok=True)
    unfinished.rename(data)


def _refuse_other_version(programs: Path, data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    found = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if f" {made_by}." not in found:
        raise ClusterRefused(f"{data} was made by PostgreSQL {made_by}; here is {found}: see docs/guides/operations.md")


def _clear_leftovers(data: Path) -> None:
    """After a kill -9, wait until orphaned sessions end, then remove the pid file: its pid may be reused by now."""
    if not processes.PROC.is_dir():
        return  # only PostgreSQL's own check is available
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while left := processes.working_in(data):
        if time.monotonic() > deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _answers(address: str, password: str) -> bool:
    try:
        return asyncio.run(_ask(address, password))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False


async def _ask(address: str, password: str) -> bool:
    maintenance = address.rpartition("/")[0] + "/postgres"
    connection = await asyncpg.connect(maintenance, timeout=2)
    try:
        if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        if not await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", roles.APPLICATION):
            await roles.make(maintenance, password)
    finally:
        await connection.close(timeout=2)
    return True
