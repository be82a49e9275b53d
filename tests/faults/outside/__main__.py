"""The outside ledger: a process that uses the API as any client does and imports nothing of the product.

`python -m tests.faults.outside URL RECORD` reads orders as JSON lines from its standard input, carries them out
concurrently, and answers each with one line. The record gets a line for each answer, message and delivery.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.faults.outside.client import Client, describe, read, since
from tests.faults.outside.hooks import Receiver
from tests.faults.outside.listener import Listener
from tests.faults.outside.record import Record
from tests.faults.outside.rough import drop_upload, open_unread_socket


class Outside:
    """The orders: each public coroutine is the order of its name."""

    def __init__(self, url: str, record: Record) -> None:
        self.url = url
        self.record = record
        self.clients: list[Client] = []
        self.listening: list[tuple[Listener, asyncio.Task[None]]] = []
        self.unread: list[Any] = []
        self.receivers: list[Receiver] = []

    async def begin(self, *, row: str, url: str, accounts: int = 1) -> list[str]:
        """Start a row with accounts of its own, and close what the row before has opened."""
        await self.release()
        for client in self.clients:
            await client.http.aclose()
        self.url, self.record.row = url, row
        self.clients = [Client(self.url, self.record) for _ in range(accounts)]
        return [await client.enroll() for client in self.clients]

    async def release(self) -> None:
        """Stop listening and close the sockets that nobody reads."""
        for _, task in self.listening:
            task.cancel()
        await asyncio.gather(*(task for _, task in self.listening), return_exceptions=True)
        for one in self.unread:
            one.close()
        self.listening, self.unread = [], []

    async def submit(
        self,
        *,
        pictures: list[str],
        count: int,
        at_once: int = 4,
        persist: bool = True,
        follow: list[float] | None = None,
        account: int = 0,
        every: float = 0.0,
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> list[str | None]:
        """Upload `count` pictures; `follow` opens a listener for each, so many seconds after its 202."""
        client, contents, turn = self.clients[account], read(pictures), asyncio.Semaphore(at_once)

        async def one(number: int) -> str | None:
            async with turn:
                picture = contents[number % len(contents)]
                job = await client.submit(picture, persist=persist, headers=headers or {}, **(form or {}))
                await asyncio.sleep(every)
            if job is not None and follow:
                self._listen(job, account, delay=follow[number % len(follow)])
            return job

        return await asyncio.gather(*(one(number) for number in range(count)))

    async def follow(self, *, jobs: list[str], times: int = 1, account: int = 0) -> None:
        for job in jobs * times:
            self._listen(job, account, delay=0.0)

    async def heard(self, *, seconds: float) -> int:
        """Wait until every listener has got the last event; return how many have not."""
        tasks = [task for _, task in self.listening]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        return sum(not listener.over for listener, _ in self.listening)

    async def leave_unread(self, *, job: str, count: int, account: int = 0) -> None:
        """Open sockets that nobody reads."""
        token = self._token(account)
        for _ in range(count):
            self.unread.append(await open_unread_socket(self.url, token, job))

    async def drop(self, *, pictures: list[str], count: int, account: int = 0) -> None:
        """Hang up in the middle of uploads."""
        [contents], token = read(pictures[:1]), self._token(account)
        await asyncio.gather(
            *(drop_upload(self.url, token, contents, share=(number % 10 + 0.5) / 11) for number in range(count))
        )

    async def ask(
        self,
        *,
        method: str,
        path: str,
        account: int = 0,
        count: int = 1,
        headers: dict[str, str] | None = None,
        picture: str | None = None,
        field: str = "image",
        form: dict[str, str] | None = None,
        body: Any = None,
    ) -> list[dict[str, Any] | None]:
        """Send the same request `count` times at once and return the answers."""
        client = self.clients[account]
        content = read([picture])[0] if picture else None

        async def one() -> dict[str, Any] | None:
            sent: dict[str, Any] = {"headers": headers or {}}
            sent |= {"files": {field: ("photo.jpg", content)}, "data": form or {}} if content else {"json": body}
            began = time.monotonic()
            answer = await client.ask(method, path, **sent)
            if answer is None:
                return None
            kind = answer.headers.get("content-type", "")
            lines = "ndjson" in kind
            parsed = answer.json() if "json" in kind and not lines else None
            if content and answer.status_code == 202 and parsed and "job_id" in parsed:
                client.remember(parsed["job_id"], content)
            text = answer.text if lines else None
            return {**describe(answer), "body": parsed, "text": text, "seconds": since(began)}

        return await asyncio.gather(*(one() for _ in range(count)))

    async def poll(self, *, path: str, seconds: float, every: float = 0.1) -> dict[str, Any]:
        """Repeat a request; return the count of each status and the time of the last failure."""
        statuses: dict[str, int] = {}
        deadline, last_failure = time.monotonic() + seconds, 0.0
        while time.monotonic() < deadline:
            answer = await self.clients[0].ask("GET", path, quiet=True)
            status = "cut" if answer is None else str(answer.status_code)
            statuses[status] = statuses.get(status, 0) + 1
            if status != "200":
                last_failure = time.time()
            await asyncio.sleep(every)
        return {"statuses": statuses, "last_failure": last_failure}

    async def settle(self, *, seconds: float) -> int:
        return sum([await client.settle(seconds) for client in self.clients])

    async def verify(self) -> int:
        return sum([await client.verify() for client in self.clients])

    async def receive(self, *, refusals: int = 0) -> str:
        """Open a receiver of webhooks and return its address."""
        receiver = Receiver(self.record, refusals=refusals)
        self.receivers.append(receiver)
        return await receiver.open()

    def _listen(self, job: str, account: int, *, delay: float) -> None:
        name = f"{job}#{len(self.listening)}"
        listener = Listener(self.url, self._token(account), job, self.record, name=name)
        self.listening.append((listener, asyncio.create_task(listener.follow(delay=delay))))

    def _token(self, account: int) -> str:
        return str(self.clients[account].http.headers["Authorization"])


async def carry_out(outside: Outside, line: str) -> None:
    """Carry out the order of one line and answer it with one line."""
    order = json.loads(line)
    number, name = order.pop("number"), order.pop("do")
    act: Callable[..., Awaitable[Any]] = getattr(outside, name)
    try:
        answer = {"number": number, "answer": await act(**order)}
    except Exception as error:  # noqa: BLE001 -- the harness must learn of it
        outside.record.write("order-failed", order=name, error=repr(error))
        answer = {"number": number, "error": f"{name}: {error!r}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main(url: str, path: str) -> None:
    outside = Outside(url, Record(Path(path)))
    orders = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    running = set()
    while line := (await orders.readline()).decode():
        task = asyncio.create_task(carry_out(outside, line))
        running.add(task)
        task.add_done_callback(running.discard)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
