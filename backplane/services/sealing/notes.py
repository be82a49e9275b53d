"""Sealed notes of jobs and batches, under the account's key, and their search index.

The index finds exact values. It is blind: it stores an HMAC of each term under a subkey of the account's key. A reader
of the database alone learns which jobs of one account share a term, and no term.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from backplane.db.models import Batch, Job
from backplane.db.repositories import accounts
from backplane.db.session import ReadSession
from backplane.errors import ApplicationError, Gone, NotFound
from backplane.services.requests.notes import NO_NOTE, Note
from backplane.services.sealing import account_keys
from backplane.vault import LocalVault, VaultKey
from shield_core.keys.schedule import LABELS, framed, hkdf


def seal(key: VaultKey, note: Note, *, account_id: UUID, owner_id: UUID) -> bytes | None:
    """Seal the note of a job or batch; None for an empty note."""
    if note == NO_NOTE:
        return None
    return account_keys.seal(key, json.dumps(asdict(note)).encode(), _context(account_id, owner_id))


def terms(key: VaultKey, note: Note, *, account_id: UUID) -> list[bytes]:
    """Compute the note's entries in the index."""
    info = LABELS.job_note_search + framed(account_id.bytes) + account_keys.framed_name(account_keys.name_of(key))
    secret = hkdf(key.secret, info=info)
    return [hmac.digest(secret, word, hashlib.sha256) for word in note.words()]


async def search_terms(
    session: ReadSession, vault: LocalVault, account_id: UUID, wanted: Note
) -> list[Sequence[bytes]]:
    """Compute the HMACs of each search term under every version of the account's key: one of each must match."""
    words = len(list(wanted.words()))
    if not words:
        return []
    account = await accounts.by_id(session, account_id)
    if account is None:
        raise NotFound
    found: list[Sequence[bytes]] = []
    for version in range(1, account.kek_version + 1):
        try:
            key = vault.account_key(account_id, account.kek_id, version)
        except Gone:
            continue
        found.append(terms(key, wanted, account_id=account_id))
    return list(zip(*found, strict=True)) or [()] * words


class NoteReader:
    """Open the notes of one account; each version of its key is fetched once."""

    def __init__(self, vault: LocalVault, account_id: UUID) -> None:
        self._account_id = account_id
        self._opener = account_keys.Opener(vault, account_id)

    def read(self, owner: Job | Batch) -> Note:
        """Open the note of a job or batch; return an empty note if it does not open, as the job is still usable."""
        if owner.note is None:
            return NO_NOTE
        try:
            return Note(**json.loads(self._opener.open(owner.note, _context(self._account_id, owner.id))))
        except ApplicationError:
            return NO_NOTE


def _context(account_id: UUID, owner_id: UUID) -> bytes:
    return LABELS.job_note + framed(account_id.bytes) + framed(owner_id.bytes)
