"""The peppers of API keys: keys of the vault, without which the hashes in the database are of no use."""

import hashlib
import hmac
import secrets
from typing import Final

from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed

PEPPER_SIZE: Final = 32
VERSION_SIZE: Final = 4


class ApiKeyPeppers:
    """Hash API keys: u32 version ‖ HMAC-SHA-256(pepper, label ‖ f(text)).

    Every call lists the vault's directory: another process may have made a pepper. Call it on a thread.
    """

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault
        self._series = vault.api_key_peppers
        self._known: dict[int, bytes] = {}

    def hash(self, text: str) -> bytes:
        """Return the hash under the newest pepper; the first caller makes it.

        Raises:
            Unavailable: the vault is not there.
        """
        if not self._series.numbers():
            self._add(after=0)
        return self.hashes(text)[0]

    def hashes(self, text: str) -> list[bytes]:
        """Return the hashes under all peppers, newest first: under one of them the key is stored.

        Raises:
            Unavailable: the vault is not there.
        """
        versions = self._series.numbers()
        if not versions:
            self._vault.require()
        message = LABELS.api_key + framed(text.encode())
        return [
            version.to_bytes(VERSION_SIZE) + hmac.digest(self._pepper(version), message, hashlib.sha256)
            for version in reversed(versions)
        ]

    def rotate(self) -> int:
        """Make a new pepper and return its version; keys are hashed again under it when they are next used."""
        last = self._series.last
        self._add(after=last)
        return last + 1

    def _add(self, *, after: int) -> None:
        self._vault.require()
        self._series.add(secrets.token_bytes(PEPPER_SIZE), after=after)

    def _pepper(self, version: int) -> bytes:
        if version not in self._known:
            self._known[version] = self._series.read(version)
        return self._known[version]
