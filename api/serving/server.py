"""The server: its configuration, and the order of its stop."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from starlette.types import ASGIApp

from api.serving.connections import Connection
from api.serving.draining import STOP_SECONDS
from api.serving.sockets import Socket

AT_LAST_SECONDS = 24.0
"""A thread that hangs in the object store ends nothing by itself; its job, if there is one, is in the database."""

PING_SECONDS = 15.0
"""So that listeners who have vanished are noticed; a phone that sleeps answers in time or comes back."""

log = structlog.get_logger()


def configure(app: ASGIApp | str, *, host: str, port: int, drain_seconds: int = 0) -> uvicorn.Config:
    """Say how this product is served; everything that starts a gateway goes through here."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Connection,
        ws=Socket,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # Nobody listens to what a listener says.
        ws_max_size=4096,
        # Its two windows would more than double what an open socket takes; frames are a hundred bytes.
        ws_per_message_deflate=False,
        server_header=False,
        # The application sets up its own logs, and takes over these.
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=STOP_SECONDS - drain_seconds,
    )


class Server(uvicorn.Server):
    """uvicorn, stopping in the order that a balancer before it needs: first it says no, then it takes no more."""

    def __init__(self, config: uvicorn.Config, *, drain_seconds: int = 0) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with ends_at_last(AT_LAST_SECONDS):
            # Also with 0 once around the loop: the kernel has made connections that nobody has taken yet, and closing
            # the door resets them.
            await asyncio.sleep(self._drain_seconds)
            await super().shutdown(sockets)


@contextmanager
def ends_at_last(seconds: float) -> Iterator[None]:
    """End this process after so many seconds, whatever hangs."""

    def end() -> None:
        log.error("gateway.cut")
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
