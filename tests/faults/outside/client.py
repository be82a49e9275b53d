"""An API client with an account of its own, which records every answer."""

import asyncio
import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

import httpx

from tests.faults.outside.record import Record

PASSWORD = "correct horse battery"
TERMINAL = {"completed", "failed", "cancelled"}
TRIES = 400
POLL_SECONDS = 0.25
LONGEST_REST = 5.0


class Client:
    def __init__(self, url: str, record: Record) -> None:
        self.record = record
        self.http = httpx.AsyncClient(
            base_url=url + "/api/v1",
            timeout=httpx.Timeout(100),
            trust_env=False,
            limits=httpx.Limits(max_connections=250, max_keepalive_connections=50),
        )
        self.jobs: dict[str, str] = {}
        """Every accepted job (202) with the SHA-256 of its picture."""
        self.ended: dict[str, str] = {}
        self.verified: set[str] = set()
        self.email = ""

    async def enroll(self) -> str:
        """Open an account and return its id."""
        self.email = f"client-{secrets.token_hex(6)}@example.org"
        made = await self.insist("POST", "/auth/register", json={"email": self.email, "password": PASSWORD})
        form = {"grant_type": "password", "username": self.email, "password": PASSWORD}
        token = await self.insist("POST", "/auth/token", data=form)
        self.http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        account_id: str = made.json()["account_id"]
        self.record.write("account", account=account_id)
        return account_id

    async def ask(self, method: str, path: str, *, quiet: bool = False, **sent: Any) -> httpx.Response | None:
        """Send one request; None if the connection failed. `quiet` records failures only."""
        began = time.monotonic()
        try:
            answer = await self.http.request(method, path, **sent)
        except httpx.HTTPError as error:
            self.record.write("cut", method=method, path=path, error=type(error).__name__, seconds=since(began))
            return None
        if not quiet or answer.status_code >= 400:
            self.record.write("answer", **describe(answer), seconds=since(began))
        return answer

    async def insist(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Repeat a request until the answer is not 429, 503 or 507."""
        for _ in range(TRIES):
            answer = await self.ask(method, path, **sent)
            if answer is not None and answer.status_code not in {429, 503, 507}:
                return answer
            await asyncio.sleep(rest(answer))
        raise TimeoutError(f"{method} {path} was refused {TRIES} times")

    async def submit(self, picture: bytes, *, persist: bool = True, headers: dict[str, str], **form: str) -> str | None:
        """Upload a picture and return the job's id; None if the upload was refused or cut."""
        files = {"image": ("photo.jpg", picture)}
        ask = self.insist if persist else self.ask
        answer = await ask("POST", "/encrypt", files=files, data=form, headers=headers)
        if answer is None or answer.status_code != 202:
            return None
        return self.remember(answer.json()["job_id"], picture)

    def remember(self, job: str, picture: bytes) -> str:
        self.jobs[job] = hashlib.sha256(picture).hexdigest()
        self.record.write("accepted", job=job, sha256=self.jobs[job])
        return job

    async def settle(self, seconds: float) -> int:
        """Wait until every job has ended, and return how many have not."""
        deadline = time.monotonic() + seconds
        while waiting := [job for job in self.jobs if job not in self.ended]:
            for job in waiting:
                await self._look(job)
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        return sum(job not in self.ended for job in self.jobs)

    async def _look(self, job: str) -> None:
        answer = await self.ask("GET", f"/jobs/{job}", quiet=True)
        if answer is None or answer.status_code != 200:
            await asyncio.sleep(POLL_SECONDS)
            return
        facts = answer.json()
        if facts["status"] in TERMINAL:
            self.ended[job] = facts["status"]
            self.record.write(
                "ended", job=job, status=facts["status"], attempts=facts["attempts"], error=facts["error"]
            )

    async def verify(self, at_once: int = 6) -> int:
        """Decrypt each completed picture and compare it with its original; return how many differ."""
        turn = asyncio.Semaphore(at_once)
        chosen = [job for job, status in self.ended.items() if status == "completed" and job not in self.verified]
        return sum(await asyncio.gather(*(self._verify(job, turn) for job in chosen)))

    async def _verify(self, job: str, turn: asyncio.Semaphore) -> bool:
        async with turn:
            encrypted = await self.insist("GET", f"/jobs/{job}/result", quiet=True)
            files = {"encrypted_image": ("noise.png", encrypted.content)}
            back = await self.insist("POST", "/decrypt", files=files, quiet=True)
            if back.status_code == 202:
                back = await self._await_plaintext(back.json()["job_id"])
            same = back.status_code == 200 and hashlib.sha256(back.content).hexdigest() == self.jobs[job]
            self.record.write("plaintext", job=job, same=same, status=back.status_code)
            self.verified.add(job)
        return not same

    async def _await_plaintext(self, job: str) -> httpx.Response:
        """Download a picture whose decryption took longer than the request waited."""
        self.record.write("late-decrypt", job=job)
        for _ in range(TRIES):
            answer = await self.insist("GET", f"/jobs/{job}/result", quiet=True)
            if answer.status_code != 409:
                return answer
            await asyncio.sleep(POLL_SECONDS)
        raise TimeoutError(f"{job} does not end")


def describe(answer: httpx.Response) -> dict[str, Any]:
    """Return the facts of an answer for the record."""
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return {
        "method": answer.request.method,
        "path": answer.request.url.path,
        "status": answer.status_code,
        "code": answer.json().get("code") if problem else None,
        "retry_after": answer.headers.get("retry-after"),
        "request_id": answer.headers.get("x-request-id"),
        "replayed": answer.headers.get("idempotency-replayed"),
    }


def rest(answer: httpx.Response | None) -> float:
    """Return the pause before the next try: Retry-After, with a limit."""
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(float(asked) if asked.isdigit() else POLL_SECONDS, LONGEST_REST)


def since(began: float) -> float:
    return round(time.monotonic() - began, 4)


def read(paths: list[str]) -> list[bytes]:
    return [Path(path).read_bytes() for path in paths]
