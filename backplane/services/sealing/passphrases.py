"""Passwords of log-ins and of new key files, hashed off the event loop, two at a time: each takes 64 MiB.

What a given key file asks for is derived in a process of its own: `derivations`.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from backplane.errors import Overloaded, ValidationFailed
from shield_core.keys.passphrase import Kdf, PassphraseUnfit, check_new_passphrase
from shield_core.keys.stanzas import PassphraseWrap

T = TypeVar("T")
THREADS = 2
WAITING = 16
"""Beyond so many waiting, a caller is told to come back: the last one would wait for seconds."""


class PassphrasePool:
    def __init__(self, *, fips: bool = False) -> None:
        self._fips = fips
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passphrases")
        self._waiting = 0
        self._patient = asyncio.Lock()

    async def run(self, derive: Callable[[], T], *, patient: bool = False) -> T:
        if patient:
            # Of all that batches have to derive one is under way: whoever else comes waits for that one at most.
            async with self._patient:
                return await self._run(derive)
        if self._waiting >= WAITING:
            raise Overloaded
        return await self._run(derive)

    async def _run(self, derive: Callable[[], T]) -> T:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, derive)
        finally:
            self._waiting -= 1

    async def wrap(self, password: str, *, patient: bool = False) -> PassphraseWrap:
        """Derive a wrap key for a new key file; who is patient waits where others are told to come back."""
        try:
            check_new_passphrase(password)
        except PassphraseUnfit as error:
            raise ValidationFailed(str(error)) from error
        kdf = Kdf.new(fips=self._fips)
        return await self.run(lambda: PassphraseWrap.from_passphrase(password, kdf), patient=patient)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
