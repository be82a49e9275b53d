"""Heads of audit chains, checkpoints over them, and their proofs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text

from backplane.db.models import AuditChain, AuditCheckpoint, AuditProof
from backplane.db.session import ReadSession, Session

SEALING: Final = 0x71734155
CHECKING: Final = 0x71734156
"""Advisory locks: of several relays one seals, and one makes checkpoints."""

TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:number)")
HEADS = text("SELECT chain_id, seq, hash FROM audit_chains WHERE chain_id = ANY(CAST(:chains AS uuid[]))")
ADVANCE = text("""
INSERT INTO audit_chains (chain_id, seq, hash)
SELECT * FROM unnest(CAST(:chains AS uuid[]), CAST(:seqs AS bigint[]), CAST(:hashes AS bytea[]))
ON CONFLICT (chain_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash
""")
PROVE = text("""
INSERT INTO audit_proofs (chain_id, checkpoint, seq, hash, place, path)
SELECT chain_id, :checkpoint, seq, hash, place, path
FROM unnest(CAST(:chains AS uuid[]), CAST(:seqs AS bigint[]), CAST(:hashes AS bytea[]), CAST(:places AS bigint[]),
            CAST(:paths AS bytea[])) AS proof (chain_id, seq, hash, place, path)
""")
MARK = text("""
UPDATE audit_chains AS chain SET checked_seq = head.seq, checked_hash = head.hash
FROM unnest(CAST(:chains AS uuid[]), CAST(:seqs AS bigint[]), CAST(:hashes AS bytea[])) AS head (chain_id, seq, hash)
WHERE chain.chain_id = head.chain_id
""")


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain, and the last one under a checkpoint."""

    chain_id: UUID
    seq: int
    hash: bytes
    checked_seq: int | None = None


@dataclass(frozen=True, slots=True)
class StoredProof:
    """The place of a head in the tree of a checkpoint, with the hashes of its path one after the other."""

    chain_id: UUID
    seq: int
    hash: bytes
    place: int
    path: bytes


async def try_lock(session: Session, number: int) -> bool:
    """Take a lock until the transaction ends; return False if another process has it."""
    return await session.scalar(TRY_LOCK, {"number": number}) or False


async def heads_of(session: Session, chains: Collection[UUID]) -> dict[UUID, tuple[int, bytes]]:
    rows = await session.execute(HEADS, {"chains": list(chains)})
    return {chain_id: (seq, head) for chain_id, seq, head in rows}


async def advance(session: Session, heads: Sequence[Head]) -> None:
    await session.execute(ADVANCE, _columns(heads))


async def length(session: ReadSession, chain_id: UUID) -> int:
    return await session.scalar(select(AuditChain.seq).where(AuditChain.chain_id == chain_id)) or 0


async def checked_length(session: ReadSession, chain_id: UUID) -> int:
    """Return the number of the last row under a checkpoint; 0 without one."""
    return await session.scalar(select(AuditChain.checked_seq).where(AuditChain.chain_id == chain_id)) or 0


async def all_ids(session: ReadSession) -> list[UUID]:
    return list(await session.scalars(select(AuditChain.chain_id)))


async def all_heads(session: Session) -> list[Head]:
    """Return the heads of all chains in the order of a tree's leaves, as of one moment."""
    query = select(AuditChain.chain_id, AuditChain.seq, AuditChain.hash, AuditChain.checked_seq)
    return [Head(*row) for row in (await session.execute(query.order_by(AuditChain.chain_id))).all()]


async def checked_heads(session: ReadSession) -> list[Head]:
    """Return the heads that the newest checkpoint covers, in the order of its leaves."""
    query = select(AuditChain.chain_id, AuditChain.checked_seq, AuditChain.checked_hash)
    query = query.where(AuditChain.checked_seq.is_not(None)).order_by(AuditChain.chain_id)
    rows = (await session.execute(query)).all()
    return [Head(chain, seq, head) for chain, seq, head in rows if seq is not None and head is not None]


async def count_unchecked(session: ReadSession) -> int:
    """Count the rows that no checkpoint covers."""
    rows = func.sum(AuditChain.seq - func.coalesce(AuditChain.checked_seq, 0))
    query = select(rows).where(AuditChain.checked_seq.is_distinct_from(AuditChain.seq))
    return int(await session.scalar(query) or 0)


async def newest_checkpoint(session: ReadSession) -> AuditCheckpoint | None:
    found: AuditCheckpoint | None = await session.scalar(
        select(AuditCheckpoint).order_by(AuditCheckpoint.number.desc()).limit(1)
    )
    return found


async def root_of(session: ReadSession, number: int) -> bytes | None:
    found: bytes | None = await session.scalar(select(AuditCheckpoint.root).where(AuditCheckpoint.number == number))
    return found


async def now(session: Session) -> datetime:
    found: datetime | None = await session.scalar(select(func.clock_timestamp()))
    assert found is not None
    return found


async def add_checkpoint(session: Session, checkpoint: AuditCheckpoint, proofs: Sequence[StoredProof]) -> None:
    """Write a checkpoint with its proofs, and mark what it covers."""
    session.add(checkpoint)
    await session.flush()
    columns = _columns([Head(one.chain_id, one.seq, one.hash) for one in proofs])
    more = {"places": [one.place for one in proofs], "paths": [one.path for one in proofs]}
    await session.execute(PROVE, columns | more | {"checkpoint": checkpoint.number})
    await session.execute(MARK, columns)


async def proofs_after(
    session: ReadSession, chain_id: UUID, number: int, *, limit: int
) -> list[tuple[AuditCheckpoint, AuditProof]]:
    """Return checkpoints above a number with their proofs for a chain, in order."""
    query = (
        select(AuditCheckpoint, AuditProof)
        .join(AuditProof, AuditProof.checkpoint == AuditCheckpoint.number)
        .where(AuditProof.chain_id == chain_id, AuditProof.checkpoint > number)
        .order_by(AuditProof.checkpoint)
        .limit(limit)
    )
    return [(checkpoint, proof) for checkpoint, proof in (await session.execute(query)).all()]


def _columns(heads: Sequence[Head]) -> dict[str, list[object]]:
    return {
        "chains": [head.chain_id for head in heads],
        "seqs": [head.seq for head in heads],
        "hashes": [head.hash for head in heads],
    }
