"""Exports of an audit chain, of an account or of the system: lines that verify offline, or a table for people."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from backplane.db.models import AuditCheckpoint, AuditEvent, AuditProof
from backplane.db.repositories import audit, audit_chains
from backplane.db.repositories.audit import EVERYTHING, Search
from backplane.db.session import Database
from backplane.errors import Unavailable
from backplane.services.audit import acts, trail
from backplane.services.audit.checkpoints import checkpoint_of, tree_of
from backplane.services.audit.payloads import facts_of
from backplane.services.audit.persons import AuditKeys
from backplane.services.requests.caller import NO_ACCOUNT, Actor, Caller
from shield_core.audit.chains import HASH_SIZE
from shield_core.audit.checkpoints import write_moment
from shield_core.audit.exports import Head, Proof, Row, write

AT_ONCE: Final = 500
"""Rows read at once: the database connection is returned in between."""

TRIES: Final = 3
"""A checkpoint may be made between the two statements that read it and what it covers."""

COLUMNS: Final = (
    *("seq", "time", "id", "action", "outcome", "actor", "user", "api_key", "role", "object", "request"),
    *("address", "email", "device", "details"),
)
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets run a cell that begins so (OWASP, CSV Injection)."""


class Exports:
    def __init__(self, database: Database, keys: AuditKeys) -> None:
        self._database = database
        self._keys = keys

    async def lines(self, caller: Caller) -> AsyncIterator[bytes]:
        """Record the export, and return the lines of docs/reference/audit-format.md."""
        until = await self._begin(caller, "jsonl")
        return self._lines(caller.account_id, until)

    async def table(self, caller: Caller, search: Search = EVERYTHING) -> AsyncIterator[bytes]:
        """Record the export, and return CSV (RFC 4180) with a head: the entries that a search finds."""
        until = await self._begin(caller, "csv")
        return self._table(caller.account_id, until, search)

    async def _begin(self, caller: Caller, kind: str) -> int:
        """Record the export in its chain; what an operator takes of an account, in that of the system as well."""
        async with self._database.transaction() as session:
            if caller.actor is Actor.OPERATOR and caller.account_id != NO_ACCOUNT:
                acts.record(session, caller, "audit.exported", caller.account_id, details={"format": kind})
            else:
                trail.record(session, caller, "audit.exported", details={"format": kind})
            return await audit_chains.length(session, caller.account_id)

    async def _lines(self, chain: UUID, until: int) -> AsyncIterator[bytes]:
        newest = await self._newest_proof(chain)
        until = max(until, newest.seq if newest else 0)
        yield write(Head(chain, write_moment(datetime.now(UTC)), until).to_json())
        async for proof in self._stored_proofs(chain, until):
            if newest is None or proof.checkpoint != newest.checkpoint:
                yield write(proof.to_json())
        if newest is not None:
            yield write(newest.to_json())
        async for event, person in self._rows(chain, until):
            yield write(row_of(event).to_json(person))

    async def _table(self, chain: UUID, until: int, search: Search) -> AsyncIterator[bytes]:
        yield _cells(COLUMNS)
        async for event, person in self._rows(chain, until, search):
            facts = {"seq": event.seq, **facts_of(event), **(person or {})}
            facts["details"] = json.dumps(event.details, sort_keys=True) if event.details else ""
            yield _cells([facts.get(name) for name in COLUMNS])

    async def _rows(
        self, chain: UUID, until: int, search: Search = EVERYTHING
    ) -> AsyncIterator[tuple[AuditEvent, Mapping[str, str] | None]]:
        seq = 0
        while seq < until:
            async with self._database.reading() as session:
                events = await audit.sealed_after(session, chain, seq, until=until, limit=AT_ONCE, search=search)
                persons = await self._keys.read(session, events)
            for event in events:
                yield event, persons.get(event.id)
            if not events:
                return  # nothing else matches; or rows are missing, and the verification says which
            seq = row_of(events[-1]).seq

    async def _stored_proofs(self, chain: UUID, until: int) -> AsyncIterator[Proof]:
        number = 0
        while True:
            async with self._database.reading() as session:
                found = await audit_chains.proofs_after(session, chain, number, limit=AT_ONCE)
            for checkpoint, proof in found:
                if proof.seq <= until:
                    yield proof_of(checkpoint, proof)
            if len(found) < AT_ONCE:
                return
            number = found[-1][0].number

    async def _newest_proof(self, chain: UUID) -> Proof | None:
        """Prove that the newest checkpoint covers the chain, even if the chain did not grow since an older one.

        Without it, rows behind the last stored proof could be withheld.
        """
        for _ in range(TRIES):
            async with self._database.reading() as session:
                newest = await audit_chains.newest_checkpoint(session)
                heads = await audit_chains.checked_heads(session)
            place = next((at for at, head in enumerate(heads) if head.chain_id == chain), None)
            if newest is None or place is None:
                return None
            tree = await asyncio.to_thread(tree_of, heads)
            if tree.root == newest.root:
                return Proof(checkpoint_of(newest), heads[place].seq, heads[place].hash, place, tree.path(place))
        raise Unavailable("The newest checkpoint does not cover the heads of the chains")


def row_of(event: AuditEvent) -> Row:
    """Return a sealed entry as a row; what is missing in it is found by its verification."""
    return Row(event.seq or 0, event.prev or b"", event.hash or b"", (event.payload or "").encode())


def proof_of(checkpoint: AuditCheckpoint, proof: AuditProof) -> Proof:
    path = [proof.path[at : at + HASH_SIZE] for at in range(0, len(proof.path), HASH_SIZE)]
    return Proof(checkpoint_of(checkpoint), proof.seq, proof.hash, proof.place, path)


def _cells(values: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(value) for value in values])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # Escaped, so that a terminal or a spreadsheet that shows the table does nothing else.
    plain = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
    return f"'{plain}" if plain.startswith(DANGEROUS) else plain
