"""Erasures of accounts, and exports of their data as a kind of job.

Going down drops the exports, which can be made again. It refuses while accounts are to be erased: the release before
would never do it.

Revision ID: 0022
Revises: 0021
Create Date: 2026-11-30
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KINDS = "kind IN ('encrypt', 'decrypt', 'analyze', 'avalanche', 'export')"
KINDS_BEFORE = "kind IN ('encrypt', 'decrypt', 'analyze', 'avalanche')"
OPEN = "state <> 'done'"
REFUSE = """
DO $$
DECLARE waiting bigint;
BEGIN
    SELECT count(*) INTO waiting FROM erasures WHERE state <> 'done';
    IF waiting > 0 THEN
        RAISE EXCEPTION '% accounts are to be erased: the release before would never do it', waiting;
    END IF;
END $$
"""


def moment(name: str, **options: object) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("personal", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.Text(), server_default="scheduled", nullable=False),
        moment("requested_at", server_default=sa.text("now()"), nullable=False),
        moment("erase_at", nullable=False),
        moment("backups_by", nullable=True),
        moment("done_at", nullable=True),
        sa.CheckConstraint("state IN ('scheduled', 'running', 'done')", name=op.f("ck_erasures_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("uq_erasures_open", "erasures", ["account_id"], unique=True, postgresql_where=OPEN)
    op.create_index("ix_erasures_due", "erasures", ["erase_at"], postgresql_where=OPEN)
    replace_kinds(KINDS)


def downgrade() -> None:
    op.execute(REFUSE)
    op.execute("DELETE FROM jobs WHERE kind = 'export'")
    replace_kinds(KINDS_BEFORE)
    op.drop_table("erasures")


def replace_kinds(condition: str) -> None:
    # Nothing older breaks the new rule, so that no scan is needed: NOT VALID checks what is written from now on.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE jobs DROP CONSTRAINT ck_jobs_kind")
    op.create_check_constraint(op.f("ck_jobs_kind"), "jobs", condition, postgresql_not_valid=True)
