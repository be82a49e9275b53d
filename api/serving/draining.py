"""The moment between being asked to stop and stopping."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SECONDS = 20
"""From SIGTERM to the moment when whatever still runs is cut; an orchestrator is told to allow a little more."""

LAST_WORDS_SECONDS = 2
"""Before that, bodies that are still arriving are refused in a way that a client can act on."""


class Draining:
    """Known to everything that waits: readiness turns false, sockets close with 1012, waits end with what there is."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._over = False
        self._waits: set[asyncio.Timeout] = set()

    @property
    def begun(self) -> bool:
        return self._begun.is_set()

    @property
    def over(self) -> bool:
        """Whether what still arrives is too late."""
        return self._over

    def begin(self) -> None:
        if not self.begun:
            asyncio.get_running_loop().call_later(STOP_SECONDS - LAST_WORDS_SECONDS, self._end)
        self._begun.set()

    @contextmanager
    def shortens(self, wait: asyncio.Timeout) -> Iterator[None]:
        """Let this wait time out early when it would last longer than the gateway."""
        self._waits.add(wait)
        try:
            yield
        finally:
            self._waits.discard(wait)

    def _end(self) -> None:
        self._over = True
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    async def wait(self) -> None:
        await self._begun.wait()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Begin on SIGTERM and SIGINT, and let the server do what it would have done.

        The server tells an application of its end only after every request has ended: too late for one that waits.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def begin_and_pass_on(number: int, event_message: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.begin)
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, event_message)

        callable_ones = [number for number, handler in before.items() if callable(handler)]
        for number in callable_ones:
            signal.signal(number, begin_and_pass_on)
        try:
            yield
        finally:
            for number in callable_ones:
                signal.signal(number, before[number])
