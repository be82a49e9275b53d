"""A receiver of webhooks that accepts everything and records it."""

import asyncio
import json

from tests.faults.outside.record import Record

KEPT = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length")


class Receiver:
    """A server of a few lines; `refusals` is how many of the first deliveries are answered 500."""

    def __init__(self, record: Record, *, refusals: int = 0) -> None:
        self._record = record
        self._refusals = refusals
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/hook"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
            refused = self._refusals > 0
            self._refusals -= refused
            kept = {name: headers[name] for name in KEPT if name in headers}
            self._record.write("delivery", headers=kept, body=body, refused=refused)
            status = b"500 Internal Server Error" if refused else b"204 No Content"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ValueError, OSError) as error:
            self._record.write("delivery-broken", error=type(error).__name__)
        finally:
            writer.close()
