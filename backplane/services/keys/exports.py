"""Exports of file keys as key files."""

from collections.abc import Sequence
from uuid import UUID

from backplane.db.models import Key
from backplane.db.repositories import jobs, keys
from backplane.db.session import Database
from backplane.errors import ClientCustody, CustodyConflict, Gone, NotFound
from backplane.kinds import KINDS
from backplane.services.audit import trail
from backplane.services.jobs.views import require_completed
from backplane.services.requests.caller import Caller
from backplane.services.sealing.account_keys import vault_opener
from backplane.services.sealing.custody import read_recipients
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.vault import LocalVault
from shield_core.keys import keyfile, stanzas
from shield_core.keys.keyfile import KeyFile
from shield_core.keys.recipients import PublicKey, RecipientWrap
from shield_core.keys.stanzas import Wrap


class Keys:
    def __init__(self, database: Database, vault: LocalVault, passphrases: PassphrasePool) -> None:
        self._database = database
        self._vault = vault
        self._passphrases = passphrases

    async def export(
        self,
        caller: Caller,
        job_id: UUID,
        *,
        password: str | None = None,
        recipients: Sequence[str] = (),
    ) -> bytes:
        """Build the key file of a job for its owner, and record the export.

        A managed key is wrapped under `password` and for `recipients`. If neither is given, it is wrapped for the
        recipients of the job; if the job has none, the key file is unprotected. A key that is not managed is exported
        as it is stored.
        """
        publics = read_recipients(recipients, beside=password is not None)
        asked: list[Wrap] = [] if password is None else [await self._passphrases.wrap(password)]
        asked += map(RecipientWrap, publics)
        async with self._database.transaction() as session:
            job = require_completed(await jobs.of_account(session, caller.account_id, job_id))
            key = await keys.of_job(session, caller.account_id, job_id)
            if key is None:
                raise NotFound
            exported = self._export(caller.account_id, key, asked, job.recipients or ())
            trail.record(
                session,
                caller,
                "key.exported",
                key.id,
                details={
                    "custody": key.custody,
                    "wrapped": all(stanza["type"] != "plain" for stanza in exported.stanzas),
                    "recipients": [stanza["hint_b64"] for stanza in exported.stanzas if stanza["type"] == "recipient"],
                },
            )
        return keyfile.encode(exported)

    async def require(self, caller: Caller, job_id: UUID) -> None:
        """Check that a job has a key file for its owner, without building it."""
        async with self._database.reading() as session:
            require_completed(await jobs.of_account(session, caller.account_id, job_id))
            if await keys.of_job(session, caller.account_id, job_id) is None:
                raise NotFound

    async def header(self, caller: Caller, job_id: UUID) -> bytes:
        """Return header and tag of the encrypted image that a job made: the data of its chunk `qsIS`."""
        async with self._database.reading() as session:
            job = require_completed(await jobs.of_account(session, caller.account_id, job_id))
            key = await keys.of_job(session, caller.account_id, job_id)
        if key is not None:
            return key.image_header + key.image_tag
        raise Gone if KINDS[job.kind].makes_key else NotFound("This job made no encrypted image")

    def _export(self, account_id: UUID, key: Key, asked: Sequence[Wrap], recipients: Sequence[str]) -> KeyFile:
        kept = keyfile.parse(key.key_file)
        if key.custody == "managed":
            file_key = keyfile.unlock(kept, [vault_opener(self._vault, account_id)])
            kept_for = [RecipientWrap(PublicKey.parse(text)) for text in recipients]
            return keyfile.rewrap(kept, file_key, asked or kept_for or [stanzas.PlainWrap()])
        if asked and key.custody == "passphrase":
            raise CustodyConflict("This key is under its owner's passphrase already")
        if asked:
            raise ClientCustody("This key opens with a recipient's secret key alone: wrap it again on their machine")
        return kept
