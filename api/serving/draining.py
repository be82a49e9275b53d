"""Draining: the time between the signal to stop and the end of the server."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SECONDS = 20
"""From SIGTERM until everything that still runs is cut; the settings of orchestrators allow a little more."""

REFUSAL_SECONDS = 2
"""So long before that, bodies that are still arriving are refused, in a way that a client can act on."""


class Draining:
    """The state that all waits share: readiness turns false, sockets close with 1012, and waits end early."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._over = False
        self._waits: set[asyncio.Timeout] = set()

    @property
    def begun(self) -> bool:
        return self._begun.is_set()

    @property
    def over(self) -> bool:
        """Whether the gateway refuses bodies that are still arriving."""
        return self._over

    def begin(self) -> None:
        if not self.begun:
            asyncio.get_running_loop().call_later(STOP_SECONDS - REFUSAL_SECONDS, self._end)
        self._begun.set()

    @contextmanager
    def shortens(self, wait: asyncio.Timeout) -> Iterator[None]:
        """End this wait early if it would last longer than the gateway."""
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
        """Begin on SIGTERM and SIGINT, and then call the handlers of the server.

        The server notifies the application only after every request has ended: too late for requests that wait.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def begin_and_pass_on(number: int, stack: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.begin)
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, stack)

        callable_ones = [number for number, handler in before.items() if callable(handler)]
        for number in callable_ones:
            signal.signal(number, begin_and_pass_on)
        try:
            yield
        finally:
            for number in callable_ones:
                signal.signal(number, before[number])
