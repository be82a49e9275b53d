"""Acknowledgements: whether the kernel at the other end of a connection (a proxy or the caller) has received all bytes.

A server cannot know more than that. Sending succeeds long before: the kernel buffers megabytes, and uvicorn silently
drops bytes for a caller that has disconnected.
"""

import asyncio
import fcntl
import termios
import time
from array import array
from contextlib import suppress
from typing import Any

from starlette.types import Scope

EXTENSION = "imageshield.connection"
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05


class Acknowledgements:
    """The acknowledgements of one connection, from its start to its end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._lost = asyncio.Event()
        self._complete = False

    @property
    def is_open(self) -> bool:
        return not (self._lost.is_set() or self._transport.is_closing())

    def end(self, error: Exception | None) -> None:
        """Note the end of the connection, before its socket is closed."""
        self._complete = error is None and unacknowledged_bytes(self._transport) == 0
        self._lost.set()

    async def wait(self) -> bool:
        """Wait until all sent bytes are acknowledged; False if the connection ends before, or a minute passes.

        A caller that reads everything and closes the connection has everything: closing earlier resets the connection.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._lost.is_set():
            if unacknowledged_bytes(self._transport) == 0:
                return True
            if time.monotonic() > end:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), LOOK_SECONDS)
        return self._complete


def unacknowledged_bytes(transport: asyncio.Transport) -> int:
    """Count the sent bytes without acknowledgement: the kernel buffers megabytes, and asks for more in large steps."""
    waiting = array("i", [0])
    wire: Any = transport.get_extra_info("socket")
    with suppress(OSError):
        fcntl.ioctl(wire.fileno(), termios.TIOCOUTQ, waiting)
    return transport.get_write_buffer_size() + waiting[0]


class Sending:
    """The delivery of one answer: whether all of it was sent, and whether it has arrived."""

    def __init__(self, scope: Scope) -> None:
        # Without a connection (the application is called in the same process) sent bytes have arrived.
        self._connection: Acknowledgements | None = scope.get("extensions", {}).get(EXTENSION)
        self._sent = False

    def note_sent(self) -> None:
        """Call this right after the last byte: it counts as sent if the connection is still open."""
        self._sent = self._connection is None or self._connection.is_open

    async def arrives(self) -> bool:
        return self._sent and (self._connection is None or await self._connection.wait())
