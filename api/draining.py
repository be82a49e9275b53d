"""The moment between being asked to stop and stopping."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Draining:
    """Known to everything that waits: readiness turns false, sockets close with 1012, waits end with what there is."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        self._begun.set()

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

        def begin_and_pass_on(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.begin)
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)

        callable_ones = [number for number, handler in before.items() if callable(handler)]
        for number in callable_ones:
            signal.signal(number, begin_and_pass_on)
        try:
            yield
        finally:
            for number in callable_ones:
                signal.signal(number, before[number])
