"""What an export of an audit chain proves, and where it was changed. docs/reference/audit-format.md, "Verification"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from shield_core.audit import trees
from shield_core.audit.chains import genesis, row_hash
from shield_core.audit.exports import Head, Payload, Proof, Row, parse
from shield_core.errors import AuditExportInvalid
from shield_core.keys.jwk import PublicKey

MAX_FINDINGS: Final = 100
"""Findings that are listed; after the first ones the chain is known to be changed."""

RESTORED: Final = "audit.restored"
"""The action of the event that follows the restore of an older database."""


class Kind(StrEnum):
    """What is wrong."""

    MALFORMED = "malformed"
    """A line or a payload is not one of this format, or not in its place."""
    FOREIGN = "foreign"
    """The row belongs to another account."""
    EDIT = "edit"
    """The row, or one before it, is not what was sealed."""
    DELETE = "delete"
    """The row is missing."""
    REORDER = "reorder"
    """The row is not in its place, or comes twice."""
    TRUNCATE = "truncate"
    """The rows from here on are missing."""
    BAD_SIGNATURE = "bad-signature"
    """A checkpoint that its signer did not sign."""
    BAD_PROOF = "bad-proof"
    """A checkpoint that does not cover the row that it is given for."""
    UNKNOWN_SIGNER = "unknown-signer"
    """A checkpoint whose signer is not among the trusted keys."""


class Outcome(StrEnum):
    """What the export proves."""

    VERIFIED = "verified"
    """A trusted signer signed the chain, and it is complete and unchanged up to the newest checkpoint."""
    UNKNOWN = "unknown"
    """It does not contradict itself, but no trusted signature covers it."""
    CHANGED = "changed"
    """It is not what was sealed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a row; `last` ends a range of rows."""

    kind: Kind
    seq: int
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result.

    `covered` is the last row under a valid signature, and `covered_until` the time of the newest such checkpoint;
    `uncovered` counts the rows behind it. `signers` names the trusted keys of the checkpoints by their thumbprints.
    `findings` are in the order of their rows, at most 100 of `found`. `restored`
    lists the rows that say that an older database was restored.
    """

    chain: UUID
    outcome: Outcome
    rows: int
    covered: int
    covered_until: str | None
    uncovered: int
    checkpoints: int
    signers: tuple[str, ...]
    findings: tuple[Finding, ...]
    found: int
    restored: tuple[int, ...]

    @property
    def first(self) -> Finding | None:
        """The finding at the lowest row that means a change; else the first one."""
        changes = [one for one in self.findings if one.kind is not Kind.UNKNOWN_SIGNER]
        return next(iter(changes or self.findings), None)


class Verification:
    """Check one chain, row by row: memory is constant in the number of rows."""

    def __init__(self, head: Head, keys: Mapping[str, PublicKey]) -> None:
        """Begin with an export's first line, and the trusted keys by their thumbprints."""
        self._head = head
        self._keys = keys
        self._findings: list[Finding] = []
        self._found = 0
        self._signed: dict[int, bytes] = {}
        self._newest: tuple[str, int] | None = None
        self._checkpoints = 0
        self._signers: dict[str, None] = {}
        self._confirmed = 0
        self._rows = 0
        self._next = 1
        self._last_hash = genesis(head.chain)
        self._missing: list[tuple[int, int]] = []
        self._restored: list[int] = []

    def add_checkpoint(self, proof: Proof) -> None:
        """Check signature and inclusion proof; what they cover is compared with the rows that follow."""
        if self._rows:
            return self.add_unreadable()  # behind its row, it would never be compared with it
        checkpoint = proof.checkpoint
        leaf = trees.leaf(self._head.chain, proof.seq, proof.hash)
        if trees.root_of(leaf, proof.index, checkpoint.size, proof.path) != checkpoint.root:
            return self._find(Kind.BAD_PROOF, proof.seq)
        key = self._keys.get(checkpoint.signer)
        if key is None:
            self._find(Kind.UNKNOWN_SIGNER, proof.seq)
        elif not checkpoint.verify(key):
            return self._find(Kind.BAD_SIGNATURE, proof.seq)
        else:
            self._checkpoints += 1
            self._signers[checkpoint.signer] = None
            self._newest = max(self._newest or ("", 0), (checkpoint.time, proof.seq))
        if self._signed.setdefault(proof.seq, proof.hash) != proof.hash:
            self._find(Kind.EDIT, proof.seq)
        return None

    def add_row(self, row: Row) -> None:
        """Check a row against the ones before it and the checkpoints."""
        self._rows += 1
        self._read_payload(row)
        if row.seq < self._next:
            self._fill_gap(row.seq)
            return self._find(Kind.REORDER, row.seq)
        if row.seq > self._next:
            self._note_gap(self._next, row.seq - 1)
        elif row.prev != self._last_hash:
            self._find(Kind.EDIT, row.seq)
        if row_hash(row.seq, row.prev, row.payload) != row.hash:
            self._find(Kind.EDIT, row.seq)
        self._compare_with_checkpoint(row)
        self._next, self._last_hash = row.seq + 1, row.hash
        return None

    def add_unreadable(self) -> None:
        """Note a line that is none of an export, or not in its place."""
        self._find(Kind.MALFORMED, self._next)

    def add_difference(self, seq: int) -> None:
        """Note that what is kept beside a payload differs from it."""
        self._find(Kind.EDIT, seq)

    def finish(self) -> Verdict:
        """Return what was found."""
        for first, last in self._missing:
            self._find(Kind.DELETE, first, last)
        end = max([self._head.rows, *self._signed])
        if end >= self._next:
            self._find(Kind.TRUNCATE, self._next, end)
        covered = self._newest[1] if self._newest else 0
        return Verdict(
            chain=self._head.chain,
            outcome=self._outcome(),
            rows=self._rows,
            covered=covered,
            covered_until=self._newest[0] if self._newest else None,
            uncovered=max(0, self._next - 1 - covered),
            checkpoints=self._checkpoints,
            signers=tuple(self._signers),
            findings=tuple(sorted(self._findings, key=lambda finding: finding.seq)),
            found=self._found,
            restored=tuple(self._restored),
        )

    def _read_payload(self, row: Row) -> None:
        try:
            payload = Payload.read(row.payload)
        except ValueError:
            return self._find(Kind.MALFORMED, row.seq)
        if payload.chain != self._head.chain:
            return self._find(Kind.FOREIGN, row.seq)
        if payload.action == RESTORED and len(self._restored) < MAX_FINDINGS:
            self._restored.append(row.seq)
        return None

    def _compare_with_checkpoint(self, row: Row) -> None:
        signed = self._signed.get(row.seq)
        if signed is None:
            return
        if signed != row.hash:
            # All rows since the last one that a checkpoint confirmed may be others.
            self._find(Kind.EDIT, self._confirmed + 1, row.seq)
        else:
            self._confirmed = row.seq

    def _note_gap(self, first: int, last: int) -> None:
        """Keep the gap until the end: its rows may come later."""
        if len(self._missing) < MAX_FINDINGS:
            self._missing.append((first, last))
        else:
            self._find(Kind.DELETE, first, last)

    def _fill_gap(self, seq: int) -> None:
        for place, (first, last) in enumerate(self._missing):
            if first <= seq <= last:
                rest = [(first, seq - 1), (seq + 1, last)]
                self._missing[place : place + 1] = [(low, high) for low, high in rest if low <= high]
                return

    def _outcome(self) -> Outcome:
        if any(finding.kind is not Kind.UNKNOWN_SIGNER for finding in self._findings):
            return Outcome.CHANGED
        return Outcome.VERIFIED if self._checkpoints else Outcome.UNKNOWN

    def _find(self, kind: Kind, seq: int, last: int | None = None) -> None:
        self._found += 1
        # Of the signers one finding is enough, so that a list full of them hides no change.
        crowded = kind is Kind.UNKNOWN_SIGNER and any(finding.kind is kind for finding in self._findings)
        if len(self._findings) < MAX_FINDINGS and not crowded:
            self._findings.append(Finding(kind, seq, last if last != seq else None))


def verify(lines: Iterable[bytes], keys: Mapping[str, PublicKey]) -> Verdict:
    """Verify an export.

    Args:
        lines: The untrusted lines of one file, each at most 1 MiB.
        keys: Trusted public keys by their thumbprints, for the use `audit-checkpoint`.

    Raises:
        AuditExportInvalid: the first line is not that of an export.
    """
    rest = filter(bytes.strip, lines)
    head = parse(next(rest, b""))
    if not isinstance(head, Head):
        raise AuditExportInvalid("the first line does not name a chain")
    verification = Verification(head, keys)
    for line in rest:
        _add(verification, line)
    return verification.finish()


def _add(verification: Verification, line: bytes) -> None:
    try:
        part = parse(line)
    except AuditExportInvalid:
        return verification.add_unreadable()
    if isinstance(part, Row):
        return verification.add_row(part)
    if isinstance(part, Proof):
        return verification.add_checkpoint(part)
    return verification.add_unreadable()
