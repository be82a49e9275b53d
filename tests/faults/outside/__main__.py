"""The outside ledger: a process that talks to the API like any stranger and knows nothing of what is behind it.

`python -m tests.faults.outside URL DIARY` takes orders as JSON lines on its standard input, carries them out side by
side, and answers each with one line. What it saw is in the diary, a line for each answer, frame and delivery.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.faults.outside.diary import Diary
from tests.faults.outside.hooks import Receiver
from tests.faults.outside.listener import Listener
from tests.faults.outside.rough import drop_upload, open_deaf_socket
from tests.faults.outside.stranger import Stranger, describe, read, since


class Outside:
    """What can be ordered: each public coroutine is an order of its name."""

    def __init__(self, url: str, diary: Diary) -> None:
        self.url = url
        self.diary = diary
        self.strangers: list[Stranger] = []
        self.listening: list[tuple[Listener, asyncio.Task[None]]] = []
        self.deaf: list[Any] = []
        self.receivers: list[Receiver] = []

    async def begin(self, *, row: str, url: str, accounts: int = 1) -> list[str]:
        """Start a row with accounts of its own; what was open before is let go."""
        await self.release()
        for stranger in self.strangers:
            await stranger.http.aclose()
        self.url, self.diary.row = url, row
        self.strangers = [Stranger(self.url, self.diary) for _ in range(accounts)]
        return [await stranger.enroll() for stranger in self.strangers]

    async def release(self) -> None:
        """Stop listening and close the sockets that nobody reads."""
        for _, task in self.listening:
            task.cancel()
        await asyncio.gather(*(task for _, task in self.listening), return_exceptions=True)
        for one in self.deaf:
            one.close()
        self.listening, self.deaf = [], []

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
        """Send so many pictures; `follow` opens a listener for each, so many seconds after its 202."""
        stranger, contents, turn = self.strangers[account], read(pictures), asyncio.Semaphore(at_once)

        async def one(number: int) -> str | None:
            async with turn:
                picture = contents[number % len(contents)]
                job = await stranger.submit(picture, persist=persist, headers=headers or {}, **(form or {}))
                await asyncio.sleep(every)
            if job is not None and follow:
                self._listen(job, account, delay=follow[number % len(follow)])
            return job

        return await asyncio.gather(*(one(number) for number in range(count)))

    async def follow(self, *, jobs: list[str], times: int = 1, account: int = 0) -> None:
        for job in jobs * times:
            self._listen(job, account, delay=0.0)

    async def heard(self, *, seconds: float) -> int:
        """Wait until every listener has heard its end, and return how many have not."""
        tasks = [task for _, task in self.listening]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        return sum(not listener.over for listener, _ in self.listening)

    async def deafen(self, *, job: str, count: int, account: int = 0) -> None:
        """Open sockets that will never be read."""
        token = self._token(account)
        for _ in range(count):
            self.deaf.append(await open_deaf_socket(self.url, token, job))

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
        """Ask the same so many times at once, and return what was answered."""
        stranger = self.strangers[account]
        content = read([picture])[0] if picture else None

        async def one() -> dict[str, Any] | None:
            sent: dict[str, Any] = {"headers": headers or {}}
            sent |= {"files": {field: ("photo.jpg", content)}, "data": form or {}} if content else {"json": body}
            began = time.monotonic()
            answer = await stranger.ask(method, path, **sent)
            if answer is None:
                return None
            kind = answer.headers.get("content-type", "")
            parsed = answer.json() if "json" in kind else None
            if content and answer.status_code == 202 and parsed and "job_id" in parsed:
                stranger.remember(parsed["job_id"], content)
            return {**describe(answer), "body": parsed, "seconds": since(began)}

        return await asyncio.gather(*(one() for _ in range(count)))

    async def knock(self, *, path: str, seconds: float, every: float = 0.1) -> dict[str, Any]:
        """Ask the same again and again; return how often each status came and when the last failure was."""
        statuses: dict[str, int] = {}
        deadline, last_failure = time.monotonic() + seconds, 0.0
        while time.monotonic() < deadline:
            answer = await self.strangers[0].ask("GET", path, quiet=True)
            status = "cut" if answer is None else str(answer.status_code)
            statuses[status] = statuses.get(status, 0) + 1
            if status != "200":
                last_failure = time.time()
            await asyncio.sleep(every)
        return {"statuses": statuses, "last_failure": last_failure}

    async def settle(self, *, seconds: float) -> int:
        return sum([await stranger.settle(seconds) for stranger in self.strangers])

    async def verify(self) -> int:
        return sum([await stranger.verify() for stranger in self.strangers])

    async def receive(self, *, refusals: int = 0) -> str:
        """Open a receiver of webhooks and return its address."""
        receiver = Receiver(self.diary, refusals=refusals)
        self.receivers.append(receiver)
        return await receiver.open()

    def _listen(self, job: str, account: int, *, delay: float) -> None:
        name = f"{job}#{len(self.listening)}"
        listener = Listener(self.url, self._token(account), job, self.diary, name=name)
        self.listening.append((listener, asyncio.create_task(listener.follow(delay=delay))))

    def _token(self, account: int) -> str:
        return str(self.strangers[account].http.headers["Authorization"])


async def carry_out(outside: Outside, line: str) -> None:
    """Do what one line says and answer it with one line."""
    order = json.loads(line)
    number, name = order.pop("number"), order.pop("do")
    act: Callable[..., Awaitable[Any]] = getattr(outside, name)
    try:
        answer = {"number": number, "answer": await act(**order)}
    except Exception as error:  # noqa: BLE001 -- whoever gave the order must hear of it
        outside.diary.write("order-failed", order=name, error=repr(error))
        answer = {"number": number, "error": f"{name}: {error!r}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main(url: str, path: str) -> None:
    outside = Outside(url, Diary(Path(path)))
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
