"""The description of a process for the supervisor."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imageshield.servers.account import Account


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process to keep alive, or with `once` a step that must succeed."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    working_directory: Path = Path("/")
    after: tuple[str, ...] = ()
    once: bool = False
    prepare: Callable[[], None] = _nothing
    """Runs before every start: creates what is missing and removes what a killed predecessor left."""
    tidy: Callable[[], None] = _nothing
    """Runs after every end: removes what the process leaves outside the data directory."""
    healthy: Callable[[], bool] | None = None
    """Called until it returns True. It returns within two seconds and does not raise. None: there is no check."""
    alive: Callable[[], bool] | None = None
    """Called every few seconds once the process is healthy. After two failures in a row the process is restarted."""
    account: Account | None = None
    start_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor itself is killed."""
