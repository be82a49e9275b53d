"""The user who submitted a batch, to whom a mail says that it has ended. Going down forgets it.

Revision ID: 0025
Revises: 0024
Create Date: 2026-11-30
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("submitted_by", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("batches", "submitted_by")
