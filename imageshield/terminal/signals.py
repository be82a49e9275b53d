"""The signals that end a command: each is as Ctrl-C, so that temporary files go and the cursor comes back."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heed() -> None:
    """Let SIGTERM and SIGHUP raise what Ctrl-C raises, for the rest of this process.

    What stops in another way, as `up` and `relay` do, installs its own handlers after this.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)


@contextmanager
def held_back() -> Iterator[None]:
    """Let no signal in before the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
