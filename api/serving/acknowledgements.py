"""Acknowledgements: whether the kernel at the other end of a connection (a proxy or the caller) has the bytes sent.

A server knows no more than that. Sending succeeds long before: the kernel buffers megabytes, and uvicorn silently
drops what is sent to a caller that has gone.
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
    """Of one connection, from its opening to its end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._lost = asyncio.Event()
        self._complete = False

    @property
    def is_open(self) -> bool:
        return not (self._lost.is_set() or self._transport.is_closing())

    def end(self, error: Exception | None) -> None:
        """Take the end of the connection, before its socket is closed."""
        self._complete = error is None and untaken(self._transport) == 0
        self._lost.set()

    async def come(self) -> bool:
        """Wait for that of all that was sent; False where the connection ended before, or a minute has passed.

        Who reads all and hangs up has it all: one that hangs up before resets the connection.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while not self._lost.is_set():
            if untaken(self._transport) == 0:
                return True
            if time.monotonic() > end:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), LOOK_SECONDS)
        return self._complete


def untaken(transport: asyncio.Transport) -> int:
    """Count what the reader has not taken: the kernel holds megabytes of it, and asks for more in large steps."""
    waiting = array("i", [0])
    wire: Any = transport.get_extra_info("socket")
    with suppress(OSError):
        fcntl.ioctl(wire.fileno(), termios.TIOCOUTQ, waiting)
    return transport.get_write_buffer_size() + waiting[0]


class Sending:
    """An answer on its way: whether all of it was sent, and has arrived."""

    def __init__(self, scope: Scope) -> None:
        # Without a connection, as in an application that is called in the same process, what is sent has arrived.
        self._connection: Acknowledgements | None = scope.get("extensions", {}).get(EXTENSION)
        self._sent = False

    def note_sent(self) -> None:
        """Take note that the last byte was handed to the connection, right after it was: is it still open?"""
        self._sent = self._connection is None or self._connection.is_open

    async def arrives(self) -> bool:
        return self._sent and (self._connection is None or await self._connection.come())
