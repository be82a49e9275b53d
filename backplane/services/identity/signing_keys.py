"""The signing keys of the vault, which every gateway reads again each second: a rotation needs no restart."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from backplane.errors import Unavailable
from backplane.services.identity.key_ring import ANNOUNCE_SECONDS, KeyRing, SigningKey
from backplane.settings import Settings
from backplane.vault import LocalVault

REREAD_SECONDS = 1.0
"""Listing a directory of a few files takes some microseconds, on a thread."""

log = structlog.get_logger()


class SigningKeys:
    """The present ring. Reading it asks neither the disk nor the clock of another machine."""

    def __init__(self, vault: LocalVault, *, token_seconds: int, pem: bytes | None = None) -> None:
        self._vault = vault
        self._series = vault.signing_keys
        self._file_key = SigningKey.from_pem(pem) if pem is not None else None
        self._token_seconds = token_seconds
        self._known: dict[int, SigningKey] = {}
        self._rereading = threading.Lock()
        self._ring = self._ring_of([self._file_key] if self._file_key is not None else [])
        self.reread()
        self._warn_of_unused_file()

    @classmethod
    def from_settings(cls, settings: Settings, vault: LocalVault) -> "SigningKeys":
        file = settings.signing_key_file
        return cls(vault, token_seconds=settings.access_token_seconds, pem=file.read_bytes() if file else None)

    @property
    def ring(self) -> KeyRing:
        return self._ring

    def signer(self) -> SigningKey:
        """Return the key that signs now.

        Raises:
            Unavailable: there is none, because the vault is not there.
        """
        key = self._ring.signer(time.time())
        if key is None:  # the first token of an installation: its vault was made a moment ago
            self.reread()
            key = self._ring.signer(time.time())
        if key is None:
            raise Unavailable("The vault's keys are not there")
        return key

    def verifier(self, kid: object) -> SigningKey | None:
        return self._ring.verifier(kid, time.time())

    def published(self) -> list[SigningKey]:
        """Return the keys that verify, newest first."""
        return self._ring.verifying(time.time())[::-1]

    def reread(self) -> None:
        """Take over what other processes have written; make or import the first key, once there is a vault."""
        with self._rereading:
            numbers = self._series.numbers()
            if not numbers and self._vault.is_there:
                self._series.add((self._file_key or SigningKey.generate()).record(), after=0)
                numbers = self._series.numbers()
            if numbers and numbers != list(self._known):
                self._known = {number: key for number in numbers if (key := self._read(number)) is not None}
                self._ring = self._ring_of(list(self._known.values()))
            self._destroy_outdated()

    def add(self, *, at_once: bool) -> SigningKey:
        """Make a new key, which signs after it was announced, or at once.

        Raises:
            Unavailable: there is no vault yet, or another process has just made a key.
        """
        self._vault.require()
        self.reread()
        now = int(time.time())
        signs_from = now if at_once else now + ANNOUNCE_SECONDS
        imported = self._ring.keys[-1].imported
        key = SigningKey.generate(signs_from=signs_from, at_once=at_once, imported=imported)
        self._series.add(key.record(), after=max(self._known))
        self.reread()
        if self._ring.keys[-1].kid != key.kid:
            raise Unavailable("Another process has just rotated the signing key: see whether that is enough")
        return key

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Re-read the vault each second, while the block runs."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(REREAD_SECONDS)
            try:
                await asyncio.to_thread(self.reread)
            except Exception as error:  # noqa: BLE001 - any: the keys that are known go on
                log.warning("signing_keys.reread_failed", error=type(error).__name__)

    def _ring_of(self, keys: list[SigningKey]) -> KeyRing:
        return KeyRing(keys, token_seconds=self._token_seconds)

    def _read(self, number: int) -> SigningKey | None:
        try:
            return SigningKey.from_record(self._series.read(number))
        except FileNotFoundError:  # another process has just destroyed it
            return None

    def _destroy_outdated(self) -> None:
        now = time.time()
        for number, key in self._known.items():
            if self._ring.is_outdated(key, now):
                with suppress(OSError):
                    self._series.destroy(number)

    def _warn_of_unused_file(self) -> None:
        if self._file_key is not None and self._ring.keys[-1].imported != self._file_key.imported:
            log.warning("signing_keys.file_ignored", remedy="see SIGNING_KEY_FILE in docs/reference/configuration.md")
