"""Checkpoints: signed roots over the heads of all chains, in the database and in the object store.

A checkpoint is committed before it is stored. So whatever the store holds is in the database too, unless an older
database was restored, or rows were removed from it: then nothing is signed until an operator says so.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from backplane import failpoints
from backplane.db.models import AuditCheckpoint
from backplane.db.repositories import audit, audit_chains
from backplane.db.repositories.audit_chains import Head, StoredProof
from backplane.db.session import Database, ReadSession, Session
from backplane.metrics import AUDIT_CHECKPOINTS, AUDIT_REFUSED
from backplane.services.audit.published import Numbered, PublishedCheckpoints
from backplane.services.audit.signers import CheckpointKeys
from shield_core.audit.checkpoints import Checkpoint, write_moment
from shield_core.audit.trees import Tree, leaf
from shield_core.audit.verification import RESTORED

log = structlog.get_logger()

EVERY: Final = timedelta(seconds=60)
ROWS: Final = 1000
"""A checkpoint is due at the earlier of both, if anything was written."""


class Checkpoints:
    def __init__(self, database: Database, published: PublishedCheckpoints, keys: CheckpointKeys) -> None:
        self._database = database
        self._published = published
        self._keys = keys
        self._stored = 0
        """The newest number that this process knows to be stored."""

    async def make_due(self) -> None:
        """Make a checkpoint if one is due, and store the newest one if that was interrupted."""
        async with self._database.reading() as session:
            newest = await audit_chains.newest_checkpoint(session)
            due = await _is_due(session, newest)
        behind = newest is not None and newest.number > self._stored
        if due or behind:
            await self.make(due=due)

    async def make(self, *, due: bool = True) -> None:
        """Compare with the store, sign what is new unless `due` is false, and store the newest checkpoint.

        Raises:
            Unavailable: the store does not answer.
        """
        stored = await self._published.newest()
        async with self._database.transaction() as session:
            if not await audit_chains.try_lock(session, audit_chains.CHECKING):
                return None
            if not await continues(session, stored):
                return self._refuse(stored)
            newest = await audit_chains.newest_checkpoint(session)
            if due:
                newest = await self._sign(session, newest, stored) or newest
            failpoints.reach("audit.checkpoint_signed")
        AUDIT_REFUSED.set(0)
        failpoints.reach("audit.checkpoint_committed")
        if newest is not None and (stored is None or newest.number > stored.number):
            await self._published.put(Numbered(newest.number, checkpoint_of(newest)))
        failpoints.reach("audit.checkpoint_stored")
        self._stored = newest.number if newest is not None else 0
        return None

    async def _sign(
        self, session: Session, newest: AuditCheckpoint | None, stored: Numbered | None
    ) -> AuditCheckpoint | None:
        heads = await audit_chains.all_heads(session)
        moment = await audit_chains.now(session)
        if all(head.checked_seq == head.seq for head in heads):
            return None
        signer = await asyncio.to_thread(self._keys.signer)
        root, proofs = await asyncio.to_thread(_prove, heads)
        signed = signer.sign(root, size=len(heads), time=moment)
        number = max(newest.number if newest else 0, stored.number if stored else 0) + 1
        row = AuditCheckpoint(
            number=number, root=root, size=signed.size, time=moment, signer=signed.signer, signature=signed.signature
        )
        await audit_chains.add_checkpoint(session, row, proofs)
        AUDIT_CHECKPOINTS.inc()
        return row

    @staticmethod
    def _refuse(stored: Numbered | None) -> None:
        assert stored is not None
        AUDIT_REFUSED.set(1)
        log.error("audit.checkpoint_refused", stored=stored.number, remedy="imageshield admin continue-audit")


async def continues(session: ReadSession, stored: Numbered | None) -> bool:
    """Return whether the database has the store's newest checkpoint, or says why it is older."""
    if stored is None:
        return True
    if await audit_chains.root_of(session, stored.number) == stored.checkpoint.root:
        return True
    return await audit.restore_is_noted(session, action=RESTORED, root=stored.checkpoint.root.hex())


def checkpoint_of(row: AuditCheckpoint) -> Checkpoint:
    return Checkpoint(row.root, row.size, write_moment(row.time), row.signer, row.signature)


def tree_of(heads: Sequence[Head]) -> Tree:
    return Tree([leaf(head.chain_id, head.seq, head.hash) for head in heads])


async def _is_due(session: ReadSession, newest: AuditCheckpoint | None) -> bool:
    waiting = await audit_chains.count_unchecked(session)
    old = newest is None or newest.time < datetime.now(UTC) - EVERY
    return waiting >= ROWS or (waiting > 0 and old)


def _prove(heads: Sequence[Head]) -> tuple[bytes, list[StoredProof]]:
    """Build the tree; return its root, and the proofs of the chains that grew."""
    tree = tree_of(heads)
    proofs = [
        StoredProof(head.chain_id, head.seq, head.hash, place, b"".join(tree.path(place)))
        for place, head in enumerate(heads)
        if head.seq != head.checked_seq
    ]
    return tree.root, proofs
