"""Audit chains: a place for each entry, and signed checkpoints.

Entries of earlier releases get their places from the sealer, as new ones do.

Revision ID: 0017
Revises: 0016
Create Date: 2026-12-06
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COLUMNS = {
    "actor": sa.Text(),
    "user_id": sa.Uuid(),
    "api_key_id": sa.Uuid(),
    "role": sa.Text(),
    "person": sa.LargeBinary(),
    "seq": sa.BigInteger(),
    "prev": sa.LargeBinary(),
    "hash": sa.LargeBinary(),
    "payload": sa.Text(),
}

# The only change that an entry ever has is its sealing.
SEALED_ONCE = """
CREATE FUNCTION guard_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND NEW.seq IS NOT NULL
       AND (OLD.id, OLD.action, OLD.outcome, OLD.account_id, OLD.object_id, OLD.request_id, OLD.details, OLD.created_at,
            OLD.actor, OLD.user_id, OLD.api_key_id, OLD.role)
       IS NOT DISTINCT FROM
           (NEW.id, NEW.action, NEW.outcome, NEW.account_id, NEW.object_id, NEW.request_id, NEW.details, NEW.created_at,
            NEW.actor, NEW.user_id, NEW.api_key_id, NEW.role)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = '42501';
END $$
"""
APPEND_ONLY = """
CREATE FUNCTION guard_audit_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = '42501';
END $$
"""
REFUSE = """
DO $$
DECLARE signed bigint;
BEGIN
    SELECT count(*) INTO signed FROM audit_checkpoints;
    IF signed > 0 THEN
        RAISE EXCEPTION '% signed checkpoints would contradict every later audit trail: restore a backup instead', signed;
    END IF;
END $$
"""
GUARDED = ("audit_events", "audit_checkpoints", "audit_proofs")


def upgrade() -> None:
    for name, type_ in COLUMNS.items():
        op.add_column("audit_events", sa.Column(name, type_, nullable=True))
    _create_tables()
    op.execute(SEALED_ONCE)
    op.execute(APPEND_ONLY)
    for table in GUARDED:
        function = "guard_audit_event" if table == "audit_events" else "guard_audit_table"
        op.execute(
            f"CREATE TRIGGER guard_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
        op.execute(
            f"CREATE TRIGGER guard_table BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION guard_audit_table()"
        )


def _create_tables() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("checked_seq", sa.BigInteger(), nullable=True),
        sa.Column("checked_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_audit_chains")),
    )
    op.create_index(
        "ix_audit_chains_unchecked",
        "audit_chains",
        ["chain_id"],
        postgresql_where=sa.text("checked_seq IS DISTINCT FROM seq"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_proofs",
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("checkpoint", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "checkpoint", name=op.f("pk_audit_proofs")),
    )


def downgrade() -> None:
    op.execute(REFUSE)
    for table in GUARDED:
        op.execute(f"DROP TRIGGER guard_rows ON {table}")
        op.execute(f"DROP TRIGGER guard_table ON {table}")
    op.execute("DROP FUNCTION guard_audit_event()")
    op.execute("DROP FUNCTION guard_audit_table()")
    for table in ("audit_proofs", "audit_checkpoints", "audit_chains"):
        op.drop_table(table)
    for name in reversed(COLUMNS):
        op.drop_column("audit_events", name)

