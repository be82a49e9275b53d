"""Password hashing for log-ins and new key files, off the event loop and two at a time: each takes 64 MiB.

Wrap keys of existing key files are derived in a separate process: `derivations`.
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
"""With more waiting derivations a caller gets a 503 with Retry-After: the last one would wait for seconds."""


class PassphrasePool:
    def __init__(self, *, fips: bool = False) -> None:
        self._fips = fips
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passphrases")
        self._waiting = 0
        self._patient = asyncio.Lock()

    async def run(self, derive: Callable[[], T], *, patient: bool = False) -> T:
        if patient:
            # Batches derive one key at a time together, so that other callers wait for at most that one.
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
        """Derive a wrap key for a new key file; a `patient` caller waits where others get an error."""
        try:
            check_new_passphrase(password)
        except PassphraseUnfit as error:
            raise ValidationFailed(str(error)) from error
        kdf = Kdf.new(fips=self._fips)
        return await self.run(lambda: PassphraseWrap.from_passphrase(password, kdf), patient=patient)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
