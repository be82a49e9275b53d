"""Log-ins during an attack by another account: idle uploads that hold memory, and key files that are costly to open."""

import asyncio
import os
import statistics
import time
from contextlib import asynccontextmanager

import httpx

from benchmarks.goals import lower
from benchmarks.load.client import API, BOUNDARY, form, joined
from benchmarks.pictures import photograph
from shield_core.keys.passphrase import Argon2
from shield_core.keys.stanzas import PassphraseWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.sources import OsSource

PASSWORD = "correct horse battery"  # noqa: S105 - of an account that lives as long as the scene
UPLOADS, DECLARED, TRICKLE, PAUSE_SECONDS = 5, 50_000_000, 1000, 0.5
DECRYPTS, M_KIB, PASSES = 3, 131_072, 4
"""The default limits for key files of other origin."""


async def run(stage):
    rounds, each = (1, 3) if stage.quick else (4, 8)
    costly = await asyncio.to_thread(costly_decrypt)
    times = {"idle": [], "uploads": [], "key_files": []}
    async with joined(stage.url) as attacker, person(stage.url) as logins:
        for _ in range(rounds):
            times["idle"] += await logins.several(each)
            async with idle_uploads(attacker):
                times["uploads"] += await logins.several(each)
            async with costly_decrypts(attacker, costly):
                times["key_files"] += await logins.several(each)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    how = f"{rounds * each} log-ins in {rounds} turns beside {{}} of one account / idle, medians"
    uploads = f"{UPLOADS} uploads that declare 50 MB and send 2 kB/s"
    files = f"{DECRYPTS} decrypts at a time with key files of {M_KIB // 1024} MiB and {PASSES} passes"
    return [
        lower("logins_refused", logins.refused, 0, None, "log-ins of all turns that were not answered with 200"),
        lower("logins_idle_ms", medians["idle"] * 1000, None, None, "median of a log-in with nothing beside it"),
        lower("logins_beside_uploads", medians["uploads"] / medians["idle"], 3, 1.5, how.format(uploads)),
        lower("logins_beside_key_files", medians["key_files"] / medians["idle"], 3, 2, how.format(files)),
    ]


class Logins:
    """A person who logs in repeatedly."""

    def __init__(self, http, email):
        self._http = http
        self._form = {"grant_type": "password", "username": email, "password": PASSWORD}
        self.refused = 0

    async def several(self, count):
        return [await self._one() for _ in range(count)]

    async def _one(self):
        began = time.perf_counter()
        answer = await self._http.post("/auth/token", data=self._form)
        self.refused += answer.status_code != httpx.codes.OK
        return time.perf_counter() - began


@asynccontextmanager
async def person(url):
    email = f"person{time.time_ns()}@example.org"
    async with httpx.AsyncClient(base_url=url + API, timeout=60, trust_env=False) as http:
        account = {"email": email, "password": PASSWORD}
        (await http.post("/auth/register", json=account)).raise_for_status()
        yield Logins(http, email)


@asynccontextmanager
async def idle_uploads(client):
    """Keep uploads open that declare much and send little. A closed one is opened again."""
    attack = [asyncio.create_task(forever(lambda: trickle(client))) for _ in range(UPLOADS)]
    try:
        await asyncio.sleep(2 * PAUSE_SECONDS)
        yield
    finally:
        await stop(attack)


async def trickle(client):
    host, _, port = client.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            f"POST {API}/encrypt HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {DECLARED}\r\n"
            f"Authorization: {client.headers['Authorization']}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
        )
        writer.write(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'.encode())
        while not reader.at_eof():
            writer.write(os.urandom(TRICKLE))
            await writer.drain()
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        writer.close()


@asynccontextmanager
async def costly_decrypts(client, prepared):
    """Keep DECRYPTS decrypt requests running, each with a foreign key file at the limits."""
    content, headers = prepared

    async def decrypt():
        await client.http.post("/decrypt", content=content, headers=headers | {"Prefer": "respond-async"})

    attack = [asyncio.create_task(forever(decrypt)) for _ in range(DECRYPTS)]
    try:
        await asyncio.sleep(PAUSE_SECONDS)
        yield
    finally:
        await stop(attack)


def costly_decrypt():
    """Build the form: a small picture encrypted elsewhere, a key file at the limits, and a wrong password."""
    kdf = Argon2(os.urandom(16), m_kib=M_KIB, t=PASSES, p=1)
    made = encrypt_image(
        photograph(64, 64), source=OsSource(), wraps=[PassphraseWrap.from_passphrase("a password of elsewhere", kdf)]
    )
    body, headers = form(bytes(made.png), "photo.enc.png", master_password="not the right password")  # noqa: S106
    end = f"\r\n--{BOUNDARY}--\r\n".encode()
    key_file = (
        f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="key_file"; filename="k.qkey"\r\n\r\n'.encode()
    )
    body = body.removesuffix(end).replace(b'name="image"', b'name="encrypted_image"', 1)
    return body + key_file + made.key_file_bytes + end, headers


async def forever(act):
    while True:
        try:
            await act()
        except (OSError, httpx.HTTPError):
            await asyncio.sleep(PAUSE_SECONDS)


async def stop(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
