"""Three decryptions whose key files ask for all that the service allows: what they do to somebody else's log-ins."""

import asyncio
import os
import statistics
import time
from contextlib import asynccontextmanager

from benchmarks.goals import lower
from benchmarks.load.client import form, joined
from benchmarks.pictures import photograph
from shield_core.keys import keyfile
from shield_core.keys.passphrase import Argon2
from shield_core.keys.stanzas import PassphraseWrap, PlainOpen

AT_ONCE = 3
COST = Argon2(bytes(16), m_kib=131_072, t=4)
PASSWORD = "correct horse battery"  # noqa: S105 - of an account that this scene makes


async def run(stage):
    rounds, each = (1, 4) if stage.quick else (5, 10)
    async with joined(stage.url) as attacker, joined(stage.url) as other:
        email = f"logins{os.getpid()}@example.org"
        (await other.http.post("/auth/register", json={"email": email, "password": PASSWORD})).raise_for_status()
        await log_ins(other, email, 2)
        alone, beside = [], []
        for _ in range(rounds):
            alone += await log_ins(other, email, each)
            async with spending(attacker) as answers:
                beside += await log_ins(other, email, each)
    took = [[seconds for status, seconds in phase if status == 200] for phase in (alone, beside)]
    refused = sum(status != 200 for status, _ in alone + beside)
    how = f"{AT_ONCE} decryptions at a time that ask for {COST.work}, {len(answers)} in the last of {rounds} rounds"
    ratio = statistics.median(took[1]) / statistics.median(took[0]) if all(took) else None
    return [
        lower("costly_login_ratio", ratio, 3, None, f"median log-in of another account beside {how} / alone, in turns"),
        lower("costly_logins_refused", refused, 0, None, "of the same, how many were not answered with 200"),
    ]


async def log_ins(client, email, count):
    """Log in one after the other: status and seconds of each."""
    found = []
    for _ in range(count):
        started = time.perf_counter()
        login = {"grant_type": "password", "username": email, "password": PASSWORD}
        answer = await client.http.post("/auth/token", data=login)
        found.append((answer.status_code, time.perf_counter() - started))
    return found


@asynccontextmanager
async def spending(client):
    """Keep so many costly decryptions waiting while the block runs; lends the list of their answers."""
    files, answers = await costly(client), []

    async def one():
        while True:
            answer = await client.http.post(
                "/decrypt", files=files, data={"master_password": PASSWORD}, headers={"Prefer": "respond-async"}
            )
            answers.append(answer.status_code)

    tasks = [asyncio.create_task(one()) for _ in range(AT_ONCE)]
    try:
        yield answers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def costly(client):
    """Encrypt a small picture, and lock its key file at the highest cost that the service takes."""
    job_id = await client.submit(form(photograph(64, 64)))
    await client.end_of(job_id)
    image = (await client.http.get(f"/jobs/{job_id}/result")).raise_for_status().content
    plain = keyfile.parse((await client.http.get(f"/jobs/{job_id}/key-file")).raise_for_status().content)
    locked = keyfile.rewrap(plain, keyfile.unlock(plain, [PlainOpen()]), [PassphraseWrap(COST, os.urandom(32))])
    return {"encrypted_image": ("noise.png", image), "key_file": ("noise.qkey", keyfile.encode(locked))}
