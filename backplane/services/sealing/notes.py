"""Sealed notes of jobs and batches, under the account's key, and their search index.

The index finds exact values. It is blind: an HMAC under a subkey of the account's key for each word. A reader of the
database alone learns which jobs of one account share a word, and no word.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from uuid import UUID

from backplane.db.models import Batch, Job
from backplane.db.repositories import accounts
from backplane.db.session import ReadSession
from backplane.errors import ApplicationError, Gone, NotFound
from backplane.services.requests.notes import NO_NOTE, Note
from backplane.vault import LocalVault, VaultKey
from shield_core.keys.schedule import LABELS, framed, hkdf

VERSION_SIZE = 4
NAME_SIZE = 16 + VERSION_SIZE
"""What names the key: its id and its version."""


def seal(key: VaultKey, note: Note, *, account_id: UUID, owner_id: UUID) -> bytes | None:
    """Seal the note of a job or batch; None where there is nothing to keep."""
    if note == NO_NOTE:
        return None
    name = key.id.bytes + key.version.to_bytes(VERSION_SIZE)
    return name + key.seal(json.dumps(asdict(note)).encode(), _aad(account_id, owner_id, name))


def terms(key: VaultKey, note: Note, *, account_id: UUID) -> list[bytes]:
    """Compute what the note is found by, as it stands in the index."""
    version = key.version.to_bytes(VERSION_SIZE)
    info = LABELS.job_note_search + _frame(account_id.bytes, key.id.bytes) + version
    secret = hkdf(key.secret, info=info)
    return [hmac.digest(secret, word, hashlib.sha256) for word in note.words()]


async def search_terms(
    session: ReadSession, vault: LocalVault, account_id: UUID, wanted: Note
) -> list[Sequence[bytes]]:
    """Compute for each word of a search its terms under every version of the account's key: one of each must match."""
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
    """Opens the notes of one account; each version of its key is fetched once."""

    def __init__(self, vault: LocalVault, account_id: UUID) -> None:
        self._account_id = account_id
        self._key = cache(lambda name: vault.account_key(account_id, UUID(bytes=name[:16]), int.from_bytes(name[16:])))

    def read(self, owner: Job | Batch) -> Note:
        """Open the note of a job or batch; an empty one where it does not open: a job can be had without its note."""
        if owner.note is None:
            return NO_NOTE
        name, sealed = owner.note[:NAME_SIZE], owner.note[NAME_SIZE:]
        try:
            return Note(**json.loads(self._key(name).open(sealed, _aad(self._account_id, owner.id, name))))
        except ApplicationError:
            return NO_NOTE


def _frame(*parts: bytes) -> bytes:
    return b"".join(map(framed, parts))


def _aad(account_id: UUID, owner_id: UUID, name: bytes) -> bytes:
    return LABELS.job_note + _frame(account_id.bytes, owner_id.bytes, name[:16]) + name[16:]
