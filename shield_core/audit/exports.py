"""The lines of an export of one chain: JSON, a value a line. docs/reference/audit-format.md, "Export".

The first line names the chain, then come the checkpoints with their inclusion proofs, then the rows.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from shield_core.audit.chains import SYSTEM
from shield_core.audit.checkpoints import Checkpoint, is_moment
from shield_core.errors import AuditExportInvalid
from shield_core.keys import canonical

KIND: Final = "imageshield-audit-export"
VERSION: Final = 1
HEAD, CHECKPOINT, ROW = "export", "checkpoint", "row"

MAX_LINE: Final = 1_048_576
"""Bytes of a line: a payload of the service has a few hundred."""

MAX_PATH: Final = 64
"""Hashes of an inclusion proof: a tree of 2^64 chains."""

MAX_SEQ: Final = canonical.MAX_INTEGER

_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEX_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: the chain, when the export was made, and how many rows it has."""

    chain: UUID
    exported_at: str
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Return the line's value."""
        return {
            "line": HEAD,
            "kind": KIND,
            "version": VERSION,
            "chain": self.chain.hex,
            "exported_at": self.exported_at,
            "rows": self.rows,
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """A checkpoint, and the proof that it covers a chain up to its row `seq` with this hash."""

    checkpoint: Checkpoint
    seq: int
    hash: bytes
    index: int
    path: Sequence[bytes]

    def to_json(self) -> dict[str, Any]:
        """Return the line's value."""
        return {
            "line": CHECKPOINT,
            **self.checkpoint.to_json(),
            "seq": self.seq,
            "hash": self.hash.hex(),
            "index": self.index,
            "path": [step.hex() for step in self.path],
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the chain: the payload exactly as it was hashed."""

    seq: int
    prev: bytes
    hash: bytes
    payload: bytes

    def to_json(self, person: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the line's value; `person` holds readable values, which no hash covers."""
        return {
            "line": ROW,
            "seq": self.seq,
            "prev": self.prev.hex(),
            "hash": self.hash.hex(),
            "payload": self.payload.decode(),
            "person": None if person is None else dict(person),
        }


Line = Head | Proof | Row


def write(value: Mapping[str, Any]) -> bytes:
    """Write a line: compact JSON in UTF-8, and a line feed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parse(line: bytes) -> Line:
    """Read a line strictly.

    Args:
        line: One untrusted line, with or without its line feed.

    Raises:
        AuditExportInvalid: no line that an export has.
    """
    if len(line) > MAX_LINE:
        raise AuditExportInvalid("a line is longer than 1 MiB")
    try:
        value = json.loads(line.decode(), object_pairs_hook=_object)
        return _READERS[value.pop("line")](value)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # Not chained: the parser's error contains the line.
        raise AuditExportInvalid("a line is not one of an export") from None


def _read_head(value: dict[str, Any]) -> Head:
    _demand(value, {"kind", "version", "chain", "exported_at", "rows"})
    if value["kind"] != KIND or not is_moment(value["exported_at"]) or not _HEX_ID.fullmatch(value["chain"]):
        raise ValueError("a malformed field")
    if value["version"] != VERSION:
        raise AuditExportInvalid("the export was made by a later version of the format")
    return Head(UUID(hex=value["chain"]), value["exported_at"], _integer(value["rows"]))


def _read_proof(value: dict[str, Any]) -> Proof:
    _demand(value, {"checkpoint", "signature_b64", "seq", "hash", "index", "path"})
    if not isinstance(value["path"], list) or len(value["path"]) > MAX_PATH:
        raise ValueError("a malformed path")
    return Proof(
        Checkpoint.from_json({name: value[name] for name in ("checkpoint", "signature_b64")}),
        _integer(value["seq"]),
        _digest(value["hash"]),
        _integer(value["index"]),
        [_digest(step) for step in value["path"]],
    )


def _read_row(value: dict[str, Any]) -> Row:
    _demand(value, {"seq", "prev", "hash", "payload", "person"})
    payload = value["payload"].encode()
    return Row(_integer(value["seq"]), _digest(value["prev"]), _digest(value["hash"]), payload)


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], Line]]] = {
    HEAD: _read_head,
    CHECKPOINT: _read_proof,
    ROW: _read_row,
}


@dataclass(frozen=True, slots=True)
class Payload:
    """What verification needs to know about a payload: its chain and its action."""

    chain: UUID
    action: str

    @classmethod
    def read(cls, payload: bytes) -> Self:
        """Read a payload in canonical form.

        Raises:
            ValueError: not canonical, or not a payload.
        """
        value = canonical.loads(payload)
        if not isinstance(value, dict) or not isinstance(value.get("action"), str):
            raise ValueError("a payload without an action")
        account = value.get("account", "")
        if account is None:
            return cls(SYSTEM, value["action"])
        if not isinstance(account, str) or not account.startswith("acc_") or not _HEX_ID.fullmatch(account[4:]):
            raise ValueError("a payload without an account")
        return cls(UUID(hex=account[4:]), value["action"])


def _demand(value: dict[str, Any], names: set[str]) -> None:
    if value.keys() != names:
        raise ValueError("a missing or additional field")


def _integer(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SEQ:
        raise ValueError("not a whole number")
    return value


def _digest(text: str) -> bytes:
    if not _SHA256.fullmatch(text):
        raise ValueError("not a digest")
    return bytes.fromhex(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name that occurs twice")
    return value
