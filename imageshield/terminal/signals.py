"""Signals that end a command. All act like Ctrl-C, so temporary files are removed and the cursor is restored."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def install_handlers() -> None:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does, for the rest of this process.

    Commands that stop in another way, such as `up` and `relay`, install their own handlers later.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)


@contextmanager
def blocked() -> Iterator[None]:
    """Delay these signals until the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
