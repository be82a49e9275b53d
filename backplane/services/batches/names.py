"""Sealed file names of a batch's pictures, under the account's key, because file names can identify persons."""

from uuid import UUID

from backplane.errors import Gone
from backplane.services.sealing.account_keys import Opener, seal
from backplane.vault import LocalVault, VaultKey
from shield_core.keys.schedule import LABELS, framed


def seal_name(account_key: VaultKey, name: str, *, account_id: UUID, batch_id: UUID, index: int) -> bytes:
    return seal(account_key, name.encode(), _context(account_id, batch_id, index))


class ItemNames:
    """Open the names of one batch; each version of the account's key is fetched once."""

    def __init__(self, vault: LocalVault, *, account_id: UUID, batch_id: UUID) -> None:
        self._account_id = account_id
        self._batch_id = batch_id
        self._opener = Opener(vault, account_id)

    def open(self, sealed: bytes | None, *, index: int) -> str | None:
        """Return the name; None without a name, or after its key has been destroyed."""
        if sealed is None:
            return None
        try:
            return self._opener.open(sealed, _context(self._account_id, self._batch_id, index)).decode()
        except Gone:
            return None


def _context(account_id: UUID, batch_id: UUID, index: int) -> bytes:
    return LABELS.item_name + framed(account_id.bytes) + framed(batch_id.bytes) + index.to_bytes(4)
