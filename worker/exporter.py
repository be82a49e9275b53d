"""The metrics exporter of a pool of processes, in their parent."""

import socket
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from backplane import exporter
from backplane.metrics import EXPORTED
from backplane.settings import Settings
from worker import counting


class PoolCollector(Collector):
    """Collect the sums over all children of a pool, including those that have ended."""

    def __init__(self, directory: Path) -> None:
        self._names = {family.name for metric in EXPORTED["worker"] for family in metric.describe()}
        self._files = MultiProcessCollector(None, str(directory))

    def collect(self) -> Iterable[Metric]:
        # The files hold a 0 for each imported metric without labels, even if this process never sets it.
        return (family for family in self._files.collect() if family.name in self._names)


def serve_pool(settings: Settings) -> socket.socket | None:
    """Serve from the parent of a pool; return the socket, which its children must close."""
    if settings.metrics_port is None:
        return None
    registry = CollectorRegistry()
    registry.register(PoolCollector(counting.directory()))
    return exporter.serve("worker", registry, settings)
