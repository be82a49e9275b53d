"""A row in every table that can belong to an account and its user, so that a new table is covered by itself."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asyncpg import Range
from sqlalchemy import Table

from backplane import ids
from backplane.db import models  # noqa: F401 - it registers the tables
from backplane.db.base import Base
from tests.support.databases import query

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BY_TYPE: dict[str, Any] = {
    "BIGINT": 7,
    "INT8MULTIRANGE": [Range(0, 7)],
    "BOOLEAN": False,
    "DOUBLE PRECISION": 0.5,
    "JSON": "{}",
    "JSONB": "[]",
    "TIMESTAMP WITH TIME ZONE": MOMENT,
    "DATE": MOMENT.date(),
}
ALLOWED: dict[tuple[str, str], Any] = {
    ("invitations", "role"): "member",
    ("jobs", "kind"): "encrypt",
    ("jobs", "status"): "completed",
    ("mails", "status"): "sent",
    ("security_events", "severity"): "low",
    ("usage_entries", "entry"): "charge",
    ("webhook_deliveries", "status"): "delivered",
    ("webhook_endpoints", "disabled_reason"): "owner",
}
OWN_STATE = frozenset({"accounts", "users", "memberships", "erasures"})
"""Tables whose rows the account has, or that say what is done with it."""

NAMELESS = frozenset({"security_tallies"})
"""Tables without a column that names an account or a user: digests of them, and pseudonyms under their audit keys."""

OF_THE_TRAIL = frozenset({"audit_events", "audit_chains", "audit_checkpoints", "audit_proofs"})


class Rows:
    """The rows of one account in a database, by the ids that only it has."""

    def __init__(self, url: str, account_id: UUID, email: str) -> None:
        self._url = url
        self.account_id = account_id
        self._known: dict[str, dict[str, Any]] = {"accounts": {"id": account_id}, "users": {"id": account_id}}
        self.marks = {account_id.hex, str(account_id), email}
        """What tells a row of this account from others."""

    def fill(self) -> None:
        for table in Base.metadata.sorted_tables:
            if table.name not in OWN_STATE | NAMELESS | OF_THE_TRAIL:
                self._insert(table)

    def known(self, table: str) -> UUID:
        """Return the id of the account's row in a table."""
        found: UUID = self._known[table]["id"]
        return found

    def _insert(self, table: Table) -> None:
        values = {column.name: self._value(table, column) for column in table.columns if not column.identity}
        names = ", ".join(f'"{name}"' for name in values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        query(self._url, f"INSERT INTO {table.name} ({names}) VALUES ({places})", *values.values())  # noqa: S608 - ours
        self._known[table.name] = values

    def _value(self, table: Table, column: Any) -> Any:
        for key in column.foreign_keys:
            return self._known[key.column.table.name][key.column.name]
        kind = str(column.type.compile(dialect=_dialect()))
        if kind == "UUID":
            return self._id(column.name)
        if kind == "TEXT":
            return ALLOWED.get((table.name, column.name), f"{table.name}-{self.account_id.hex}")
        if kind == "BYTEA":
            return f"{table.name}.{column.name}-{self.account_id.hex}".encode()
        return BY_TYPE[kind]

    def _id(self, column: str) -> UUID:
        if column in {"account_id", "user_id", "created_by", "holder_id", "invited_by"}:
            return self.account_id
        made = ids.new()
        self.marks |= {str(made), made.hex}
        return made

    def found(self) -> dict[str, list[str]]:
        """Return the rows of every table that hold one of the marks."""
        found = {}
        for table in Base.metadata.sorted_tables:
            rows = query(self._url, f"SELECT to_jsonb(one) AS row FROM {table.name} AS one")  # noqa: S608 - ours
            mine = [text for row in rows if any(mark in (text := _text(row["row"])) for mark in self.marks)]
            if mine:
                found[table.name] = sorted(mine)
        return found


def _text(row: Any) -> str:
    """Write a row so that ids in bytes are found, too: PostgreSQL writes them in hexadecimal."""
    value = json.loads(row) if isinstance(row, str) else row
    opened = {
        name: bytes.fromhex(one[2:]).decode(errors="replace") if isinstance(one, str) and one.startswith("\\x") else one
        for name, one in value.items()
    }
    return json.dumps(opened, sort_keys=True)


def _dialect() -> Any:
    from sqlalchemy.dialects import postgresql

    return postgresql.dialect()
