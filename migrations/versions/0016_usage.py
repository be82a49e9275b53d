"""The usage ledger, and the bytes that unfinished jobs reserve.

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-30
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FUNCTION = """
CREATE FUNCTION refuse_usage_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the usage ledger are never changed';
END
$$
"""
TRIGGER = """
CREATE TRIGGER refuse_changes BEFORE UPDATE ON usage_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_usage_changes()
"""


def upgrade() -> None:
    op.create_table(
        "usage_entries",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("entry IN ('charge', 'refund')", name=op.f("ck_usage_entries_entry")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_usage_entries_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "run", "entry", name=op.f("pk_usage_entries")),
    )
    op.create_index("ix_usage_entries_account_id_period", "usage_entries", ["account_id", "period"])
    op.create_index("ix_usage_entries_created_at", "usage_entries", ["created_at"])
    op.execute(FUNCTION)
    op.execute(TRIGGER)
    op.add_column("jobs", sa.Column("reserved_bytes", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop the ledger, unless it has entries: the old schema cannot hold them, and they are what accounts have used."""
    entries = op.get_bind().scalar(sa.text("SELECT count(*) FROM usage_entries"))
    if entries:
        raise RuntimeError(f"{entries} entries of the usage ledger would be lost: delete them first if that is meant")
    op.drop_column("jobs", "reserved_bytes")
    op.drop_table("usage_entries")
    op.execute("DROP FUNCTION refuse_usage_changes()")
