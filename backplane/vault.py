"""The vault: keys that never enter a database.

Account and transit keys, the keys that sign receipts, answers and access tokens, peppers, the fingerprint key.

This backend keeps them in a directory, sealed under a root key from a file. All processes of an installation share the
directory. A key's file is written under a temporary name and linked into place, so of two writers one wins and both
read its key.
"""

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
from backplane.vault_files import flush, write_once
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


class Series:
    """Numbered secrets of one kind, each sealed in a file of its own. A new one gets the next number."""

    def __init__(self, folder: Path, root: VaultKey, label: bytes) -> None:
        self._folder = folder
        self._root = root
        self._label = label

    def numbers(self) -> list[int]:
        """Return the numbers in order. This lists the directory and opens nothing."""
        return sorted(int(path.name) for path in self._folder.glob("[0-9]" * 6))

    @property
    def last(self) -> int:
        """The newest number; 0 before the first."""
        return max(self.numbers(), default=0)

    def read(self, number: int) -> bytes:
        return self._root.open(self._path(number).read_bytes(), self._aad(number))

    def add(self, secret: bytes, *, after: int) -> None:
        """Write the secret that follows number `after` (0: the first one); nothing if another caller was faster.

        `after` is what the caller saw when it decided to add one: read now, two callers would add two.
        """
        if self.last == after:
            write_once(self._path(after + 1), self._root.seal(secret, self._aad(after + 1)))

    def destroy(self, number: int) -> None:
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}"

    def _aad(self, number: int) -> bytes:
        return self._label + number.to_bytes(4, "big")


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
        write_once(path, self._root.seal(key.secret, self._account_aad(account_id, key.id, key.version)))
        return key

    def account_key(self, account_id: UUID, key_id: UUID, version: int) -> VaultKey:
        sealed = self._read(self._account_path(account_id, key_id, version))
        return VaultKey(key_id, version, self._root.open(sealed, self._account_aad(account_id, key_id, version)))

    def erase_account(self, account_id: UUID) -> None:
        """Destroy every key of an account, and note that it was erased; a second time nothing is left to do.

        The note comes first: a restored backup must not bring the account back without being asked.
        """
        sealed = self._root.seal(datetime.now(UTC).isoformat().encode(), self._tombstone_aad(account_id))
        write_once(self._directory / "erased" / account_id.hex, sealed)
        folder = self._directory / "accounts" / account_id.hex
        with suppress(FileNotFoundError):
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
            folder.rmdir()
            flush(folder.parent)

    def erased_accounts(self) -> list[UUID]:
        """List the accounts that were erased. A note that was not written here does not count."""
        return [account_id for account_id in self._noted() if self.is_erased(account_id)]

    def is_erased(self, account_id: UUID) -> bool:
        """Return whether the account was erased."""
        try:
            sealed = (self._directory / "erased" / account_id.hex).read_bytes()
            self._root.open(sealed, self._tombstone_aad(account_id))
        except (FileNotFoundError, Unavailable):
            return False
        return True

    def _noted(self) -> list[UUID]:
        return [UUID(hex=path.name) for path in (self._directory / "erased").glob("[0-9a-f]" * 32)]

    @staticmethod
    def _tombstone_aad(account_id: UUID) -> bytes:
        return LABELS.tombstone + framed(account_id.bytes)

    def transit_key_of_today(self) -> VaultKey:
        """Return the transit key of today; the first caller makes it."""
        day = self._directory / "transit" / datetime.now(UTC).date().isoformat()
        if not day.exists():
            self.require()
            key = VaultKey(ids.new(), 1, secrets.token_bytes(KEY_SIZE))
            write_once(day, key.id.bytes + self._root.seal(key.secret, self._transit_aad(key.id)))
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
            write_once(path, self._root.seal(secrets.token_bytes(KEY_SIZE), LABELS.idempotency))
        return self._root.open(self._read(path), LABELS.idempotency)

    @property
    def receipt_seeds(self) -> Series:
        """The seeds of the keys that sign receipts; the newest one's key signs."""
        return self._series("receipts", LABELS.receipt_key)

    @property
    def signing_keys(self) -> Series:
        """The keys that sign access tokens, with the time from which each one does."""
        return self._series("signing", LABELS.signing_key)

    @property
    def api_key_peppers(self) -> Series:
        """The keys of the MACs under which API keys are found; new ones are made under the newest pepper."""
        return self._series("api-keys", LABELS.api_key_pepper)

    @property
    def response_keys(self) -> Series:
        """The keys that sign answers, with the time from which each one does."""
        return self._series("responses", LABELS.response_key)

    @property
    def audit_seeds(self) -> Series:
        """The seeds of the keys that sign audit checkpoints; the newest one's key signs."""
        return self._series("audit", LABELS.audit_checkpoint_key)

    def _series(self, folder: str, label: bytes) -> Series:
        return Series(self._directory / folder, self._root, label)

    def person_key(self, month: str, *, create: bool = False) -> bytes:
        """Return the installation's key of a month for person data of the audit trail; Gone once it is destroyed.

        It may be made before the first account, because a log-in can fail before there is one. A key that is lost
        makes addresses unreadable and nothing else.
        """
        path = self._directory / "audit-persons" / month
        if create and not path.exists():
            write_once(path, self._root.seal(secrets.token_bytes(KEY_SIZE), self._person_aad(month)))
        return self._root.open(self._read(path), self._person_aad(month))

    def destroy_expired_person_keys(self, *, days: int) -> int:
        """Delete the keys of months that ended more than so many days ago."""
        oldest = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m")
        expired = [path for path in (self._directory / "audit-persons").glob("????-??") if path.name < oldest]
        for path in expired:
            path.unlink(missing_ok=True)
        return len(expired)

    @staticmethod
    def _person_aad(month: str) -> bytes:
        return LABELS.audit_person_key + framed(month.encode())

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
