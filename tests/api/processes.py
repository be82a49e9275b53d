"""The gateway as a process of its own, as an operator runs it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from backplane.settings import Settings
from imageshield.servers import ports
from tests.api.conftest import eventually
from tests.support.stack import ROOT, clean_environment


@dataclass
class GatewayProcess:
    """A gateway that runs beside the tests."""

    url: str
    port: int
    running: asyncio.subprocess.Process
    log: Path

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=60)

    async def end(self, seconds: float = 30) -> int:
        return await asyncio.wait_for(self.running.wait(), seconds)


def environment_of(settings: Settings, **changes: str) -> dict[str, str]:
    """Return the settings as environment variables."""

    def reveal(value: object) -> str:
        if isinstance(value, tuple):
            return ",".join(map(str, value))
        return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)

    given = settings.model_dump(exclude_none=True)
    return clean_environment() | {name.upper(): reveal(value) for name, value in given.items()} | changes


@asynccontextmanager
async def process(environment: dict[str, str], log: Path) -> AsyncIterator[GatewayProcess]:
    """Run the gateway during the block, which starts when it answers."""
    port = ports.choose()
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api", "--port", str(port)),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    gateway = GatewayProcess(f"http://127.0.0.1:{port}", port, running, log)

    def answers(http: httpx.Client) -> bool:
        assert running.returncode is None, log.read_text()
        try:
            return http.get(gateway.url + "/health").status_code == 200
        except httpx.TransportError:
            return False

    try:
        with httpx.Client(trust_env=False) as http:  # one for all attempts: making it takes 20 ms of processor time
            await eventually(lambda: answers(http))
        yield gateway
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()
