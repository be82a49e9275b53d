"""The server: its configuration, and the order in which it stops."""

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
from backplane.garbage import exempt_loaded

AT_LAST_SECONDS = 24.0
"""After this time the process ends even if a thread hangs in the object store; its job, if any, is in the database."""

PING_SECONDS = 15.0
"""Finds listeners that have vanished; a sleeping phone answers in time or reconnects."""

log = structlog.get_logger()


def configure(
    app: ASGIApp | str, *, host: str, port: int, drain_seconds: int = 0, keep_alive_seconds: int = 95
) -> uvicorn.Config:
    """Configure the server: everything that starts a gateway uses this configuration."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Connection,
        ws=Socket,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # The gateway ignores messages from listeners.
        ws_max_size=4096,
        # The two windows would more than double the memory of an open socket, and messages have a hundred bytes.
        ws_per_message_deflate=False,
        server_header=False,
        # uvicorn would believe the `X-Forwarded-For` of any process on this machine. `TrustedProxies` decides.
        proxy_headers=False,
        timeout_keep_alive=keep_alive_seconds,
        # The application configures all logs, also those of uvicorn.
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=STOP_SECONDS - drain_seconds,
    )


class Server(uvicorn.Server):
    """uvicorn, stopping in the order that a load balancer needs: it is not ready first, and closes its port later."""

    def __init__(self, config: uvicorn.Config, *, drain_seconds: int = 0) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        exempt_loaded()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with ends_at_last(AT_LAST_SECONDS):
            # Sleeps for one turn of the loop even with 0: the kernel has opened connections that the server has not
            # accepted yet, and closing the port resets them.
            await asyncio.sleep(self._drain_seconds)
            await super().shutdown(sockets)


@contextmanager
def ends_at_last(seconds: float) -> Iterator[None]:
    """End this process after so many seconds, even if threads hang."""

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
