"""One gateway for the test session, on real servers, with separate accounts; the tests play the worker."""

import asyncio
import itertools
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from api.app import create_app
from api.serving.server import configure
from backplane import ids
from backplane.db.notifications import Notifications
from backplane.db.repositories import blobs
from backplane.services.attempts.claims import Claim, Claims
from backplane.services.attempts.outcomes import Measurement
from backplane.services.requests.caller import Caller
from backplane.services.sealing.custody import wraps_of
from backplane.settings import Settings
from backplane.wiring.gateway import GatewayServices
from backplane.wiring.relay import open_relay
from backplane.wiring.worker import open_claims
from shield_core.cipher.purity import Purity
from shield_core.encrypted import header as container_header
from shield_core.encrypted import png
from shield_core.keys import keyfile
from shield_core.keys.schedule import derive
from shield_core.keys.stanzas import PlainWrap, Wrap
from tests.support import pictures
from tests.support.accounts import add_account
from tests.support.declared import DeclaredTransport
from tests.support.endings import Decrypted, Encrypted, complete_decrypt, complete_encrypt, complete_measurement
from tests.support.stack import Stack

PASSWORD = "correct horse battery staple"
COUNTER = itertools.count(1)
FIRST = text("UPDATE jobs SET priority = (SELECT min(priority) FROM jobs) - 1, not_before = NULL WHERE id = :id")


@dataclass
class User:
    """An account, and a client that sends its token."""

    email: str
    account_id: UUID
    token: str
    http: httpx.AsyncClient = field(repr=False)
    session_id: UUID
    refresh_token: str

    async def encrypt(self, picture: bytes | None = None, **form: str) -> str:
        """Submit a picture and return the id of its job."""
        data = picture or pictures.as_png(pictures.make(8, 6))
        response = await self.http.post("/api/v1/encrypt", files={"image": ("scan.png", data)}, data=form)
        assert response.status_code == 202, response.text
        return response.json()["job_id"]

    async def decrypt(self, sealed: "Sealed | None" = None, *, prefer: str = "respond-async") -> str:
        response = await self.http.post(
            "/api/v1/decrypt", files=(sealed or Sealed.make()).files(), headers={"Prefer": prefer}
        )
        assert response.status_code == 202, response.text
        return response.json()["job_id"]

    async def job(self, job_id: str) -> dict:
        return (await self.http.get(f"/api/v1/jobs/{job_id}")).raise_for_status().json()


@dataclass
class Gateway:
    """An application that is running, and how to reach it."""

    app: FastAPI
    transport: httpx.AsyncBaseTransport
    base_url: str = "http://gateway"
    stop: Callable[[], None] = lambda: None

    @property
    def services(self) -> GatewayServices:
        return self.app.state.services

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = DeclaredTransport(self.transport)
        return httpx.AsyncClient(transport=transport, base_url=self.base_url, headers=headers, timeout=60)

    async def user(self) -> User:
        """Make an account and log it in."""
        account = await add_account(self.services.resources, f"user{next(COUNTER)}@example.org", password=PASSWORD)
        pair = await self.services.identity.tokens.issue(Caller(account.id), account.id)
        return User(
            account.email,
            account.id,
            pair.access_token,
            self.client(Authorization=f"Bearer {pair.access_token}"),
            session_id=self.services.identity.tokens.verify(pair.access_token).session_id,
            refresh_token=pair.refresh_token,
        )


@dataclass
class Sealed:
    """A picture with a valid header, and its key file. Only a worker reads what it holds."""

    picture: bytes
    key_file: bytes

    @classmethod
    def make(cls, *wraps: Wrap, key_id: UUID | None = None, purity: Purity = Purity.FAST) -> "Sealed":
        file_key, nonce, key_id = os.urandom(32), os.urandom(24), key_id or ids.new()
        header = container_header.Header(
            layout="pixels",
            purity=purity,
            material_sha256=os.urandom(32) if purity is Purity.MAXIMUM else None,
            key_id=key_id,
            nonce=nonce,
            commitment=derive(file_key, nonce).commitment,
            width=4,
            height=4,
            bit_depth=8,
            color_type=2,
            metadata=os.urandom(64),
        )
        key_file = keyfile.build(
            file_key=file_key,
            nonce=nonce,
            key_id=key_id,
            purity=purity.value,
            statement_sha256="0" * 64,
            wraps=wraps or [PlainWrap()],
        )
        picture = png.write(header, os.urandom(32), np.zeros((16, 3), dtype=np.uint8))
        return cls(bytes(picture), keyfile.encode(key_file))

    def files(self) -> dict:
        return {"encrypted_image": ("noise.png", self.picture), "key_file": ("noise.qkey", self.key_file)}


class Engine:
    """Plays the worker: claims a job and ends it as the test wants."""

    def __init__(self, claims: Claims, settings: Settings) -> None:
        self.claims = claims
        # A test takes the job that it means, whatever else waits.
        claims.shares = itertools.repeat(None)
        self._settings = settings

    async def next_job(self, user: User, *, number: int = 1) -> str:
        """Wait until the user has this many jobs, and return the id of the last."""
        async with Notifications(self._settings) as notifications:
            while len(jobs := (await user.http.get("/api/v1/jobs")).json()["data"]) < number:
                await notifications.wait(10)
        return jobs[0]["job_id"]

    async def take(self, job_id: str) -> Claim:
        """Claim this job: workers claim the next one of the queue, so it becomes the next one."""
        wanted = ids.from_wire("job", job_id)
        async with self.claims._database.transaction() as session:
            await session.execute(FIRST, {"id": wanted})
        claim = await self.claims.claim()
        assert claim is not None
        assert claim.job.id == wanted
        return claim

    async def complete_encrypt(
        self,
        job_id: str,
        *,
        material: bytes | None = None,
        receipt: dict | None = None,
        measured: Measurement | None = None,
    ) -> bytes:
        """End the job with a picture, which is returned, and a key file that opens."""
        claim = await self.take(job_id)
        key_id = ids.new()
        purity = Purity.BALANCED if material is None else Purity.MAXIMUM
        wraps = wraps_of(claim.job, claim.account_key, claim.secret)
        sealed = Sealed.make(*wraps, key_id=key_id, purity=purity)
        outcome = Encrypted(
            png=sealed.picture,
            key_id=key_id,
            key_file=sealed.key_file,
            image_header=bytes(png.find(sealed.picture)[:-32]),
            image_tag=bytes(png.find(sealed.picture)[-32:]),
            columns={"purity_served": purity.value, "receipt": receipt or {"statement": {"version": 1}}},
            material=material,
        )
        await complete_encrypt(self.claims, claim, outcome, measured=measured)
        return sealed.picture

    async def complete_measurement(self, job_id: str, outcome: Measurement) -> None:
        await complete_measurement(self.claims, await self.take(job_id), outcome)

    async def complete_decrypt(self, job_id: str, data: bytes = b"picture", file_name: str | None = "scan.png") -> None:
        outcome = Decrypted(data=data, media_type="image/png", file_name=file_name, columns={})
        await complete_decrypt(self.claims, await self.take(job_id), outcome)

    async def sweep(self, claim: Claim) -> None:
        """Play the sweeper, at a time when the inputs of the job are due for deletion."""
        async with self.claims._database.transaction() as session:
            await blobs.expire_inputs(session, claim.job.id)
        async with open_relay(self._settings) as relay:
            await relay.sweeper.delete_due_objects()

    async def fail(self, job_id: str, *, code: str = "image-corrupt", title: str = "The image is damaged") -> None:
        await self.claims.fail(await self.take(job_id), code=code, title=title)


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):  # a process that starts on a busy machine, under coverage, took more than 10
        while not condition():  # noqa: ASYNC110 - what is looked at is another thread's
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Gateway]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield Gateway(app, httpx.ASGITransport(app, raise_app_exceptions=False))


@contextmanager
def serving(settings: Settings, **options: object) -> Iterator[Gateway]:
    """Run a real server on a thread, for behavior that only a connection shows."""
    app = create_app(settings)
    config = configure(app, host="127.0.0.1", port=0)
    config.timeout_graceful_shutdown = 5
    for name, value in options.items():
        setattr(config, name, value)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)

    def stop() -> None:
        server.should_exit = True

    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Gateway(app, httpx.AsyncHTTPTransport(), f"http://127.0.0.1:{port}", stop)
    finally:
        stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def gateway_settings(stack: Stack) -> Iterator[Callable[..., Settings]]:
    """Settings for gateways of this session; they share a database."""
    with stack.databases.lend() as url:
        redis_url = stack.redis_url()
        yield lambda **changes: stack.settings(**({"database_url": url, "redis_url": redis_url} | changes))


# Not for the session: async tests elsewhere would share its event loop, and get the errors of each other's leftovers.
@pytest.fixture(scope="module")
async def gateway(gateway_settings: Callable[..., Settings]) -> AsyncIterator[Gateway]:
    async with opened(gateway_settings(allowed_origins="https://console.example")) as running:
        yield running


@pytest.fixture(scope="session")
def server(gateway_settings: Callable[..., Settings]) -> Iterator[Gateway]:
    with serving(gateway_settings(allowed_origins="https://console.example")) as running:
        yield running


@pytest.fixture(scope="module")
async def engine(gateway_settings: Callable[..., Settings]) -> AsyncIterator[Engine]:
    async with open_claims(gateway_settings()) as claims:
        yield Engine(claims, gateway_settings())


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a credential."""
    async with gateway.client() as http:
        yield http


@pytest.fixture
async def ada(gateway: Gateway) -> AsyncIterator[User]:
    user = await gateway.user()
    async with user.http:
        yield user


@pytest.fixture
async def bob(gateway: Gateway) -> AsyncIterator[User]:
    user = await gateway.user()
    async with user.http:
        yield user


@pytest.fixture
async def wired(gateway: Gateway, server: Gateway) -> AsyncIterator[User]:
    """A user of the real server."""
    user = await gateway.user()
    await user.http.aclose()
    user.http = httpx.AsyncClient(
        base_url=server.base_url, headers={"Authorization": f"Bearer {user.token}"}, timeout=60, trust_env=False
    )
    async with user.http:
        yield user


@pytest.fixture
async def background() -> AsyncIterator[Callable[..., asyncio.Task]]:
    """Run a coroutine beside the test; its exceptions fail the test."""
    async with AsyncExitStack() as stack:

        def start(work) -> asyncio.Task:
            task = asyncio.create_task(work)
            stack.push_async_callback(asyncio.wait_for, task, 30)
            return task

        yield start
