"""A client of the service with its own account: it submits pictures and follows their events."""

import asyncio
import itertools
import json
import time
from contextlib import asynccontextmanager

import httpx
import websockets.asyncio.client

API = "/api/v1"
ENDS = {"completed", "error", "cancelled"}
BOUNDARY = "a-boundary-that-no-picture-holds"
COUNTER = itertools.count(1)
CONNECTIONS = 400


class Client:
    """An HTTP client with a pool of connections. `joined` creates it."""

    def __init__(self, url, token):
        self.url = url
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(
            base_url=url + API, timeout=120, limits=limits, headers=self.headers, trust_env=False
        )

    async def post(self, form):
        """Send a form from `form` and return the response, even an error."""
        content, headers = form
        return await self.http.post("/encrypt", content=content, headers=headers)

    async def submit(self, form):
        answer = await self.post(form)
        answer.raise_for_status()
        return answer.json()["job_id"]

    async def job(self, job_id):
        return (await self.http.get(f"/jobs/{job_id}")).raise_for_status().json()

    def socket(self, job_id):
        address = self.url.replace("http://", "ws://", 1) + f"/ws/progress/{job_id}"
        return websockets.asyncio.client.connect(
            address, additional_headers=self.headers, proxy=None, open_timeout=60, ping_interval=None
        )

    async def follow(self, job_id):
        """Listen until the job ends. Returns the last event and the time of its arrival."""
        async with self.socket(job_id) as socket:
            return await heard_end(socket)

    async def end_of(self, job_id):
        event, _ = await self.follow(job_id)
        if event["type"] != "completed":
            raise RuntimeError(f"{job_id} ended with {event}")


async def heard_end(socket):
    """Read messages until the one that ends the job. Returns its event and the time of its arrival."""
    async for message in socket:
        event = json.loads(message)
        if event["type"] in ENDS or event["payload"].get("status") in {"completed", "failed", "cancelled"}:
            return event, time.time()
    raise ConnectionError("the socket closed before the job ended")


def form(data, name="picture.png", **fields):
    """Build the body of an upload once, so that the driver only has to send it."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
             for key, value in fields.items()]  # fmt: skip
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode()
    body = b"".join([*parts, head, data, f"\r\n--{BOUNDARY}--\r\n".encode()])
    return body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@asynccontextmanager
async def joined(url):
    """Register an account and yield a client for it."""
    email, password = f"load{next(COUNTER)}@example.org", "correct horse battery"
    async with httpx.AsyncClient(base_url=url + API, timeout=60, trust_env=False) as http:
        (await http.post("/auth/register", json={"email": email, "password": password})).raise_for_status()
        login = {"grant_type": "password", "username": email, "password": password}
        token = (await http.post("/auth/token", data=login)).raise_for_status().json()["access_token"]
    client = Client(url, token)
    try:
        yield client
    finally:
        await client.http.aclose()


async def at_once(acts, limit):
    """Await all, at most `limit` at the same time. Returns the results in the given order."""
    slots = asyncio.Semaphore(limit)

    async def one(act):
        async with slots:
            return await act

    return await asyncio.gather(*(one(act) for act in acts))
