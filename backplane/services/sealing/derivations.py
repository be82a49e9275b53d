"""Wrap keys for decryption, derived in a child process, because the author of a key file chooses its cost.

Log-ins and encryptions derive in the gateway's own pool (`passphrases`), and never wait for this process.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog

from backplane.derivation import LENGTH, frame
from backplane.errors import Unavailable
from backplane.services.sealing.fair_lock import FairLock
from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.passphrase import Kdf

log = structlog.get_logger()

WAITING: Final = 8
"""Per account: at default costs the last one waits for about two seconds."""

PATIENCE_SECONDS: Final = 120.0
"""No derivation within the format's limits takes as long; a child that does is considered hung, and is replaced."""

ATTEMPTS: Final = 2


class Derivations:
    """Run one derivation at a time, in turns of the accounts; the first one starts the child."""

    def __init__(self) -> None:
        self._lock = FairLock(waiting=WAITING)
        self._process: Process | None = None

    async def derive(self, account_id: UUID, kdf: Kdf, password: str) -> bytes:
        """Derive the 32-byte wrap key of a key file from a password.

        Raises:
            Overloaded: too many derivations of this account wait already.
            Unavailable: the child died twice on it.
        """
        request = frame({"kdf": kdf.to_json(), "password_b64": b64encode(password.encode())})
        async with self._lock.held(account_id):
            for _ in range(ATTEMPTS):
                with suppress(OSError, EOFError, TimeoutError):
                    return await self._ask(request)
                log.warning("derivation.child_died")
        raise Unavailable

    async def close(self) -> None:
        """End the child, even during a derivation."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(self, request: bytes) -> bytes:
        answered = False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._exchange(await self._child(), request)
            answered = True
        finally:
            # A cancelled caller leaves an unread answer in the pipe, so the next caller gets a new child.
            if not answered:
                await self.close()
        return b64decode(answer["wrap_key_b64"])

    async def _exchange(self, child: Process, request: bytes) -> dict[str, Any]:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(request)
        await child.stdin.drain()
        (size,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
        answer: dict[str, Any] = json.loads(await child.stdout.readexactly(size))
        return answer

    async def _child(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "backplane.derivation", stdin=PIPE, stdout=PIPE, env=_environment()
            )
        return self._process


def _environment() -> dict[str, str]:
    """Return the variables that the child needs for its imports, and none of the gateway's settings."""
    places = os.pathsep.join(str(Path(place).absolute()) for place in sys.path)
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    # One arena: each of 16 threads would otherwise reserve 128 MiB of address space, which is bounded.
    return kept | {"PYTHONPATH": places, "MALLOC_ARENA_MAX": "1", "PYTHONDONTWRITEBYTECODE": "1"}
