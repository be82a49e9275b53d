"""The job engine: turns, patience, cancelling, deleting; a key outlives its job.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENTS = ("not_before", "cancel_requested_at", "retained_until", "deleted_at")
COUNTS = {"priority": "1", "turn": "0", "retries": "0", "base_ms": "0"}


def upgrade() -> None:
    for name, default in COUNTS.items():
        op.add_column("jobs", sa.Column(name, sa.BigInteger(), server_default=sa.text(f"'{default}'"), nullable=False))
    for name in MOMENTS:
        op.add_column("jobs", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("retention_days", sa.BigInteger(), nullable=True))
    op.add_column(
        "outbox",
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    # Who still runs the release before reads the job of a key that has one, and makes no other.
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE keys ALTER COLUMN job_id DROP NOT NULL")
    replace_key_reference("SET NULL")


def downgrade() -> None:
    op.execute("DELETE FROM keys WHERE job_id IS NULL")
    replace_key_reference("CASCADE")
    op.alter_column("keys", "job_id", nullable=False)
    op.drop_column("outbox", "due_at")
    for name in (*MOMENTS, "retention_days", *COUNTS):
        op.drop_column("jobs", name)


def replace_key_reference(action: str) -> None:
    # The new one takes its place in the same transaction, so nobody is without a guarantee.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE keys DROP CONSTRAINT fk_keys_job_id_jobs")
    # Never validated: the rows that are there satisfy it, and a scan under this lock would stop every request.
    op.create_foreign_key(
        op.f("fk_keys_job_id_jobs"), "keys", "jobs", ["job_id"], ["id"], ondelete=action, postgresql_not_valid=True
    )
