"""Verification of a chain where it lies, and of an export that somebody has."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from backplane.db.models import AuditEvent
from backplane.db.repositories import audit, audit_chains
from backplane.db.session import Database
from backplane.errors import from_core
from backplane.services.audit.exports import proof_of, row_of
from backplane.services.audit.payloads import facts_of
from backplane.services.audit.signers import CheckpointKeys
from backplane.services.requests.caller import Caller
from backplane.services.sealing.fair_lock import FairLock
from shield_core.audit.checkpoints import write_moment
from shield_core.audit.exports import Head, Proof
from shield_core.audit.verification import Verdict, Verification, verify
from shield_core.errors import ShieldError

AT_ONCE: Final = 500
WAITING: Final = 1
"""Verifications of one account that may wait: each reads a whole chain."""


class ChainVerification:
    def __init__(self, database: Database, keys: CheckpointKeys) -> None:
        self._database = database
        self._keys = keys
        self._lock = FairLock(waiting=WAITING)

    async def verify(self, caller: Caller) -> Verdict:
        """Check the sealed rows of the caller's account, and the columns that repeat their payloads for queries."""
        async with self._lock.held(caller.account_id):
            return await self._verify(caller)

    async def verify_export(self, caller: Caller, data: bytes) -> Verdict:
        """Check an export under the keys of this service.

        Raises:
            ApplicationError: it is no export.
        """
        keys = await asyncio.to_thread(self._keys.trusted)
        async with self._lock.held(caller.account_id):
            try:
                return await asyncio.to_thread(verify, _lines(data), keys)
            except ShieldError as error:
                raise from_core(error) from error

    async def _verify(self, caller: Caller) -> Verdict:
        chain = caller.account_id
        until, checkpoints = await self._read_heads(chain)
        head = Head(chain, write_moment(datetime.now(UTC)), until)
        verification = Verification(head, await asyncio.to_thread(self._keys.trusted))
        for proof in checkpoints:
            verification.add_checkpoint(proof)
        seq = 0
        while seq < until:
            async with self._database.reading() as session:
                events = await audit.sealed_after(session, chain, seq, until=until, limit=AT_ONCE)
            if not events:
                break
            await asyncio.to_thread(_add, verification, events)
            seq = row_of(events[-1]).seq
        return verification.finish()

    async def _read_heads(self, chain: UUID) -> tuple[int, list[Proof]]:
        """Return the checkpoints of a chain, and its length, which is read later: so it reaches to each of them."""
        number, proofs = 0, []
        while True:
            async with self._database.reading() as session:
                found = await audit_chains.proofs_after(session, chain, number, limit=AT_ONCE)
                until = await audit_chains.length(session, chain)
            proofs += [proof_of(checkpoint, proof) for checkpoint, proof in found]
            if len(found) < AT_ONCE:
                return until, proofs
            number = found[-1][0].number


def _add(verification: Verification, events: Sequence[AuditEvent]) -> None:
    for event in events:
        row = row_of(event)
        if not _agrees(row.payload, facts_of(event)):
            verification.add_difference(row.seq)
        verification.add_row(row)


def _agrees(payload: bytes, columns: dict[str, Any]) -> bool:
    """Return whether the columns are those of the payload: a search reads the columns."""
    try:
        hashed = json.loads(payload)
        same = all(hashed[name] == value for name, value in columns.items() if name != "details")
    except (ValueError, LookupError, TypeError):
        return False
    return same and hashed["details"] in (columns["details"], {"json": json.dumps(columns["details"], sort_keys=True)})


def _lines(data: bytes) -> Iterator[bytes]:
    begin = 0
    while begin < len(data):
        end = data.find(b"\n", begin) + 1 or len(data)
        yield data[begin:end]
        begin = end
