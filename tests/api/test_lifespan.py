"""The gateway as a process of its own, as an operator runs it: its start, its logs, and its stop."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.api.conftest import Sealed, opened
from tests.api.processes import environment_of, process
from tests.support.stack import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

CANARY = "canary-Zx9!-secret"


@pytest.fixture
def environment(gateway_settings):
    return environment_of(gateway_settings())


async def end_of(socket):
    """Listen until the socket closes, and return the code."""
    try:
        async with asyncio.timeout(20):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code


class TestStop:
    async def test_sigterm_closes_sockets_and_answers_waiting_requests(self, environment, ada, engine, tmp_path):
        """Sockets close with 1012; a request that waits for its job is answered with 202."""
        async with (
            process(environment, tmp_path / "log") as gateway,
            gateway.client(Authorization=f"Bearer {ada.token}") as http,
        ):
            job_id = await ada.encrypt()
            waiting = asyncio.create_task(http.post("/api/v1/decrypt", files=Sealed.make().files(), timeout=60))
            headers = {"Authorization": f"Bearer {ada.token}"}
            address = gateway.url.replace("http", "ws", 1) + f"/ws/progress/{job_id}"
            async with connect(address, additional_headers=headers, proxy=None) as socket:
                await socket.recv()
                await engine.next_job(ada, number=2)
                began = time.monotonic()
                gateway.running.send_signal(signal.SIGTERM)
                assert await end_of(socket) == 1012
            answer = await waiting
            assert answer.status_code == 202
            assert (await ada.job(answer.json()["job_id"]))["status"] == "pending"
            assert await gateway.end() in {0, -signal.SIGTERM}
            assert time.monotonic() - began < 10

    async def test_draining_gateway_is_not_ready(self, gateway_settings):
        """It installs signal handlers when it starts, and restores the previous ones when it ends."""
        async with opened(gateway_settings()) as gateway, gateway.client() as client:
            before = signal.getsignal(signal.SIGINT)
            statuses = []
            # The handler that ours calls is the server's; here it must not end the test.
            async with opened(gateway_settings()) as inner:
                assert signal.getsignal(signal.SIGINT) is not before
                inner.app.state.draining.begin()
                async with inner.client() as other:
                    statuses.append((await other.get("/ready")).status_code)
            assert statuses == [503]
            assert signal.getsignal(signal.SIGINT) is before
            assert (await client.get("/ready")).status_code == 200


class TestLogs:
    async def test_are_json_lines_without_queries_tokens_or_passwords(self, environment, ada, tmp_path):
        log = tmp_path / "log"
        async with process(environment, log) as gateway:
            async with gateway.client() as http:
                await http.get(f"/api/v1/jobs?token={CANARY}", headers={"Authorization": f"Bearer {ada.token}"})
                await http.post("/api/v1/auth/register", json={"email": CANARY, "password": CANARY})
                form = {"grant_type": "password", "username": "nobody@example.org", "password": CANARY}
                await http.post("/api/v1/auth/token", data=form)
                files = {"image": (f"{CANARY}.png", b"x"), "master_password": (None, CANARY)}
                await http.post("/api/v1/encrypt", files=files, headers={"Authorization": f"Bearer {ada.token}"})
            address = (
                gateway.url.replace("http", "ws", 1) + f"/ws/progress/{await ada.encrypt()}?last_seq=0&token={CANARY}"
            )
            headers = {"Authorization": f"Bearer {ada.token}"}
            async with connect(address, additional_headers=headers, proxy=None) as socket:
                await socket.recv()
            gateway.running.terminate()
            await gateway.end()
        text = log.read_text()
        assert CANARY not in text
        assert ada.token not in text
        events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        requests = [event for event in events if event["event"] == "http.request"]
        assert {"/api/v1/jobs", "/api/v1/encrypt"} <= {event["path"] for event in requests}
        assert all(event["request_id"].startswith("req_") for event in requests)
        assert all(line.startswith("{") for line in text.splitlines()), text


class TestImport:
    def test_import_needs_no_simulator_or_settings(self):
        """`api.main` imports neither the simulator nor the compiled kernels, and needs no environment variables."""
        code = (
            "import sys, api.main; print({'qiskit', 'qiskit_aer', 'numba', 'shield_core.pipeline'} & set(sys.modules))"
        )
        environment = {"PATH": os.environ["PATH"]}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "set()"
