"""Key files: how a file key leaves the service."""

from uuid import UUID

from backplane import ids
from backplane.db.models import Key
from backplane.db.repositories import audit, jobs, keys
from backplane.db.session import Database
from backplane.errors import CustodyConflict, Gone, NotFound
from backplane.services.passphrases import PassphrasePool
from backplane.services.results import require_completed
from backplane.vault import LocalVault
from shield_core.keys import keyfile, stanzas


class Keys:
    def __init__(self, database: Database, vault: LocalVault, passphrases: PassphrasePool) -> None:
        self._database = database
        self._vault = vault
        self._passphrases = passphrases

    async def export(
        self, account_id: UUID, job_id: UUID, *, password: str | None = None, request_id: str | None
    ) -> bytes:
        """Build the key file of a job for its owner, and write down that it left.

        A managed key leaves in clear, or wrapped under `password`; a key under a passphrase leaves as it is kept.
        """
        wrap = stanzas.PlainWrap() if password is None else await self._passphrases.wrap(password)
        async with self._database.transaction() as session:
            require_completed(await jobs.of_account(session, account_id, job_id))
            key = await keys.of_job(session, account_id, job_id)
            if key is None:
                raise NotFound
            exported = self._rewrap(account_id, key, wrap)
            audit.add(
                session,
                action="key.exported",
                outcome="success",
                account_id=account_id,
                object_id=key.id,
                request_id=request_id,
                details={"custody": key.custody, "wrapped": password is not None or key.custody == "passphrase"},
            )
        return exported

    def _rewrap(self, account_id: UUID, key: Key, wrap: stanzas.PlainWrap | stanzas.PassphraseWrap) -> bytes:
        if key.custody != "managed":
            if isinstance(wrap, stanzas.PassphraseWrap):
                raise CustodyConflict("This key is under its owner's passphrase already")
            return key.key_file
        kept = keyfile.parse(key.key_file)
        file_key = keyfile.unlock(kept, [vault_opener(self._vault, account_id)])
        return keyfile.encode(keyfile.rewrap(kept, file_key, [wrap]))


def vault_opener(vault: LocalVault, account_id: UUID) -> stanzas.VaultOpen:
    """Open `vault` stanzas with the account's keys."""

    def look_up(kek_id: str, version: int) -> bytes | None:
        try:
            return vault.account_key(account_id, UUID(hex=kek_id), version).secret
        except (ValueError, Gone):
            return None

    return stanzas.VaultOpen(ids.to_wire("acc", account_id), look_up)
