"""Kombu's Redis transport, extended to note when the worker asked for work: `backplane.alive` explains why."""

from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from backplane.alive import note

SCHEMES = ("redis", "rediss")


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> Any:
        try:
            delivered = super()._brpop_read(**options)
        except Empty:  # the queue's answer, once a second if nothing waits
            note("worker")
            raise
        note("worker")
        return delivered


class Transport(redis.Transport):
    Channel = Channel

    def establish_connection(self) -> Any:
        try:
            return super().establish_connection()
        except self.connection_errors:
            # A restart of the worker would not open the queue, and would cost half a minute.
            note("worker")
            raise


def install() -> None:
    """Use this transport for every Redis address in this process."""
    for scheme in SCHEMES:
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__name__}"
