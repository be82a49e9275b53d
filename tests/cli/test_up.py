"""`imageshield up` as one process that a person or a service manager starts, stops or kills."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from imageshield.servers import ports, processes
from imageshield.servers.home import scratch
from tests.support.stack import ROOT, Stack, clean_environment, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

STOP_SECONDS = 30
ACCOUNT = {"email": "owner@example.org", "password": "correct horse battery"}


class Up:
    """A running `imageshield up` and all its descendants."""

    def __init__(self, path: Path, *options: str, environment: dict[str, str] | None = None) -> None:
        self.path = path
        self.errors = path.with_name(path.name + ".stderr")
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "imageshield", "up", "--data-dir", str(path), "--workers", "1", *options],
                cwd=ROOT,
                env=clean_environment() | (environment or {}),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def await_ready(self) -> str:
        """Read the one line that says so, and return the address in it."""
        said = self.read_line()
        assert said == {"ready": True, "url": said["url"]}
        return said["url"]

    def read_line(self) -> dict[str, object]:
        line = self.process.stdout.readline()
        assert line, self.told
        return json.loads(line)

    @property
    def told(self) -> str:
        return self.errors.read_text()

    def family(self) -> dict[int, str | None]:
        """Name every process below this one by its pid and start."""
        found, waiting = {}, [self.process.pid]
        while waiting:
            for pid in processes.children(waiting.pop()):
                found[pid] = processes.start_time(pid)
                waiting.append(pid)
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        self.process.stdout.close()
        self.errors.unlink()


@contextlib.contextmanager
def up(path: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Up]:
    started = Up(path, *options, environment=environment)
    try:
        yield started
    finally:
        started.close()


def alive(family: dict[int, str | None]) -> list[int]:
    return [pid for pid, started in family.items() if started is not None and processes.start_time(pid) == started]


def post(url: str, path: str, **content: object) -> httpx.Response:
    return httpx.post(f"{url}/api/v1{path}", timeout=30, trust_env=False, **content)


def log_in(url: str) -> int:
    form = {"grant_type": "password", "username": ACCOUNT["email"], "password": ACCOUNT["password"]}
    return post(url, "/auth/token", data=form).status_code


@pytest.fixture
def place() -> Iterator[Path]:
    with scratch() as path:
        yield path


class TestLife:
    def test_sigterm_stops_everything_with_exit_code_0(self, place):
        with up(place, "--port", "0") as running:
            url = running.await_ready()
            assert httpx.get(f"{url}/ready", trust_env=False).json()["status"] == "ok"
            log = (place / "logs/supervisor.log").read_text()
            for name in ("postgres", "valkey", "seaweedfs", "worker", "gateway"):
                assert f"{name}: ready after" in running.told
                assert f"{name}: ready after" in log
            assert f"mails are written to {place / 'mails'}" in running.told
            [code] = re.findall(r"/setup#operator=([\w-]{43})$", running.told, re.MULTILINE)
            assert not [log for log in (place / "logs").iterdir() if code in log.read_text(errors="replace")]
            assert post(url, "/auth/register", json=ACCOUNT | {"operator_code": code}).status_code == 201
            family = running.family()
            assert len(family) >= 7, "three servers, relay, worker, its pool and the gateway"
            assert running.end(signal.SIGTERM) == 0
            assert "gateway: stopped" in running.told
            assert running.process.stdout.read() == "", "one line, and no more"
            assert alive(family) == []

    def test_second_start_after_kill_9_finds_everything(self, place):
        """Accounts, ports and keys stay the same."""
        port = ports.choose()
        options = ("--port", str(port))
        with up(place, *options, environment={"METRICS_PORT": "0"}) as first:
            said = first.read_line()
            assert said["url"] == f"http://localhost:{port}", "where a browser keeps the session of this installation"
            assert said["metrics"].keys() == {"relay", "worker"}
            for name, url in said["metrics"].items():
                assert f"metrics of the {name} on {url}" in first.told
                answer = httpx.get(url, trust_env=False)
                assert answer.status_code == 200
                assert ("imageshield_outbox_published_total" in answer.text) == (name == "relay")
            assert post(said["url"], "/auth/register", json=ACCOUNT).status_code == 201
            family = first.family()
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            if sys.platform == "linux":  # elsewhere the next start ends them
                wait_until(lambda: not alive(family), "every process follows its supervisor")
        with up(place, *options, environment={"METRICS_PORT": "0"}) as second:
            assert second.read_line() == said
            assert log_in(said["url"]) == 200
            assert second.end(signal.SIGINT) == 0, "Ctrl-C"

    def test_signal_while_starting_stops_what_has_started(self, place):
        with up(place, "--port", "0") as running:
            wait_until(lambda: "postgres: ready" in running.told, "the first server has started")
            family = running.family()
            assert running.end(signal.SIGINT) == 0
            assert alive(family) == []
            assert running.process.stdout.read() == ""


class TestRefusals:
    def refused(self, running: Up) -> str:
        assert running.process.wait(120) == 1
        assert running.process.stdout.read() == ""
        return running.told

    def test_busy_port_is_named(self, place):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with up(place, "--port", str(port)) as running:
                assert f"port {port} on 127.0.0.1 is in use" in self.refused(running)
                assert "ready" not in running.told, "no server was started for nothing"

    def test_data_directory_in_use_is_named(self, stack: Stack):
        with up(stack.home, "--port", "0") as running:
            assert f"{stack.home} is in use by process {os.getpid()}" in self.refused(running)

    def test_failing_process_is_named_and_everything_stopped(self, place):
        environment = {"DATABASE_URL": f"postgresql://me:canary-password@127.0.0.1:{ports.choose()}/nothing"}
        with up(place, "--port", "0", environment=environment) as running:
            told = self.refused(running)
            assert "cannot start: migrate ended with exit code 1" in told
            assert "seaweedfs: stopped" in told
            assert "canary-password" not in told

    def test_own_store_without_its_credentials_is_refused(self, place):
        with up(place, "--port", "0", environment={"S3_ENDPOINT_URL": "http://127.0.0.1:1"}) as running:
            assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as well" in self.refused(running)


class TestOwnServers:
    def test_named_servers_are_used_and_not_embedded(
        self, stack: Stack, database_url: str, redis_url: str, place: Path
    ):
        names = ("S3_ENDPOINT_URL", "S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        environment = {name: stack.variables[name] for name in names}
        environment |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        with up(place, "--port", "0", environment=environment) as running:
            url = running.await_ready()
            assert post(url, "/auth/register", json=ACCOUNT).status_code == 201
            assert log_in(url) == 200
            assert not (place / "postgres/data").exists()
            assert {path.stem for path in (place / "run").glob("*.json")} == {"relay", "worker", "gateway"}
