"""The vault: account, transit, receipt and response keys, and the fingerprint key, which never enter a database.

This backend keeps them in a directory, sealed under a root key from a file. All processes of an installation share the
directory. A key's file is written under a temporary name and linked into place, so of two writers one wins and both
read its key.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backplane import ids
from backplane.default_secrets import is_weak_key
from backplane.errors import ApplicationError, Gone, Unavailable
from backplane.settings import Settings
from shield_core.keys.schedule import LABELS, framed

KEY_SIZE = 32

OTHERS = 0o077

TRANSIT_LIFETIME = timedelta(hours=48)
"""A job's secrets must open as long as the job can be retried; after that nothing opens them."""


@dataclass(frozen=True, slots=True)
class VaultKey:
    """A key of the vault: its id, its version, and its 32 bytes."""

    id: UUID
    version: int
    secret: bytes = field(repr=False)

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.secret).encrypt(nonce, plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        try:
            return AESGCM(self.secret).decrypt(sealed[:12], sealed[12:], aad)
        except InvalidTag as error:
            raise Unavailable("A stored secret does not open under its key") from error


class LocalVault:
    def __init__(self, *, root_key: bytes, directory: Path) -> None:
        self._root = VaultKey(UUID(int=0), 0, root_key)
        self._directory = directory

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        root_key = settings.vault_key_file.read_bytes()
        if len(root_key) != KEY_SIZE:
            raise ValueError("VAULT_KEY_FILE must hold exactly 32 bytes, and nothing else")
        if settings.environment == "production" and is_weak_key(root_key):
            raise ValueError("VAULT_KEY_FILE holds text or a pattern: scripts/make_keys.py makes 32 random bytes")
        vault = cls(root_key=root_key, directory=settings.vault_directory)
        vault.close_to_others()
        return vault

    def close_to_others(self) -> None:
        """Remove other users' permissions, left by an older release or a copy: file names show who has an account.

        Files of other users stay as they are; `imageshield doctor` names them.
        """
        with suppress(OSError):
            for folder in filter(Path.is_dir, self._directory.iterdir()):
                if folder.stat().st_mode & OTHERS:
                    folder.chmod(0o700)

    @property
    def is_there(self) -> bool:
        """Return whether the directory has any account key: without one it is not mounted, or new."""
        return (self._directory / "accounts").is_dir()

    def require(self) -> None:
        """Raise Unavailable if the vault is missing.

        A key that is made in the empty mount point is lost once the vault is mounted, with everything sealed under it.
        """
        if not self.is_there:
            raise Unavailable("The vault's keys are not there")

    def create_account_key(self, account_id: UUID) -> VaultKey:
        """Make the first key of an account; the caller has called `require`, except for the very first account."""
        key = VaultKey(ids.new(), 1, secrets.token_bytes(KEY_SIZE))
        path = self._account_path(account_id, key.id, key.version)
        self._write_once(path, self._root.seal(key.secret, self._account_aad(account_id, key.id, key.version)))
        return key

    def account_key(self, account_id: UUID, key_id: UUID, version: int) -> VaultKey:
        sealed = self._read(self._account_path(account_id, key_id, version))
        return VaultKey(key_id, version, self._root.open(sealed, self._account_aad(account_id, key_id, version)))

    def transit_key_of_today(self) -> VaultKey:
        """Return the transit key of today; the first caller makes it."""
        day = self._directory / "transit" / datetime.now(UTC).date().isoformat()
        if not day.exists():
            self.require()
            key = VaultKey(ids.new(), 1, secrets.token_bytes(KEY_SIZE))
            self._write_once(day, key.id.bytes + self._root.seal(key.secret, self._transit_aad(key.id)))
        return self._open_transit(day)

    def transit_key(self, key_id: UUID) -> VaultKey:
        for path in sorted((self._directory / "transit").glob("????-??-??"), reverse=True):
            if self._read(path)[:16] == key_id.bytes:
                return self._open_transit(path)
        raise self._missing("The day's key of this object has been destroyed")

    def destroy_expired_transit_keys(self) -> int:
        """Delete the transit keys of days that ended longer ago than the lifetime."""
        oldest = (datetime.now(UTC) - TRANSIT_LIFETIME).date()
        expired = [path for path in (self._directory / "transit").glob("????-??-??") if path.name < oldest.isoformat()]
        for path in expired:
            path.unlink(missing_ok=True)
        return len(expired)

    def fingerprint_key(self) -> bytes:
        """Return the key of the MACs that compare requests; the first caller makes it."""
        path = self._directory / "fingerprints" / "000001"
        if not path.exists():
            self.require()
            self._write_once(path, self._root.seal(secrets.token_bytes(KEY_SIZE), LABELS.idempotency))
        return self._root.open(self._read(path), LABELS.idempotency)

    def receipt_seeds(self) -> list[bytes]:
        """Return the seeds of the receipt keys, oldest first; the last one's key signs. Empty before the first one."""
        return [self._open_receipt_key(path) for path in self._receipt_paths()]

    def newest_receipt_seed(self) -> bytes | None:
        """Return the seed of the key that signs; None before the first one."""
        paths = self._receipt_paths()
        return self._open_receipt_key(paths[-1]) if paths else None

    def add_receipt_seed(self, size: int, *, after: int) -> None:
        """Make one more receipt seed of so many random bytes, if there are `after` of them.

        Of two concurrent calls one wins, and one seed is made.
        """
        paths = self._receipt_paths()
        if len(paths) != after:
            return
        number = int(paths[-1].name) + 1 if paths else 1
        path = self._directory / "receipts" / f"{number:06d}"
        self._write_once(path, self._root.seal(secrets.token_bytes(size), self._receipt_aad(path)))

    def response_seeds(self) -> list[bytes]:
        """Return what is kept of the keys that sign answers, oldest first. Empty before the first one."""
        found = []
        for path in self._response_paths():
            with suppress(FileNotFoundError):  # another process has destroyed it a moment ago
                found.append(self._root.open(path.read_bytes(), self._response_aad(path)))
        return found

    def add_response_seed(self, content: bytes, *, after: int) -> None:
        """Keep one more key that signs answers, if there are `after` of them; of two concurrent calls one wins."""
        paths = self._response_paths()
        if len(paths) == after:
            path = self._directory / "responses" / f"{int(paths[-1].name) + 1 if paths else 1:06d}"
            self._write_once(path, self._root.seal(content, self._response_aad(path)))

    def destroy_response_seeds(self, *, keep: int) -> None:
        """Destroy all but the `keep` newest of them."""
        for path in self._response_paths()[:-keep]:
            path.unlink(missing_ok=True)

    def _response_paths(self) -> list[Path]:
        return sorted((self._directory / "responses").glob("[0-9]" * 6))

    @staticmethod
    def _response_aad(path: Path) -> bytes:
        return LABELS.response_key + int(path.name).to_bytes(4, "big")

    def _receipt_paths(self) -> list[Path]:
        return sorted((self._directory / "receipts").glob("[0-9]" * 6))

    def _open_receipt_key(self, path: Path) -> bytes:
        return self._root.open(self._read(path), self._receipt_aad(path))

    @staticmethod
    def _receipt_aad(path: Path) -> bytes:
        return LABELS.receipt_key + int(path.name).to_bytes(4, "big")

    def _open_transit(self, path: Path) -> VaultKey:
        stored = self._read(path)
        key_id = UUID(bytes=stored[:16])
        return VaultKey(key_id, 1, self._root.open(stored[16:], self._transit_aad(key_id)))

    def _account_path(self, account_id: UUID, key_id: UUID, version: int) -> Path:
        return self._directory / "accounts" / account_id.hex / f"{key_id.hex}.{version}"

    @staticmethod
    def _account_aad(account_id: UUID, key_id: UUID, version: int) -> bytes:
        return LABELS.kek + framed(account_id.bytes) + framed(key_id.bytes) + version.to_bytes(4, "big")

    @staticmethod
    def _transit_aad(key_id: UUID) -> bytes:
        return LABELS.transit + framed(key_id.bytes)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise self._missing("The key of this object has been destroyed") from error

    def _missing(self, detail: str) -> ApplicationError:
        return Gone(detail) if self.is_there else Unavailable("The vault's keys are not there")

    @staticmethod
    def _write_once(path: Path, content: bytes) -> None:
        # Not `parents=True`: it would create the parents with the umask's permissions.
        for folder in reversed([folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]):
            folder.mkdir(exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
