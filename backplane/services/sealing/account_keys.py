"""Account keys, which seal an account's notes, file names, webhook secrets and file keys."""

from functools import cache
from uuid import UUID

from backplane import ids
from backplane.db.repositories import accounts
from backplane.db.session import ReadSession
from backplane.errors import Gone, NotFound
from backplane.vault import LocalVault, VaultKey
from shield_core.keys import stanzas
from shield_core.keys.schedule import framed

VERSION_SIZE = 4
NAME_SIZE = 16 + VERSION_SIZE
"""Bytes that name the key: its id and its version."""


async def account_key(session: ReadSession, vault: LocalVault, account_id: UUID) -> VaultKey:
    """Return the account key that seals new data.

    Raises:
        NotFound: there is no such account.
    """
    account = await accounts.by_id(session, account_id)
    if account is None:
        raise NotFound
    return vault.account_key(account_id, account.kek_id, account.kek_version)


def seal(key: VaultKey, plaintext: bytes, context: bytes) -> bytes:
    """Seal something of the account's; `context` says what it is and whose, and opens it only there.

    The key's id and version stand before it, and are authenticated with it.
    """
    name = name_of(key)
    return name + key.seal(plaintext, context + framed_name(name))


class Opener:
    """Opens what `seal` sealed for one account; each version of its key is fetched once."""

    def __init__(self, vault: LocalVault, account_id: UUID) -> None:
        self._key = cache(lambda name: vault.account_key(account_id, UUID(bytes=name[:16]), int.from_bytes(name[16:])))

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Return the plaintext.

        Raises:
            Gone: the account's key has been destroyed.
        """
        name = sealed[:NAME_SIZE]
        return self._key(name).open(sealed[NAME_SIZE:], context + framed_name(name))


def name_of(key: VaultKey) -> bytes:
    """Name the key, as its id and its version."""
    return key.id.bytes + key.version.to_bytes(VERSION_SIZE)


def framed_name(name: bytes) -> bytes:
    return framed(name[:16]) + name[16:]


def vault_opener(vault: LocalVault, account_id: UUID) -> stanzas.VaultOpen:
    """Return an opener of `vault` stanzas with the account's keys."""

    def look_up(kek_id: str, version: int) -> bytes | None:
        try:
            return vault.account_key(account_id, UUID(hex=kek_id), version).secret
        except (ValueError, Gone):
            return None

    return stanzas.VaultOpen(ids.to_wire("acc", account_id), look_up)
