"""Sealed file names of a batch's pictures, under the account's key, because file names can identify persons."""

from functools import cache
from uuid import UUID

from backplane.errors import Gone
from backplane.vault import LocalVault, VaultKey
from shield_core.keys.schedule import LABELS, framed

VERSION_SIZE = 4
HEAD_SIZE = 16 + VERSION_SIZE
"""The key's identity: its id and its version."""


def seal_name(account_key: VaultKey, name: str, *, account_id: UUID, batch_id: UUID, index: int) -> bytes:
    head = account_key.id.bytes + account_key.version.to_bytes(VERSION_SIZE)
    return head + account_key.seal(name.encode(), _aad(account_id, batch_id, index, head))


class ItemNames:
    """Open the names of one batch; each version of the account's key is fetched once."""

    def __init__(self, vault: LocalVault, *, account_id: UUID, batch_id: UUID) -> None:
        self._account_id = account_id
        self._batch_id = batch_id
        self._key = cache(lambda head: vault.account_key(account_id, UUID(bytes=head[:16]), int.from_bytes(head[16:])))

    def open(self, sealed: bytes | None, *, index: int) -> str | None:
        """Return the name; None without a name, or after its key has been destroyed."""
        if sealed is None:
            return None
        head, body = sealed[:HEAD_SIZE], sealed[HEAD_SIZE:]
        try:
            return self._key(head).open(body, _aad(self._account_id, self._batch_id, index, head)).decode()
        except Gone:
            return None


def _aad(account_id: UUID, batch_id: UUID, index: int, head: bytes) -> bytes:
    place = framed(batch_id.bytes) + index.to_bytes(4)
    return LABELS.item_name + framed(account_id.bytes) + place + framed(head[:16]) + head[16:]
