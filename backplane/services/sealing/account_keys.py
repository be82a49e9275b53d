"""The account's keys: what seals its notes, names, webhook secrets and file keys."""

from uuid import UUID

from backplane import ids
from backplane.db.repositories import accounts
from backplane.db.session import ReadSession
from backplane.errors import Gone, NotFound
from backplane.vault import LocalVault, VaultKey
from shield_core.keys import stanzas


async def account_key(session: ReadSession, vault: LocalVault, account_id: UUID) -> VaultKey:
    """Return the key that seals what is new of the account's.

    Raises:
        NotFound: there is no such account.
    """
    account = await accounts.by_id(session, account_id)
    if account is None:
        raise NotFound
    return vault.account_key(account_id, account.kek_id, account.kek_version)


def vault_opener(vault: LocalVault, account_id: UUID) -> stanzas.VaultOpen:
    """Return what opens `vault` stanzas with the account's keys."""

    def look_up(kek_id: str, version: int) -> bytes | None:
        try:
            return vault.account_key(account_id, UUID(hex=kek_id), version).secret
        except (ValueError, Gone):
            return None

    return stanzas.VaultOpen(ids.to_wire("acc", account_id), look_up)
