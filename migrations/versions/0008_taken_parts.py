"""What of a decrypted picture its owner has.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-28
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blobs", sa.Column("taken", INT8MULTIRANGE(), nullable=True))


def downgrade() -> None:
    op.drop_column("blobs", "taken")
