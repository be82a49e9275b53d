"""What the job engine looks for. By itself: the table is in use while its indexes are made.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_jobs_waiting": (["priority", "turn", "id"], "status = 'pending'"),
    "ix_jobs_turns": (["account_id", "priority", "turn"], "status IN ('pending', 'processing')"),
    "ix_jobs_kind_completed_at": (["kind", "completed_at"], "status = 'completed'"),
    "ix_jobs_retained_until": (["retained_until"], "retained_until IS NOT NULL"),
    "ix_jobs_deleted_at": (["deleted_at"], "deleted_at IS NOT NULL"),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (columns, condition) in INDEXES.items():
            op.create_index(
                name,
                "jobs",
                columns,
                postgresql_where=sa.text(condition),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="jobs")
