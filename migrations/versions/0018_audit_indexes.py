"""Indexes of the audit trail. By themselves: the table is in use while its indexes are made.

Revision ID: 0018
Revises: 0017
Create Date: 2026-12-06
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_audit_events_unsealed",
            "audit_events",
            ["id"],
            postgresql_where=sa.text("seq IS NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_audit_events_account_id_seq",
            "audit_events",
            ["account_id", "seq"],
            unique=True,
            postgresql_where=sa.text("seq IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_audit_events_account_id_object_id",
            "audit_events",
            ["account_id", "object_id"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    for index in ("unsealed", "account_id_seq", "account_id_object_id"):
        op.drop_index(f"ix_audit_events_{index}", table_name="audit_events")
