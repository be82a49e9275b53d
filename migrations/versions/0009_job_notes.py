"""Notes of jobs and batches, and the index that they are searched by.

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-28
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for owner, owners in (("job", "jobs"), ("batch", "batches")):
        op.add_column(owners, sa.Column("note", sa.LargeBinary(), nullable=True))
        op.create_table(
            f"{owner}_terms",
            sa.Column("term", sa.LargeBinary(), nullable=False),
            sa.Column(f"{owner}_id", sa.Uuid(), nullable=False),
            sa.ForeignKeyConstraint(
                [f"{owner}_id"],
                [f"{owners}.id"],
                name=op.f(f"fk_{owner}_terms_{owner}_id_{owners}"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("term", f"{owner}_id", name=op.f(f"pk_{owner}_terms")),
        )
        op.create_index(op.f(f"ix_{owner}_terms_{owner}_id"), f"{owner}_terms", [f"{owner}_id"])


def downgrade() -> None:
    for owner, owners in (("job", "jobs"), ("batch", "batches")):
        op.drop_table(f"{owner}_terms")
        op.drop_column(owners, "note")
