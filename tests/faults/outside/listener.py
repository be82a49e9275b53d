"""A listener that follows a job over sockets, reconnects when one closes, and records every message."""

import asyncio
import json
import time
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.outside.record import Record

LAST = {"completed", "error", "cancelled"}
PAUSE_SECONDS = 0.2
OPEN_SECONDS = 20.0


class Listener:
    """Follows one job until its end, over as many sockets as it takes."""

    def __init__(self, url: str, token: str, job: str, record: Record, *, name: str) -> None:
        self._url = url.replace("http://", "ws://", 1) + f"/ws/progress/{job}"
        self._headers = {"Authorization": token}
        self._job = job
        self._record = record
        self._name = name
        self._seq = 0
        self._lost_at: float | None = None
        self.over = False

    async def follow(self, *, delay: float = 0.0) -> None:
        await asyncio.sleep(delay)
        while not self.over:
            try:
                await self._listen()
            except ConnectionClosed as closed:
                self._lose(f"closed {closed.rcvd.code}" if closed.rcvd is not None else "cut")
            except (OSError, InvalidHandshake, TimeoutError, EOFError) as error:
                self._lose(type(error).__name__)
            if not self.over:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self) -> None:
        address = f"{self._url}?last_seq={self._seq}"
        async with connect(
            address, additional_headers=self._headers, proxy=None, open_timeout=OPEN_SECONDS, compression=None
        ) as socket:
            async for text in socket:
                self._hear(json.loads(text))
            if not self.over:
                self._lose(f"closed {socket.close_code}")

    def _hear(self, message: dict[str, Any]) -> None:
        if self._lost_at is not None:
            self._write("resumed", seconds=round(time.monotonic() - self._lost_at, 3))
            self._lost_at = None
        if message["type"] != "snapshot":
            self._seq = message["seq"]
            self.over = message["type"] in LAST
            self._write("message", seq=message["seq"], type=message["type"])

    def _lose(self, why: str) -> None:
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            self._write("socket-lost", why=why)

    def _write(self, kind: str, **facts: Any) -> None:
        self._record.write(kind, job=self._job, listener=self._name, **facts)
