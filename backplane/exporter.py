"""The HTTP server of the metrics of relay and worker, where METRICS_PORT asks for it. The gateway's is a route."""

import socket
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, start_http_server

from backplane.settings import Settings

log = structlog.get_logger()

READ_SECONDS = 5
"""A connection that sends nothing occupies a thread for so long."""


def serve(process: str, registry: CollectorRegistry, settings: Settings) -> socket.socket | None:
    """Serve for as long as the process lives, where it is asked for; return the socket that listens.

    Raises:
        SystemExit: the port cannot be had.
    """
    host, port = settings.metrics_host, settings.metrics_port
    if port is None:
        return None
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise SystemExit(f"{process}: METRICS_PORT {port} on {host} cannot be had ({error.strerror})") from None
    handler: Any = server.RequestHandlerClass
    handler.timeout = READ_SECONDS
    log.info("metrics.served", process=process, host=host, port=server.server_port)
    listening: socket.socket = server.socket
    return listening
