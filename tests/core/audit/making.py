"""An honest export of one chain, made of the parts alone, for tests that change it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shield_core.audit import exports, trees
from shield_core.audit.chains import genesis, row_hash
from shield_core.audit.checkpoints import Checkpoint, Signer, write_moment
from shield_core.audit.exports import Head, Proof, Row
from shield_core.keys import canonical

CHAIN = UUID("0190f5fe-7c00-7a00-8000-0123456789ab")
OTHER = UUID("0190f5fe-7c00-7a00-8000-fedcba987654")
SIGNER = Signer.from_seed(bytes(range(32)))
KEYS = {SIGNER.public_key.kid: SIGNER.public_key}
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def payload(number: int, *, chain: UUID | None = CHAIN, action: str = "job.delete") -> bytes:
    account = None if chain is None else f"acc_{chain.hex}"
    return canonical.dumps({"account": account, "action": action, "details": {"number": number}})


def chained(payloads: Iterable[bytes], chain: UUID = CHAIN) -> list[Row]:
    rows, prev = [], genesis(chain)
    for seq, body in enumerate(payloads, 1):
        rows.append(Row(seq, prev, row_hash(seq, prev, body), body))
        prev = rows[-1].hash
    return rows


def covering(row: Row, *, others: int = 2, signer: Signer = SIGNER, chain: UUID = CHAIN) -> Proof:
    """Sign a tree in which this row is the head of its chain, between those of other accounts."""
    leaves = [trees.leaf(UUID(int=number), 1, bytes(32)) for number in range(others)]
    index = others // 2
    leaves.insert(index, trees.leaf(chain, row.seq, row.hash))
    tree = trees.Tree(leaves)
    signed = signer.sign(tree.root, size=tree.size, time=BEGIN + timedelta(minutes=row.seq))
    return Proof(signed, row.seq, row.hash, index, tree.path(index))


@dataclass
class Export:
    """The parts of an export, to change and to write."""

    rows: list[Row]
    proofs: list[Proof]
    chain: UUID = CHAIN
    size: int | None = None
    extra: list[bytes] = field(default_factory=list)

    @classmethod
    def honest(cls, rows: int = 9, checkpoints: Iterable[int] = (3, 6, 9)) -> "Export":
        made = chained(payload(number) for number in range(rows))
        return cls(made, [covering(made[seq - 1]) for seq in checkpoints], size=rows)

    def lines(self) -> list[bytes]:
        head = Head(self.chain, write_moment(BEGIN), len(self.rows) if self.size is None else self.size)
        values = [head.to_json(), *(proof.to_json() for proof in self.proofs), *(row.to_json() for row in self.rows)]
        return [exports.write(value) for value in values] + self.extra


def resigned(checkpoint: Checkpoint, **changes: object) -> Checkpoint:
    fields = {name: getattr(checkpoint, name) for name in ("root", "size", "time", "signer", "signature")}
    return Checkpoint(**fields | changes)
