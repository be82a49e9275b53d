"""Fault injectors: failpoints, signals, commands of the servers, and the proxy in front of the store."""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation
from tests.support.stack import wait_until

WORKER_POINTS = (
    "worker.received",
    "worker.claimed",
    "worker.reported",
    "worker.fetched",
    "worker.generating_quantum_keys",
    "worker.encrypting",
    "worker.authenticating",
    "worker.storing",
    "worker.stored",
    "worker.completing",
    "worker.completed",
    "worker.notified",
)


class Failpoints:
    """Named points in the product's code; the product is started with the directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def arm(self, name: str, act: str) -> None:
        """Arm a point: the next process that reaches it performs the act."""
        waiting = self._directory / f"{name}.waiting"
        waiting.write_text(act)
        waiting.rename(self._directory / name)

    def taken_by(self, name: str) -> int | None:
        """Return the process that reached the point, if one did."""
        for path in self._directory.glob(f"{name}.*.taken"):
            return int(path.name.split(".")[-2])
        return None

    def await_taken(self, name: str, *, seconds: float = 20.0) -> int:
        wait_until(lambda: self.taken_by(name) is not None, f"a process reaches {name}", seconds=seconds)
        pid = self.taken_by(name)
        assert pid is not None
        return pid

    def clear(self) -> None:
        for path in self._directory.iterdir():
            with suppress(FileNotFoundError):
                path.unlink()


class StoreProxy:
    """Control of the proxy in front of the object store: what it does with requests."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def failing(self, act: str, **details: Any) -> Iterator[None]:
        waiting = self._file.with_suffix(".new")
        waiting.write_text(json.dumps({"act": act, **details}))
        waiting.rename(self._file)
        try:
            yield
        finally:
            self._file.unlink()


def resume(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def execute(installation: Installation, statement: str, *arguments: Any) -> list[Any]:
    """Run one statement as the database's owner."""

    async def run() -> list[Any]:
        connection = await installation.connect()
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(run())


def terminate_backends(installation: Installation) -> int:
    """Break every connection of the product to the database; return how many there were."""
    found = execute(
        installation, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'imageshield'"
    )
    return len(found)


def lose_redis_files(installation: Installation) -> None:
    """Turn off Redis's append-only file and delete what it has written."""
    with installation.redis() as client:
        client.config_set("appendonly", "no")
        folder = Path(str(client.config_get("dir")["dir"]))
    shutil.rmtree(folder / "appendonlydir", ignore_errors=True)


@contextmanager
def refusing_audit(installation: Installation) -> Iterator[None]:
    """Have the database refuse every row of the audit log."""
    execute(
        installation,
        "CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'the audit log is full'; END $$",
    )
    execute(
        installation,
        "CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse_audit()",
    )
    try:
        yield
    finally:
        execute(installation, "DROP FUNCTION refuse_audit() CASCADE")


def until(moment: float) -> None:
    """Sleep until a moment of `time.monotonic`."""
    time.sleep(max(0.0, moment - time.monotonic()))
