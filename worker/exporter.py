"""The HTTP server of what relay and worker count, where METRICS_PORT asks for it. The gateway's is a route."""

import socket
from collections.abc import Iterable
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backplane.metrics import EXPORTED, registry_of
from backplane.settings import Settings
from worker import counting

log = structlog.get_logger()

READ_SECONDS = 5
"""Whoever connects and says nothing has a thread for so long."""


class PoolCollector(Collector):
    """What the children of a pool have counted together, those that are no more among them."""

    def __init__(self, directory: Path) -> None:
        self._names = {family.name for metric in EXPORTED["worker"] for family in metric.describe()}
        self._files = MultiProcessCollector(None, str(directory))

    def collect(self) -> Iterable[Metric]:
        # The files hold a 0 for each metric without labels that was imported, whoever sets it.
        return (family for family in self._files.collect() if family.name in self._names)


def serve_relay(settings: Settings) -> None:
    """Serve for as long as the process lives, where it is asked for.

    Raises:
        SystemExit: the port cannot be had.
    """
    if settings.metrics_port is not None:
        _serve("relay", registry_of("relay"), settings.metrics_host, settings.metrics_port)


def serve_pool(settings: Settings) -> socket.socket | None:
    """Do the same for the parent of a pool; give the socket, which its children have to close."""
    if settings.metrics_port is None:
        return None
    registry = CollectorRegistry()
    registry.register(PoolCollector(counting.directory()))
    return _serve("worker", registry, settings.metrics_host, settings.metrics_port)


def _serve(process: str, registry: CollectorRegistry, host: str, port: int) -> socket.socket:
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise SystemExit(f"{process}: METRICS_PORT {port} on {host} cannot be had ({error.strerror})") from None
    server.RequestHandlerClass.timeout = READ_SECONDS
    log.info("metrics.served", process=process, host=host, port=server.server_port)
    return server.socket
