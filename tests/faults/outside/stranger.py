"""An account of the service and its own small client: everything is asked over HTTP, every answer is written down."""

import asyncio
import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

import httpx

from tests.faults.outside.diary import Diary

PASSWORD = "correct horse battery"
TERMINAL = {"completed", "failed", "cancelled"}
TRIES = 400
POLL_SECONDS = 0.25
LONGEST_REST = 5.0


class Stranger:
    def __init__(self, url: str, diary: Diary) -> None:
        self.diary = diary
        self.http = httpx.AsyncClient(
            base_url=url + "/api/v1",
            timeout=httpx.Timeout(100),
            trust_env=False,
            limits=httpx.Limits(max_connections=250, max_keepalive_connections=50),
        )
        self.jobs: dict[str, str] = {}
        """Every job that was answered 202, with the SHA-256 of what was sent."""
        self.ended: dict[str, str] = {}
        self.verified: set[str] = set()
        self.email = ""

    async def enroll(self) -> str:
        """Open an account and return its id."""
        self.email = f"stranger-{secrets.token_hex(6)}@example.org"
        made = await self.insist("POST", "/auth/register", json={"email": self.email, "password": PASSWORD})
        form = {"grant_type": "password", "username": self.email, "password": PASSWORD}
        token = await self.insist("POST", "/auth/token", data=form)
        self.http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        account_id: str = made.json()["account_id"]
        self.diary.write("account", account=account_id)
        return account_id

    async def ask(self, method: str, path: str, *, quiet: bool = False, **sent: Any) -> httpx.Response | None:
        """Ask once; None where the connection failed. `quiet` leaves out of the diary what went well."""
        began = time.monotonic()
        try:
            answer = await self.http.request(method, path, **sent)
        except httpx.HTTPError as error:
            self.diary.write("cut", method=method, path=path, error=type(error).__name__, seconds=since(began))
            return None
        if not quiet or answer.status_code >= 400:
            self.diary.write("answer", **describe(answer), seconds=since(began))
        return answer

    async def insist(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Ask until it is answered with something else than "come back later"."""
        for _ in range(TRIES):
            answer = await self.ask(method, path, **sent)
            if answer is not None and answer.status_code not in {429, 503, 507}:
                return answer
            await asyncio.sleep(rest(answer))
        raise TimeoutError(f"{method} {path} was refused {TRIES} times")

    async def submit(self, picture: bytes, *, persist: bool = True, headers: dict[str, str], **form: str) -> str | None:
        """Send a picture and return the job's id; None where it was refused or cut."""
        files = {"image": ("photo.jpg", picture)}
        ask = self.insist if persist else self.ask
        answer = await ask("POST", "/encrypt", files=files, data=form, headers=headers)
        if answer is None or answer.status_code != 202:
            return None
        return self.remember(answer.json()["job_id"], picture)

    def remember(self, job: str, picture: bytes) -> str:
        self.jobs[job] = hashlib.sha256(picture).hexdigest()
        self.diary.write("accepted", job=job, sha256=self.jobs[job])
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
            self.diary.write("ended", job=job, status=facts["status"], attempts=facts["attempts"], error=facts["error"])

    async def verify(self, at_once: int = 6) -> int:
        """Decrypt what was completed and compare it with what was sent; return how many are not the same."""
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
            self.diary.write("plaintext", job=job, same=same, status=back.status_code)
            self.verified.add(job)
        return not same

    async def _await_plaintext(self, job: str) -> httpx.Response:
        """Fetch what took longer to decrypt than a request waits for."""
        self.diary.write("late-decrypt", job=job)
        for _ in range(TRIES):
            answer = await self.insist("GET", f"/jobs/{job}/result", quiet=True)
            if answer.status_code != 409:
                return answer
            await asyncio.sleep(POLL_SECONDS)
        raise TimeoutError(f"{job} does not end")


def describe(answer: httpx.Response) -> dict[str, Any]:
    """Say what is worth remembering of an answer."""
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
    """How long to wait before the next try: what the service says, and not for ever."""
    told = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(float(told) if told.isdigit() else POLL_SECONDS, LONGEST_REST)


def since(began: float) -> float:
    return round(time.monotonic() - began, 4)


def read(paths: list[str]) -> list[bytes]:
    return [Path(path).read_bytes() for path in paths]
