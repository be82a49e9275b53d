"""The HTTP server of the relay's and the worker's metrics, if METRICS_PORT is set. The gateway has a route instead."""

import socket
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, start_http_server

from backplane.settings import Settings

log = structlog.get_logger()

READ_SECONDS = 5
"""How long a connection that sends nothing occupies a thread."""


def serve(process: str, registry: CollectorRegistry, settings: Settings) -> socket.socket | None:
    """Serve until the process ends, if METRICS_PORT is set; return the listening socket.

    Raises:
        SystemExit: the port is not available.
    """
    host, port = settings.metrics_host, settings.metrics_port
    if port is None:
        return None
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise SystemExit(f"{process}: METRICS_PORT {port} on {host} is not available ({error.strerror})") from None
    handler: Any = server.RequestHandlerClass
    handler.timeout = READ_SECONDS
    log.info("metrics.served", process=process, host=host, port=server.server_port)
    listening: socket.socket = server.socket
    return listening
