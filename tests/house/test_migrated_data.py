"""Migrations up, down and up again, with a row in every table of every revision."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from asyncpg import Range
from sqlalchemy.exc import DBAPIError

from tests.support.databases import query

pytestmark = pytest.mark.stack

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BY_TYPE = {
    "bigint": 7,
    "int8multirange": [Range(0, 7)],
    "integer": 7,
    "boolean": True,
    "bytea": b"\x00\xff",
    "double precision": 0.5,
    "json": '{"b": 1, "a": [2]}',
    "jsonb": '{"a": [2]}',
    "text": 'täxt, "quoted"\n',
    "timestamp with time zone": MOMENT,
    "date": MOMENT.date(),
}
ALLOWED = {
    ("erasures", "state"): "scheduled",
    ("invitations", "role"): "member",
    ("jobs", "kind"): "encrypt",
    ("jobs", "status"): "pending",
    ("mails", "status"): "pending",
    ("security_events", "severity"): "low",
    ("usage_entries", "entry"): "charge",
    ("webhook_deliveries", "status"): "pending",
    ("webhook_endpoints", "disabled_reason"): "owner",
}
"""Columns whose constraint accepts only some words."""

WITHOUT_PLACE = {
    "identities at providers": "user_identities",
    "1 accounts are to be erased": "erasures",
    "signed checkpoints": "audit_checkpoints",
    "usage": "usage_entries",
    "1 users have a second factor": "passkeys",
    "1 users have an authenticator app": "one_time_passwords",
}
"""What the refusal of a downgrade names, and the table whose rows an operator must remove first."""
REMOVE = """
DO $$ BEGIN
    SET LOCAL session_replication_role = replica;
    DELETE FROM {table};
END $$
"""

COLUMNS = """
SELECT table_name, column_name, data_type, is_generated FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY table_name, ordinal_position
"""
REFERENCES = """
SELECT f.conrelid::regclass::text AS name, f.confrelid::regclass::text AS target,
       array(SELECT attname::text FROM unnest(f.conkey) WITH ORDINALITY k(n, o)
             JOIN pg_attribute ON attrelid = f.conrelid AND attnum = n ORDER BY o) AS own,
       array(SELECT attname::text FROM unnest(f.confkey) WITH ORDINALITY k(n, o)
             JOIN pg_attribute ON attrelid = f.confrelid AND attnum = n ORDER BY o) AS theirs
FROM pg_constraint f WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace
"""


class Schema:
    """A database with rows that goes from revision to revision."""

    def __init__(self, root, url):
        self.root = root
        self.url = url
        self.config = Config(str(root / "migrations/alembic.ini"))
        scripts = ScriptDirectory.from_config(self.config)
        self.revisions = [script.revision for script in scripts.walk_revisions()][::-1]

    def up(self, revision):
        command.upgrade(self.config, revision)

    def try_down(self, revision):
        command.downgrade(self.config, revision)

    def down(self, revision):
        """Go down; what has no place there is removed when it is refused, as only a superuser can."""
        for _ in range(len(WITHOUT_PLACE) + 1):
            try:
                return self.try_down(revision)
            except (DBAPIError, RuntimeError) as refusal:
                table = next(table for name, table in WITHOUT_PLACE.items() if name in str(refusal))
                query(self.url, REMOVE.format(table=table))
        raise AssertionError("refused again")

    def is_what_the_models_say(self):
        # A process of its own, as in test_migrations: it warns of what reflection does not know.
        arguments = [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", "check"]
        return subprocess.run(arguments, cwd=self.root, capture_output=True, check=False).returncode == 0

    def columns(self):
        found = {}
        for row in query(self.url, COLUMNS):
            found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
        return found

    def fill(self):
        """Put a row with a value in every column into every table that has none."""
        references = query(self.url, REFERENCES)
        tables = self.columns()
        while tables:
            name = next(name for name in tables if not self.waits_for(name, tables, references))
            columns = tables.pop(name)
            if not self.rows(name):
                self.insert(name, columns, [one for one in references if one["name"] == name])

    @staticmethod
    def waits_for(name, tables, references):
        return any(one["name"] == name != one["target"] and one["target"] in tables for one in references)

    def insert(self, name, columns, references):
        values = {column: self.value(name, column, kind) for column, kind in columns.items()}
        for one in references:
            [target] = self.rows(one["target"])[:1]
            values |= {own: target[their] for own, their in zip(one["own"], one["theirs"], strict=True)}
        names = ", ".join(f'"{column}"' for column in values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        query(self.url, f"INSERT INTO {name} ({names}) VALUES ({places})", *values.values())  # noqa: S608 - ours

    @staticmethod
    def value(table, column, kind):
        if kind == "uuid":
            return uuid.uuid5(uuid.NAMESPACE_OID, f"{table}.{column}")
        return ALLOWED.get((table, column), BY_TYPE[kind])

    def rows(self, name):
        return [dict(row) for row in query(self.url, f"SELECT * FROM {name}")]  # noqa: S608 - ours

    def content(self):
        return {name: self.rows(name) for name in self.columns()}


@pytest.fixture
def schema(root, stack, monkeypatch):
    with stack.databases.lend_unmigrated() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        yield Schema(root, url)


def assert_survived(before, after):
    """Compare the row of every table of both sides in the columns of both sides."""
    for name in before.keys() & after.keys():
        assert len(after[name]) == len(before[name]) == 1, name
        [old], [new] = before[name], after[name]
        shared = old.keys() & new.keys()
        assert {column: new[column] for column in shared} == {column: old[column] for column in shared}, name


class TestWithData:
    def test_upgrade_keeps_the_rows_of_every_revision(self, schema):
        for revision in schema.revisions:
            before = schema.content()
            schema.up(revision)
            assert_survived(before, schema.content())
            schema.fill()
        assert len(schema.content()) >= 9

    def test_downgrade_and_upgrade_keep_shared_columns(self, schema):
        for revision in schema.revisions:
            schema.up(revision)
        schema.fill()
        for revision in [*schema.revisions[-2::-1], "base"]:
            before = schema.content()
            schema.down(revision)
            assert_survived(before, schema.content())
        assert schema.content() == {}
        for revision in schema.revisions:
            before = schema.content()
            schema.up(revision)
            assert_survived(before, schema.content())
            schema.fill()
        assert schema.is_what_the_models_say()

    def test_downgrade_deletes_only_rows_without_a_place(self, schema):
        """An older release knows fewer kinds of job, and no key without a job."""
        schema.up("head")
        schema.fill()
        query(schema.url, "UPDATE jobs SET kind = 'analyze'")
        query(schema.url, "UPDATE keys SET job_id = NULL")
        schema.down("0001")
        left = {name for name, rows in schema.content().items() if rows}
        assert {"accounts", "audit_events", "refresh_tokens"} <= left
        assert not {"jobs", "keys"} & left
        schema.up("head")
        assert schema.is_what_the_models_say()

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ("audit_checkpoints", "1 signed checkpoints would contradict every later audit trail"),
            ("usage_entries", "1 entries of the usage ledger would be lost"),
            ("user_identities", "1 identities at providers would be lost"),
        ],
    )
    def test_downgrade_refuses_to_lose_what_is_kept(self, schema, table, words):
        schema.up("head")
        schema.fill()
        for other in set(WITHOUT_PLACE.values()) - {table}:
            query(schema.url, REMOVE.format(table=other))
        with pytest.raises((DBAPIError, RuntimeError), match=words):
            schema.try_down("0013")
        assert len(schema.content()[table]) == 1
