"""Rules on the audit trail: observations, tallies and security events.

Only entries that are sealed from now on are looked at.

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-30
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def moment(name: str, **options: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade() -> None:
    op.create_table(
        "security_observations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        moment("at", nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in ("account_id", "user_id", "api_key_id", "object_id")),
        sa.Column("request_id", sa.Text(), nullable=True),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("address", "network", "device")),
        sa.Column("facts", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_observations")),
    )
    op.create_table(
        "security_tallies",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(none_as_null=True), nullable=False),
        moment("expires_at", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_security_tallies")),
    )
    op.create_index(op.f("ix_security_tallies_expires_at"), "security_tallies", ["expires_at"])
    _create_events()


def _create_events() -> None:
    op.create_table(
        "security_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True), nullable=False),
        moment("first_at", nullable=False),
        moment("last_at", nullable=False),
        moment("created_at", server_default=sa.text("now()"), nullable=False),
        moment("acknowledged_at", nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("severity IN ('low', 'medium', 'high')", name=op.f("ck_security_events_severity")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_security_events_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_events")),
    )
    op.create_index("ix_security_events_account_id_id", "security_events", ["account_id", "id"])
    op.create_index(op.f("ix_security_events_created_at"), "security_events", ["created_at"])
    op.create_index("ix_security_events_subject", "security_events", ["subject", "last_at"])
    op.create_index(
        "ix_security_events_open",
        "security_events",
        ["account_id"],
        postgresql_where=sa.text("acknowledged_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("security_events", "security_tallies", "security_observations"):
        op.drop_table(table)
