"""What the supervisor has to know of a process."""

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
    """Runs before every start: it makes what is missing and clears what a killed predecessor left."""
    tidy: Callable[[], None] = _nothing
    """Runs after every end: it removes what the process leaves outside of the data directory."""
    healthy: Callable[[], bool] | None = None
    """Asked until it says yes; it answers within two seconds and does not raise. None: nothing can be asked."""
    alive: Callable[[], bool] | None = None
    """Asked every few seconds once it is healthy; who says no twice in a row is killed, and started again."""
    account: Account | None = None
    start_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor itself is killed."""
